"""Sources: which archive, repository or bucket each file of a lock comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isomorph.archives.lock import Lock, LockedFile, lock_file
from isomorph.archives.resolve.selection import choose
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.saying import say
from isomorph.study import DatasetSpec
from isomorph.study.archive import BucketFiles, DandiArchive, OpenNeuroArchive


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
        top = f"{self.into.strip('/')}/" if self.into.strip("/") else ""
        return path.removeprefix(top) if path.startswith(top) else None


def list_sources(spec: DatasetSpec) -> list[FileSource]:
    """Return where the locked files of a dataset come from, those of the main archive first."""
    sources = []
    if isinstance(spec.archive, DandiArchive):
        one = spec.archive
        name = f"DANDI {one.dandiset} {one.version}"
        sources.append(FileSource("archive", name, "", one.include, one.exclude, True))
    if isinstance(spec.archive, OpenNeuroArchive):
        for place, part in enumerate(spec.archive.sources):
            key, name = f"archive.sources.{place}", f"OpenNeuro {part.dataset} {part.version}"
            sources.append(FileSource(key, name, part.into, part.include, part.exclude, True))
    for place, side in enumerate(spec.also):
        if isinstance(side, BucketFiles):
            name = f"bucket {side.bucket}/{side.prefix}"
            sources.append(FileSource(f"also.{place}", name, side.into, side.include, (), False))
    return sources


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


def say_left_out(
    dataset: str, lock: Lock, chosen: Sequence[tuple[FileSource, list[LockedFile]]]
) -> None:
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
                if into == source.into.strip("/") and (inside := source.inside(path)) is not None
            },
        )
        for source in sources
    ]


def _home(path: str, sources: Sequence[FileSource]) -> str | None:
    """Return the innermost folder of any source that holds a path."""
    folders = [one.into.strip("/") for one in sources if one.inside(path) is not None]
    return max(folders, key=len, default=None)
