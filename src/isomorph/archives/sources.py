"""Sources: which archive, repository or bucket each file of a lock comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isomorph.archives.lock import Lock, LockedFile, below, into_of, lock_file, picked
from isomorph.archives.patterns import filled, find
from isomorph.archives.resolve.selection import choose
from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.layout import Layout
from isomorph.saying import say
from isomorph.study import DatasetSpec


@dataclass(frozen=True)
class FileSource:
    """Some of a dataset's files: where they are named, and where they come to stand.

    Attributes
    ----------
    key : str
        The key of the dataset's file.
    name : str
        Archive and version, in words.
    into : str
        Folder of the archive; paths count from it.
    include, exclude : tuple of str
        Glob patterns.
    main : bool
        Whether they are of the dataset's main archive.
    """

    key: str
    name: str
    into: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    main: bool

    def inside(self, path: str) -> str | None:
        """Return a path as it counts from this source's folder, None where it is not below it."""
        top = below(self.into, "")
        return path.removeprefix(top) if path.startswith(top) else None


def list_sources(spec: DatasetSpec) -> list[FileSource]:
    """Return where the locked files of a dataset come from, those of the main archive first."""
    return [
        FileSource(
            key,
            one.origin,
            into_of(one),
            one.include,
            one.exclude,
            not key.startswith("also"),
        )
        for key, one in picked(spec).items()
    ]


def choose_files(
    layout: Layout, dataset: str, lock: Lock, subjects: Sequence[str] | None = None
) -> list[tuple[FileSource, list[LockedFile]]]:
    """Return the files of a lock that a dataset's file names, by source.

    A lock may hold more: a study of one subject takes that subject's files out of the lock of all.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    lock : Lock
        Its lock.
    subjects : sequence of str, optional
        Whose files; those of the study unless given.

    Raises
    ------
    IsomorphError
        When a pattern, or a subject, has no file in the lock.
    """
    spec = layout.study.dataset(dataset)
    sources = list_sources(spec)
    taken: dict[str, FileSource] = {}
    for source, paths in paths_below(lock, sources):
        where = f"{layout.study.dataset_files[dataset]}: {source.key}"
        try:
            found = choose(paths, source.include, source.exclude, subjects or spec.subjects, where)
        except IsomorphError as error:
            raise IsomorphError(
                f"{lock_file(layout.study, dataset)}: does not hold what the dataset asks for "
                f"({error}); `isomorph lock --study {layout.study.path} --dataset {dataset}` "
                "locks it again"
            ) from error
        for inside in found.subjects:
            taken.setdefault(paths[inside], source)
    return [
        (source, [file for file in lock.files if taken.get(file.path) is source])
        for source in sources
    ]


Chosen = Sequence[tuple[FileSource, list[LockedFile]]]
"""The files of a lock that are asked for, by source."""


def files_of(chosen: Chosen, subjects: Sequence[str]) -> dict[str, list[str]]:
    """Return the chosen files that patterns name for each subject; those of all have none."""
    found: dict[str, list[str]] = {subject: [] for subject in subjects}
    for source, files in chosen:
        inside = {str(source.inside(file.path)): file.path for file in files}
        known = sorted(inside)
        for pattern in source.include:
            for subject in subjects if "{subject}" in pattern else ():
                paths = find(filled(pattern, subject=subject), known)
                found[subject] += [inside[path] for path in paths]
    return {subject: sorted(set(paths)) for subject, paths in found.items()}


LARGE = 10**9
"""Bytes from which on it is said how many of them are of which subject."""
NAMED = 8
"""The most subjects of which each is named with it."""


def bytes_of(chosen: Chosen, subjects: Sequence[str]) -> str:
    """Return in words how many bytes are of each subject, '' of a small set or where none says."""
    sizes = {file.path: file.size for _, files in chosen for file in files}
    of = files_of(chosen, subjects)
    of_subject = {one: sum(sizes[path] for path in paths) for one, paths in of.items()}
    if sum(sizes.values()) < LARGE or len(subjects) < 2 or not any(of_subject.values()):
        return ""
    held = {path for paths in of.values() for path in paths}
    shared = sum(size for path, size in sizes.items() if path not in held)
    said = [f"{subject} {in_words(size)}" for subject, size in of_subject.items()]
    if len(said) > NAMED:
        least, most = min(of_subject.values()), max(of_subject.values())
        said = [f"{in_words(least)} to {in_words(most)} of each of {len(subjects)} subjects"]
    return ", ".join([*said, *([f"shared {in_words(shared)}"] if shared else [])])


def say_left_out(dataset: str, lock: Lock, chosen: Chosen) -> None:
    """Say on the standard error stream how many files of a lock nobody asks for."""
    if left := len(lock.files) - sum(len(files) for _, files in chosen):
        say(
            f"{dataset}: {left:,} of the {len(lock.files):,} files in the lock are of subjects or "
            "patterns the dataset does not name, left out"
        )


def paths_below(
    lock: Lock, sources: Sequence[FileSource]
) -> list[tuple[FileSource, dict[str, str]]]:
    """Return for each source the paths it may name, as they count from its folder."""
    home = {file.path: _home(file.path, sources) for file in lock.files}
    return [
        (
            source,
            {
                inside: path
                for path, into in home.items()
                if into == source.into and (inside := source.inside(path)) is not None
            },
        )
        for source in sources
    ]


def _home(path: str, sources: Sequence[FileSource]) -> str | None:
    """Return the innermost folder of any source that holds a path."""
    folders = [one.into for one in sources if one.inside(path) is not None]
    return max(folders, key=len, default=None)
