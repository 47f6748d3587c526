"""Names of BIDS files: which recording each is of, and which files belong together.

The one place where names are matched, for BOLD, M/EEG, betas, events, channels, confounds and JSON
files alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isomorph.errors import IsomorphError

RECORDING = (
    "sub", "ses", "sample", "task", "acq", "nuc", "voi", "ce", "trc", "dir", "run",
)  # fmt: skip
"""Entities that make another recording, in the order in which names have them. Files that differ
in any other, also in one that BIDS does not know, are of one recording."""

OF_DERIVATIVES = frozenset(
    {"space", "res", "den", "desc", "label", "hemi", "atlas", "seg", "scale", "tpl", "cohort"}
)
"""Entities that say how a file was made; a table need not share them with the volumes."""

KINDS_OF_DATA = frozenset({"anat", "beh", "dwi", "eeg", "fmap", "func", "ieeg", "meg", "perf"})
"""Names of folders below that of a person or session."""

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
        What stands between underscores and is no entity: `("bold",)`, `("s1", "eeg")`.
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
        derived = {key: v for key, v in said.entities.items() if key in OF_DERIVATIVES}
        same_kind = said.suffix in name.words
        if same_kind and applies(said, name) and derived.items() <= name.entities.items():
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


def in_order(files: Iterable[Path]) -> list[Path]:
    """Return recordings session by session and run by run, run 2 before run 10."""

    def place(file: Path) -> tuple[object, ...]:
        said = parse(file).entities
        return (*(_natural(str(said.get(key, ""))) for key in RECORDING), _natural(str(file)))

    return sorted(files, key=place)


def _natural(text: str) -> list[tuple[int, int, str]]:
    pieces = re.split(r"(\d+)", text)
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in pieces if p]


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

    Their noise is the same, so that they are no repetitions of each other. Files whose names have
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
