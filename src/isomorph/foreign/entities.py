"""Names of BIDS files: their parts, and which recording each is of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isomorph.errors import IsomorphError
from isomorph.foreign.natural import by_number

RECORDING = (
    "sub", "ses", "sample", "task", "acq", "nuc", "voi", "ce", "trc", "dir", "run",
)  # fmt: skip
"""Entities that make another recording, in the order in which names have them. Files that differ
in any other, also in one that BIDS does not know, are of one recording."""

OF_DERIVATIVES = frozenset(
    {"space", "res", "den", "desc", "label", "hemi", "atlas", "seg", "scale", "tpl", "cohort"}
)
"""Entities that say how a file was made; a table need not share them with the volumes."""

NUMBERED = frozenset({"run", "echo", "split", "chunk", "inv", "flip"})
"""Entities that are numbers: run-1 is run-01."""


@dataclass(frozen=True)
class BidsName:
    """A file's name in parts.

    Attributes
    ----------
    entities : mapping of str to str or int
        Values by key: `{"sub": "01", "run": 1}`.
    words : tuple of str
        What stands between underscores and is not an entity: `("bold",)`, `("s1", "eeg")`.
    extension : str
        With its dots: `.nii.gz`.
    """

    entities: Mapping[str, str | int]
    words: tuple[str, ...]
    extension: str

    @property
    def suffix(self) -> str:
        """The last word, which says what the file holds."""
        return self.words[-1] if self.words else ""

    @property
    def recording(self) -> dict[str, str | int]:
        """The entities that say which recording it is of."""
        return {key: self.entities[key] for key in RECORDING if key in self.entities}

    @property
    def part(self) -> dict[str, str | int]:
        """The entities that say which file of its recording it is: echo, part, split, proc."""
        apart = OF_DERIVATIVES | {*RECORDING}
        return {key: value for key, value in self.entities.items() if key not in apart}


def parse(file: Path | str) -> BidsName:
    """Return the parts of a BIDS file's name.

    Parameters
    ----------
    file : Path or str
        `sub-01_ses-a_task-faces_run-01_bold.nii.gz`, folders aside.
    """
    stem, dot, extension = Path(file).name.partition(".")
    entities: dict[str, str | int] = {}
    words = []
    for piece in stem.split("_"):
        key, dash, value = piece.partition("-")
        if not dash:
            words.append(piece)
        else:
            number = key in NUMBERED and value.isdecimal()
            entities[key] = int(value) if number else value
    return BidsName(entities, tuple(words), dot + extension)


def in_order(files: Iterable[Path]) -> list[Path]:
    """Return recordings session by session and run by run, run 2 before run 10."""

    def place(file: Path) -> tuple[object, ...]:
        said = parse(file).entities
        return (*(by_number(str(said.get(key, ""))) for key in RECORDING), by_number(str(file)))

    return sorted(files, key=place)


def labels_of_runs(files: Sequence[Path]) -> list[str]:
    """Return a label per recording that tells it from all others.

    Parameters
    ----------
    files : sequence of Path
        One per recording.

    Returns
    -------
    list of str
        The run, `1` where none is named, after the session, the task and whatever else differs:
        `2`, `mri-2`, `mri-faces-2`. Names of files where that does not tell all apart.
    """
    said = [parse(file).entities for file in files]
    telling = [key for key in RECORDING[1:-1] if len({one.get(key) for one in said}) > 1]
    labels = [
        "-".join(str(part) for part in (*map(one.get, telling), one.get("run", 1)) if part)
        for one in said
    ]
    if len(set(labels)) == len(files):
        return labels
    names = [file.name for file in files]
    return names if len(set(names)) == len(files) else [str(file) for file in files]


def refuse_same_recording(files: Iterable[Path], key: str) -> None:
    """Refuse files of which two are of one recording.

    Their noise is the same, so that they are not repetitions of each other. Files whose names have
    neither a task nor a run are of one recording when all but entities such as echo is the same.

    Parameters
    ----------
    files : iterable of Path
        Each taken for a recording.
    key : str
        The setting that chose them, for the message.

    Raises
    ------
    IsomorphError
        Naming both files and what they differ in.
    """
    seen: dict[object, Path] = {}
    for file in files:
        name = parse(file)
        said: tuple[object, ...] = tuple(name.recording.items())
        if not {"task", "run"} & {*name.entities}:
            said = (*said, file.parent, name.words, name.extension)
        first = seen.setdefault(said, file)
        if first is not file:
            raise IsomorphError(
                f"{file}: is of the same run as {first.name}{_differing(first, file)}; narrow "
                f"{key} to one file of each run"
            )


def _differing(first: Path, file: Path) -> str:
    """Say what tells two files of one recording apart."""
    one, other = parse(first).entities, parse(file).entities
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    if not keys:
        return f" in {first.parent}" if first.parent != file.parent else ""
    make = "makes" if len(keys) == 1 else "make"
    return f", for they differ in {' and '.join(keys)}, which by BIDS {make} no other run"
