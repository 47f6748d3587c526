"""What stands where a study is begun: the files of a folder, or one file and what is beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from isomorph.archives.patterns import matches
from isomorph.errors import IsomorphError
from isomorph.foreign.listing import walk
from isomorph.study import subjects_in

WRITTEN = ("config/", "results/", "data/archive/", "data/stimuli/", "data/weights/")
"""Folders of isomorph's own, which hold nobody's recording."""

MOST = 200_000
"""Files that are looked at."""


@dataclass(frozen=True)
class Place:
    """The files that a study is begun from.

    Attributes
    ----------
    folder : Path
        What their paths count from.
    files : tuple of str
        All of them, with forward slashes, sorted.
    only : str
        The one file that was named, '' where a folder was; the others are beside it.
    """

    folder: Path
    files: tuple[str, ...]
    only: str = ""

    @cached_property
    def meant(self) -> tuple[str, ...]:
        """The files that may be a recording: the one that was named, or all."""
        return (self.only,) if self.only else self.files

    def ending(self, *endings: str) -> list[str]:
        """Return the files that may be a recording whose names end so, case aside."""
        return [path for path in self.meant if path.lower().endswith(endings)]

    def beside(self, *endings: str) -> list[str]:
        """Return all files whose names end so, case aside."""
        return [path for path in self.files if path.lower().endswith(endings)]

    def at(self, path: str) -> Path:
        """Return a file's path from the current folder."""
        return self.folder / path


def place_of(path: Path) -> Place:
    """Return what stands at a path.

    Raises
    ------
    IsomorphError
        When there is nothing, or too much to be one recording.
    """
    if not path.exists():
        raise IsomorphError(f"--from {path}: no such file or folder")
    folder, only = (path, "") if path.is_dir() else (path.parent, path.name)
    found = walk(folder).files
    if only:
        # what belongs to a file is near it: a file may stand in a folder of everything
        found = tuple(one for one in found if one.count("/") <= 2)
    files = tuple(one for one in found if not one.startswith(WRITTEN))
    if len(files) > MOST:
        raise IsomorphError(
            f"--from {path}: holds {len(files):,} files, too many for one recording; name the "
            "folder of the recording itself"
        )
    if only and only not in files:
        raise IsomorphError(f"--from {path}: is empty, hidden or a link to nothing")
    return Place(folder, files, only)


def shared_pattern(paths: Sequence[str], among: Sequence[str] = ()) -> tuple[str, tuple[str, ...]]:
    """Return a pattern of files with `{subject}` in it, and the subjects it tells apart.

    A subject is what `sub-` says in the files' names, else what differs between their paths from
    one separator to the next. No subjects are returned where the paths do not tell any apart.

    Parameters
    ----------
    paths : sequence of str
        The files that are meant.
    among : sequence of str
        All files there are, of which the pattern must match no other.

    Examples
    --------
    >>> shared_pattern(["anna.npy", "ben.npy"])
    ('{subject}.npy', ('anna', 'ben'))
    >>> shared_pattern(["sub-1/sub-1_ses-a.nwb", "sub-1/sub-1_ses-b.nwb", "sub-2/sub-2_ses-a.nwb"])
    ('sub-{subject}/sub-{subject}_*.nwb', ('1', '2'))
    """
    for pattern in _candidates(list(paths)):
        subjects = subjects_in(pattern, paths)
        covered = {
            found
            for one in subjects
            for found in matches(pattern.replace("{subject}", one), {*paths, *among})
        }
        if subjects and covered == set(paths):
            return pattern, subjects
    return "", ()


def _candidates(paths: list[str]) -> list[str]:
    ends = {path[path.rfind(".") :] for path in paths}
    end = ends.pop() if len(ends) == 1 else ""
    inside = {path.count("/") for path in paths}
    found = []
    if all("sub-" in path for path in paths) and end:
        tail = _common(path.rpartition("_")[2] for path in paths)
        last = f"*{tail}" if tail else f"*{end}"
        alike = {re.sub(r"sub-[^_./]+", "sub-{subject}", path) for path in paths}
        folders = {one.rpartition("/")[0] for one in alike}
        if len(alike) == 1:
            found.append(alike.pop())
        elif len(folders) == 1 and (folder := folders.pop()):
            found.append(f"{folder}/sub-{{subject}}_{last}")
        found += [
            f"sub-{{subject}}/sub-{{subject}}_{last}", f"sub-{{subject}}_{last}",
            f"sub-{{subject}}{end}", f"sub-{{subject}}/{last}", f"sub-{{subject}}/**/{last}",
            f"sub-{{subject}}/**/*{end}", f"**/sub-{{subject}}_*{end}",
        ]  # fmt: skip
    if len(paths) > 1 and len(inside) == 1:
        before, after = _edges(paths)
        found.append(f"{before}{{subject}}{after}")
        if end and inside == {1}:
            found.append(f"{{subject}}/*{end}")
    return found


def _common(words: object) -> str:
    several = set(words)  # type: ignore[call-overload]
    return str(several.pop()) if len(several) == 1 else ""


def _edges(paths: list[str]) -> tuple[str, str]:
    """Return what all paths begin with, and end with, up to a separator."""
    first, last = min(paths), max(paths)
    same = next(
        (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
    )
    turned = [path[::-1] for path in paths]
    low, high = min(turned), max(turned)
    tail = next((n for n, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    before = first[:same]
    while before and before[-1].isalnum():
        before = before[:-1]
    after = low[:tail][::-1]
    while after and after[0].isalnum():
        after = after[1:]
    return before, after
