"""What an archive says about the files a dataset asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from isomorph.archives.lock import CLASH, Lock, LockedFile, below, clash, into_of, is_inside
from isomorph.archives.reserved import is_reserved
from isomorph.archives.resolve.selection import SHARED, Chosen
from isomorph.errors import IsomorphError
from isomorph.saying import count
from isomorph.study.pinned import PickedFiles

DATE = "resolved on "
"""How the note begins that changes with every run."""


@dataclass(frozen=True)
class Resolution:
    """Files of one or several sources, pinned.

    Attributes
    ----------
    files : tuple of LockedFile
        In order of path.
    notes : tuple of str
        What they were resolved from, a line for each source.
    subjects : mapping of str to str
        Subject by path; `SHARED` for files of none.
    remarks : tuple of str
        What the user should know and the lock need not keep.
    folders : mapping of str to str
        By path, the folder of the archive its source is put in; the archive's own where absent.
    """

    files: tuple[LockedFile, ...]
    notes: tuple[str, ...]
    subjects: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    folders: Mapping[str, str] = field(default_factory=dict)

    def summary(self) -> list[str]:
        """Return files and bytes, in all and by subject, a line each."""
        files: Counter[str] = Counter()
        size: Counter[str] = Counter()
        for file in self.files:
            subject = self.subjects.get(file.path, SHARED)
            files[subject] += 1
            size[subject] += file.size
        lines = [f"{count(len(self.files), 'file')}, {sum(size.values()):,} bytes"]
        # subjects in their own order, what they share last
        for subject in sorted(files, key=lambda one: (one == SHARED, one)):
            held = f"{count(files[subject], 'file')}, {size[subject]:,} bytes"
            lines.append(f"  {subject or 'shared'}: {held}")
        return lines


def placed(
    source: PickedFiles, files: Sequence[LockedFile], chosen: Chosen, where: str, note: str
) -> Resolution:
    """Return chosen files, whose paths count from their source, where the dataset puts them.

    Raises
    ------
    IsomorphError
        When two would stand at one place, or a path cannot stand in a lock.
    """
    into = into_of(source)
    files = [replace(file, path=below(into, file.path)) for file in files]
    subjects = {below(into, path): subject for path, subject in chosen.subjects.items()}
    note = f"{' '.join(source.edition)}: {note}"
    folders = {file.path: into for file in files}
    return join([Resolution(tuple(files), (note,), subjects, chosen.remarks, folders)], where)


def join(parts: Sequence[Resolution], where: str) -> Resolution:
    """Put the files of several sources together.

    Raises
    ------
    IsomorphError
        When two would stand at one place, or a path cannot stand in a lock.
    """
    files = sorted((file for part in parts for file in part.files), key=lambda file: file.path)
    for file, following in pairwise(files):
        if file.path == following.path:
            raise IsomorphError(
                f"{where}: two sources bring {file.path} ({file.url} and {following.url}); give "
                "one of them another `into`"
            )
    for file in files:
        check_path(file.path, where)
    if found := clash([file.path for file in files]):
        raise IsomorphError(f"{where}: {found[0]} and {found[1]} {CLASH}; leave one of them out")
    folders = {path: folder for part in parts for path, folder in part.folders.items()}
    _refuse_overlap(files, folders, where)
    subjects = {path: subject for part in parts for path, subject in part.subjects.items()}
    return Resolution(
        tuple(files),
        tuple(note for part in parts for note in part.notes),
        subjects,
        tuple(remark for part in parts for remark in part.remarks),
        folders,
    )


def check_path(path: str, where: str) -> None:
    """Refuse a path of an archive that cannot stand in a lock.

    Parameters
    ----------
    path : str
        Where the file would stand in the archive's folder.
    where : str
        Opening of the mistake.

    Raises
    ------
    IsomorphError
        When the path leaves the folder, cannot be shown, or is a name of isomorph's own.
    """
    if not path.isprintable() or not is_inside(path) or path[0] == "#" or is_reserved(path):
        raise IsomorphError(
            f"{where}: the archive names a file {path!r}, which cannot stand in a lock; leave it "
            "out with exclude"
        )


def _refuse_overlap(files: Sequence[LockedFile], folders: Mapping[str, str], where: str) -> None:
    """Refuse a file that stands in the folder of a source other than its own.

    Whoever fetches tells a file's source by its folder, and would look for it in the other.
    """
    known = {"", *folders.values()}
    for file in files:
        above = (file.path[:end] for end in _slashes(file.path))
        deepest = max((folder for folder in above if folder in known), key=len, default="")
        if deepest != folders.get(file.path, ""):
            raise IsomorphError(
                f"{where}: {file.path} is of another source than those put into {deepest}; leave "
                "it out with exclude, or give that source another `into`"
            )


def _slashes(path: str) -> list[int]:
    return [place for place, letter in enumerate(path) if letter == "/"]


@dataclass(frozen=True)
class Difference:
    """How a lock differs from an older one.

    Attributes
    ----------
    added, removed, changed : tuple of str
        Paths; changed are those of other bytes.
    moved : tuple of str
        Paths of the same bytes at another address.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((self.added, self.removed, self.changed, self.moved))

    def words(self) -> str:
        """Return the difference in one clause, with a path of each kind."""
        kinds = (
            ("added", self.added),
            ("removed", self.removed),
            ("changed", self.changed),
            ("at another address", self.moved),
        )
        return ", ".join(
            f"{len(paths):,} {kind} ({paths[0]}{', …' if len(paths) > 1 else ''})"
            for kind, paths in kinds
            if paths
        )


def difference(old: Lock, new: Resolution) -> Difference:
    """Return how what an archive says now differs from a lock."""
    before = {file.path: file for file in old.files}
    now = {file.path: file for file in new.files}
    both = [path for path in now if path in before]
    changed = [path for path in both if _bytes(before[path]) != _bytes(now[path])]
    return Difference(
        added=tuple(path for path in now if path not in before),
        removed=tuple(path for path in before if path not in now),
        changed=tuple(changed),
        moved=tuple(
            path for path in both if path not in changed and before[path].url != now[path].url
        ),
    )


def _bytes(file: LockedFile) -> tuple[int, str, str]:
    return file.size, file.algorithm, file.hash
