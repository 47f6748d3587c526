"""Names of BIDS files: which entities they hold, and which files belong to one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isomorph.errors import IsomorphError

NUMBERED = frozenset({"run", "echo", "split"})
"""Entities that are numbers: run-1 is run-01."""

OF_DERIVATIVES = frozenset({"space", "res", "den", "desc", "label", "hemi"})
"""Entities that say how a file was made and not which recording it is of."""

RUN = ("ses", "task", "run")
"""Entities that tell the runs of one subject apart."""


@dataclass(frozen=True)
class BidsName:
    """A file's name in parts.

    Attributes
    ----------
    entities : mapping of str to str or int
        Values by key: `{"sub": "01", "run": 1}`.
    suffix : str
        What stands after the entities: `bold`, `bold_preproc`.
    extension : str
        With its dots: `.nii.gz`.
    """

    entities: Mapping[str, str | int]
    suffix: str
    extension: str

    @property
    def recording(self) -> dict[str, str | int]:
        """The entities that say which recording it is."""
        return {key: v for key, v in self.entities.items() if key not in OF_DERIVATIVES}


def parse(file: Path | str) -> BidsName:
    """Return the parts of a BIDS file's name.

    Parameters
    ----------
    file : Path or str
        `sub-01_ses-a_task-faces_run-01_bold.nii.gz`, folders aside.

    Raises
    ------
    IsomorphError
        When a number is none, as in run-a.
    """
    stem, dot, extension = Path(file).name.partition(".")
    entities: dict[str, str | int] = {}
    rest = []
    for piece in stem.split("_"):
        key, dash, value = piece.partition("-")
        if not dash:
            rest.append(piece)
        elif key not in NUMBERED:
            entities[key] = value
        elif value.isdecimal():
            entities[key] = int(value)
        else:
            raise IsomorphError(f"{file}: {piece} is no number, expected such as {key}-1")
    return BidsName(entities, "_".join(rest), dot + extension)


def applies(other: BidsName, to: BidsName) -> bool:
    """Tell whether a file may speak of a recording: it names no entity the recording lacks."""
    return other.recording.items() <= to.recording.items()


def partner(file: Path, others: Iterable[Path], what: str) -> Path:
    """Return the file that belongs to the same run, raw or derived.

    Parameters
    ----------
    file : Path
        Volumes of one run.
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
    fitting = [(len(n.recording), o) for o in others if applies(n := parse(o), name)]
    most = max((count for count, _ in fitting), default=0)
    best = [other for count, other in fitting if count == most]
    if len(best) != 1:
        said = f"{len(best)} {what} ({best[0].name}, {best[1].name})" if best else f"no {what}"
        wanted = ", ".join(f"{key} {value}" for key, value in name.recording.items())
        raise IsomorphError(f"{file}: {said} belong to it, expected one of {wanted}")
    return best[0]


def sidecars(file: Path, others: Sequence[Path]) -> list[Path]:
    """Return the JSON files that speak of volumes, the one that counts most last.

    By the inheritance principle of BIDS a more specific file overrides a more general one, and
    one of the derivative overrides one of the raw data.

    Parameters
    ----------
    file : Path
        Volumes of one run.
    others : sequence of Path
        All JSON files there are.
    """
    name = parse(file)
    found = []
    for other in others:
        said = parse(other)
        same_kind = said.suffix.partition("_")[0] == name.suffix.partition("_")[0]
        if same_kind and applies(said, name) and _same_derivative(said, name):
            found.append((other.parent == file.parent, len(said.entities), other))
    return [other for _, _, other in sorted(found)]


def _same_derivative(said: BidsName, name: BidsName) -> bool:
    derived = said.entities.items() - said.recording.items()
    return derived <= name.entities.items()


def run_of(file: Path) -> tuple[str, ...]:
    """Return session, task and run of a file, '' for what its name does not say."""
    found = parse(file).entities
    return tuple(str(found.get(entity, "")) for entity in RUN)


def of_same_run(file: Path, candidates: Sequence[Path], what: str) -> Path:
    """Return the one candidate of a file's session, task and run.

    Parameters
    ----------
    file : Path
        The file.
    candidates : sequence of Path
        Files of all runs.
    what : str
        What they are, for messages.

    Raises
    ------
    IsomorphError
        When none or several are of that run.
    """
    found = [candidate for candidate in candidates if run_of(candidate) == run_of(file)]
    if len(found) != 1:
        run = ", ".join(f"{k}-{v}" for k, v in zip(RUN, run_of(file), strict=True) if v)
        raise IsomorphError(
            f"{file}: {len(found)} {what} are of {run or 'no run'}, expected one; there is "
            f"{candidates[0]}"
        )
    return found[0]
