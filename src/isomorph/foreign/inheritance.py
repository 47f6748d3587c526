"""Which files belong together, by their names alone: the inheritance principle of BIDS.

The one place where files are matched, for BOLD, M/EEG, betas, events, channels, confounds and JSON
files alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from isomorph.errors import IsomorphError
from isomorph.foreign.entities import OF_DERIVATIVES, BidsName, parse

KINDS_OF_DATA = frozenset({"anat", "beh", "dwi", "eeg", "fmap", "func", "ieeg", "meg", "perf"})
"""Names of folders below that of a person or session."""


def _speaks_of(other: BidsName, name: BidsName) -> bool:
    """Tell whether a file speaks of a recording: it says nothing else of it.

    Its subject may be in its name alone, since files are looked for subject by subject.
    """
    wanted = {**other.recording}
    if "sub" not in name.entities:
        wanted.pop("sub", None)
    return wanted.items() <= name.recording.items() and {*other.words[:-1]} <= {*name.words}


def applies(other: BidsName, name: BidsName) -> bool:
    """Tell whether a file applies to another by the inheritance principle of BIDS.

    Each of its entities is one of the other's, but for those of derivatives.
    """
    return _speaks_of(other, name) and other.part.items() <= name.part.items()


def partner(file: Path, others: Iterable[Path], what: str) -> Path:
    """Return the file that belongs to the same recording, raw or derived.

    Parameters
    ----------
    file : Path
        Volumes, or another file of one recording.
    others : iterable of Path
        Candidates.
    what : str
        What they are, for the message.

    Raises
    ------
    IsomorphError
        When none belongs to it, or two do equally well.
    """
    name = parse(file)
    named = [(other, parse(other)) for other in others]
    fitting = [one for one in named if applies(one[1], name)]
    if not fitting:
        # a table of one echo is that of the combined image, if there is but one
        fitting = [one for one in named if _speaks_of(one[1], name) and not _clashes(one[1], name)]
    found = _most_specific(file, fitting, what, nearest=False)
    if found is None:
        said = ", ".join(f"{key} {value}" for key, value in name.recording.items())
        raise IsomorphError(f"{file}: no {what} belong to it, expected one of {said or file.name}")
    return found


def inherited(file: Path, others: Iterable[Path], what: str) -> Path | None:
    """Return the table that belongs to a recording by the inheritance principle of BIDS.

    It stands beside the recording or in a folder above; for a derivative it may also stand
    elsewhere, with the subject in its name. The one that says most of the recording counts, and of
    several that say as much the nearest.

    Parameters
    ----------
    file : Path
        A recording.
    others : iterable of Path
        Tables of one kind, of the whole dataset.
    what : str
        What they are, for the message.

    Returns
    -------
    Path or None
        None where no table belongs to it.

    Raises
    ------
    IsomorphError
        When two belong to it equally well.
    """
    name = parse(file)
    subject = name.entities.get("sub")
    fitting = [
        (other, said)
        for other in others
        if applies(said := parse(other), name)
        and (
            other.parent in file.parents
            or (subject is not None and said.entities.get("sub") == subject)
        )
    ]
    return _most_specific(file, fitting, what, nearest=True)


def _clashes(one: BidsName, other: BidsName) -> bool:
    return any(one.part[key] != other.part[key] for key in {*one.part} & {*other.part})


def _most_specific(
    file: Path, fitting: Sequence[tuple[Path, BidsName]], what: str, nearest: bool
) -> Path | None:
    """Return the file that shares most with another; None of none, two alike are refused."""

    def shared(one: tuple[Path, BidsName]) -> tuple[int, ...]:
        path, name = one
        said = len(name.recording) + len(name.words[:-1]) + len(name.part)
        near = (path.parent == file.parent, path.parent in file.parents) if nearest else ()
        return said, *near

    most = max((shared(one) for one in fitting), default=None)
    best = [one[0] for one in fitting if shared(one) == most]
    if len(best) > 1:
        raise IsomorphError(
            f"{file}: {len(best)} {what} ({best[0]}, {best[1]}) belong to it, expected one; narrow "
            "the pattern, or take the other one away"
        )
    return best[0] if best else None


def is_sidecar(other: BidsName, name: BidsName) -> bool:
    """Tell whether a JSON file speaks of a recording by its name, wherever it stands."""
    derived = {key: value for key, value in other.entities.items() if key in OF_DERIVATIVES}
    same_kind = other.suffix in name.words
    return same_kind and applies(other, name) and derived.items() <= name.entities.items()


def sidecars(file: Path, others: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the JSON files that speak of volumes, the one that counts most last.

    By the inheritance principle of BIDS a more specific file overrides a more general one, and
    one of the derivative overrides one of the raw data.

    Parameters
    ----------
    file : Path
        Volumes of one run.
    others : sequence of Path
        All JSON files there are.

    Returns
    -------
    own : list of Path
        Those of the dataset the volumes are in, and of the datasets in whose folders it stands.
    elsewhere : list of Path
        Those of other datasets: the raw data beside a derivative, but also other derivatives.
    """
    name = parse(file)
    found: tuple[list[tuple[bool, int, Path]], list[tuple[bool, int, Path]]] = ([], [])
    for other in others:
        said = parse(other)
        if is_sidecar(said, name):
            apart = _dataset_of(other) not in file.parents
            found[apart].append((other.parent == file.parent, len(said.entities), other))
    own, elsewhere = ([other for _, _, other in sorted(one)] for one in found)
    return own, elsewhere


def _dataset_of(file: Path) -> Path:
    """Return the folder of the dataset a file is in, above those of people, sessions and kinds."""
    folder = file.parent
    while folder.name in KINDS_OF_DATA or folder.name.startswith(("sub-", "ses-")):
        folder = folder.parent
    return folder
