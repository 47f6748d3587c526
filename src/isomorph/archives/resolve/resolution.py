"""What an archive says about the files a dataset asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from isomorph.archives.lock import Lock, LockedFile, is_inside
from isomorph.archives.resolve.selection import SHARED
from isomorph.errors import IsomorphError

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
    """

    files: tuple[LockedFile, ...]
    notes: tuple[str, ...]
    subjects: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def summary(self) -> list[str]:
        """Return files and bytes, in all and by subject, a line each."""
        files: Counter[str] = Counter()
        size: Counter[str] = Counter()
        for file in self.files:
            subject = self.subjects.get(file.path, SHARED)
            files[subject] += 1
            size[subject] += file.size
        lines = [count(len(self.files), sum(size.values()))]
        # subjects in their own order, what they share last
        for subject in sorted(files, key=lambda one: (one == SHARED, one)):
            lines.append(f"  {subject or 'shared'}: {count(files[subject], size[subject])}")
        return lines


def count(files: int, size: int) -> str:
    """Return a number of files and bytes in words."""
    return f"{files:,} file{'s' if files != 1 else ''}, {size:,} bytes"


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
        if not is_inside(file.path) or not file.path.isprintable() or file.path[0] == "#":
            raise IsomorphError(
                f"{where}: the archive names a file {file.path!r}, which cannot stand in a lock; "
                "leave it out with exclude"
            )
    subjects = {path: subject for part in parts for path, subject in part.subjects.items()}
    return Resolution(
        tuple(files),
        tuple(note for part in parts for note in part.notes),
        subjects,
        tuple(remark for part in parts for remark in part.remarks),
    )


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
