"""Companions: the file that holds what was shown, where the recording of the units does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from isomorph.archives.patterns import filled, matches, nearest
from isomorph.errors import IsomorphError
from isomorph.foreign.entities import parse
from isomorph.foreign.nwb import Nwb, open_nwb


@dataclass(frozen=True)
class Identity:
    """Whose recording of which session a file is, '' where it does not say so.

    Attributes
    ----------
    session, subject : str
        Ids the file holds.
    named_session, named_subject : str
        Ids in its name: `sub-01_ses-a_ecephys.nwb`.
    """

    session: str
    subject: str
    named_session: str
    named_subject: str


LABELS = {
    "session": "session_id",
    "subject": "subject_id",
    "named_session": "ses- in its name",
    "named_subject": "sub- in its name",
}

SAME_MOMENT = 1e-3
"""Moments from which times count that differ by less are one, seconds."""


def identity(nwb: Nwb) -> Identity:
    """Return whose recording of which session an open file is."""
    named = parse(nwb.path).entities
    return Identity(
        nwb.says("general/session_id"),
        nwb.says("general/subject/subject_id"),
        str(named.get("ses", "")),
        str(named.get("sub", "")),
    )


def companion_of(
    nwb: Nwb, pattern: str, subject: str, within: Path, taken: dict[Path, Path]
) -> Path:
    """Return the file beside a recording that holds its presentations.

    Parameters
    ----------
    nwb : Nwb
        The recording.
    pattern : str
        Name of the companion. `{stem}` stands for the recording's name without the ending,
        `{session}` and `{subject}` for what its name, or else the recording, calls them; other
        parts may be a glob pattern.
    subject : str
        The subject as the study calls it, where the recording does not say.
    within : Path
        Folder of the dataset's files.
    taken : dict of Path to Path
        Companions of the recordings before, and whose they are; this one is added.

    Raises
    ------
    IsomorphError
        When there is none, several are of the recording's session, or it is of another session or
        subject.
    """
    own = identity(nwb)
    named = {
        "stem": nwb.path.stem,
        "session": own.named_session or own.session,
        "subject": own.named_subject or own.subject or subject,
    }
    for part, value in named.items():
        if f"{{{part}}}" in pattern and not value:
            raise IsomorphError(
                f"{nwb.path}: responses.companion has {{{part}}}, which neither its name nor the "
                "file says"
            )
    pattern = filled(pattern, **named)
    here = sorted(one.name for one in nwb.path.parent.iterdir() if one.is_file())
    found = [nwb.path.with_name(name) for name in matches(pattern, here) if name != nwb.path.name]
    if not found:
        raise IsomorphError(
            f"{nwb.path.parent}/{pattern}: no such file, which holds the presentations of "
            f"{nwb.path.name}; {nearest(pattern, here)}; fetch it too or correct "
            "responses.companion"
        )
    others = {path: _differences(own, path, within) for path in found}
    same = [path for path, differences in others.items() if not differences]
    if not same:
        raise IsomorphError(
            f"{found[0]}: is not a companion of {nwb.path.name}: {others[found[0]][0]}"
            + (f" (nor is any other of {len(found)} that match)" if len(found) > 1 else "")
        )
    if len(same) > 1:
        raise IsomorphError(
            f"{nwb.path}: {len(same)} files match responses.companion and their session does not "
            f"tell them apart, {same[0].name} and {same[1].name} among them; name one"
        )
    beside = same[0]
    if beside in taken and not own.session and not own.named_session:
        raise IsomorphError(
            f"{beside}: would hold the presentations of {taken[beside].name} and of "
            f"{nwb.path.name}, and neither says of which session it is; name a companion for each"
        )
    taken[beside] = nwb.path
    return beside


def _differences(own: Identity, path: Path, within: Path) -> list[str]:
    """Return in words what a file says of its session and subject that a recording does not."""
    with open_nwb(path, within) as other:
        theirs = identity(other)
    return [
        f'{label} "{getattr(theirs, name)}" is not "{getattr(own, name)}"'
        for name, label in LABELS.items()
        if getattr(own, name)
        and getattr(theirs, name)
        and getattr(own, name) != getattr(theirs, name)
    ]


def refuse_other_clock(recording: Nwb, companion: Nwb) -> None:
    """Refuse a companion whose times count from another moment than the recording's.

    Times of an NWB file count from its `timestamps_reference_time`, else from its
    `session_start_time`. A moment without a time zone is compared as the clock on the wall.

    Raises
    ------
    IsomorphError
        When both files say the moment, and it differs by a millisecond or more.
    """
    ours, theirs = _reference(recording), _reference(companion)
    if ours is None or theirs is None:
        return
    one, other = ours, theirs
    if one.tzinfo is None or other.tzinfo is None:
        one, other = one.replace(tzinfo=None), other.replace(tzinfo=None)
    apart = (other - one).total_seconds()
    if abs(apart) >= SAME_MOMENT:
        raise IsomorphError(
            f"{companion.path}: its times count from {theirs.isoformat()}, those of "
            f"{recording.path.name} from {ours.isoformat()}, {abs(apart):g} s "
            f"{'earlier' if apart > 0 else 'later'}; expected both files to give one "
            "timestamps_reference_time and times that count from it"
        )


def _reference(nwb: Nwb) -> datetime | None:
    """Return the moment from which the times of a file count, None where it says none."""
    for name in ("timestamps_reference_time", "session_start_time"):
        if said := nwb.says(name):
            try:
                return datetime.fromisoformat(said)
            except ValueError:
                return None
    return None
