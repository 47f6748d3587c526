"""Readiness: what a fetch would bring, and what still stands in its way, before it starts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from isomorph.archives import asked
from isomorph.archives.patterns import matches, nearest
from isomorph.archives.progress import count
from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.foreign.globs import whole_folders
from isomorph.layout import Layout
from isomorph.registry import Registry

Said = tuple[str, Sequence[str] | None]
"""A sentence, and the paths there will be where they are known beforehand."""


def readiness(layout: Layout, dataset: str) -> str:
    """Say what the bytes of a dataset are and how much of them is to come; nothing is fetched.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.

    Raises
    ------
    IsomorphError
        When a folder of the user's, a lock or requested files are not there or do not fit the
        dataset's file, a pattern of its stimuli or responses matches none of the files, or a file
        that the study asks for has no content here.
    """
    said, paths = READINESS[layout.study.dataset(dataset).archive.kind](layout, dataset)
    if paths is not None:
        _refuse_unmatched(layout, dataset, paths)
    return said


def _refuse_unmatched(layout: Layout, dataset: str, paths: Sequence[str]) -> None:
    """Refuse patterns that match nothing, before gigabytes are fetched for them."""
    paths = whole_folders(paths, getattr(layout.study.dataset(dataset).responses, "folders", ()))
    for one in asked.patterns(layout, dataset):
        if not matches(one.pattern, paths):
            raise IsomorphError(
                f'{layout.study.dataset_files[dataset]}: {one.key}: "{one.pattern}" matches none '
                f"of the {len(paths):,} files of the archive, {nearest(one.pattern, paths)}"
            )


def _package(layout: Layout, dataset: str) -> Said:
    from isomorph.study.archive import PackageArchive

    archive = layout.study.dataset(dataset).archive
    assert isinstance(archive, PackageArchive)
    return (
        f"{len(archive.members)} files of the source distribution {archive.project}=="
        f"{archive.version}"
    ), None if archive.arrange else archive.members


def _local(layout: Layout, dataset: str) -> Said:
    from isomorph.archives import local
    from isomorph.study.archive import LocalArchive

    archive = layout.study.dataset(dataset).archive
    assert isinstance(archive, LocalArchive)
    root = local.folder(layout, dataset, archive)
    listing = local.matching(layout, dataset, archive, root)
    asked.refuse_absent(layout, dataset, root, listing.files, listing.absent)
    try:
        size = sum((root / path).stat().st_size for path in listing.files)
    except OSError as error:
        raise IsomorphError(f"{error.filename}: cannot be read, {error.strerror}") from error
    said = f"{count(len(listing.files))} in place, {in_words(size)}"
    said += f"; {local.said_absent(listing)}" if listing.absent else ""
    return said, listing.files


def _simulated(_layout: Layout, _dataset: str) -> Said:
    return "simulated from the study's own models", None


def bytes_to_come(layout: Layout, dataset: str) -> int | None:
    """Return how many bytes a fetch of a dataset would bring, 0 where it brings none.

    Files that stand are told by their size alone. Of a streamed dataset it is the most it can be;
    of a package, whose size only its index knows, None unless the dataset's file says it.

    Raises
    ------
    IsomorphError
        When a lock or requested files are not there.
    """
    archive = layout.study.dataset(dataset).archive
    if archive.kind == "package":
        fetched = layout.manifest(dataset).is_file()
        return 0 if fetched else layout.study.dataset(dataset).expected.bytes
    if READINESS[archive.kind] is not _pinned:
        return 0
    sizes = _sizes(layout, dataset)
    return sizes.whole - sizes.here


def _pinned(layout: Layout, dataset: str) -> Said:
    from isomorph.archives import requested

    given = requested.check(layout, dataset)
    sizes = _sizes(layout, dataset)
    said = f"{count(len(sizes.paths))}, {in_words(sizes.whole)}, {in_words(sizes.here)} of it here"
    said += f"; {count(len(given))} by request, in place" if given else ""
    return said, [*sizes.paths, *(one.record.path for one in given)]


class _Sizes(NamedTuple):
    """The files of a dataset: their paths, their bytes, and how many of these are here."""

    paths: list[str]
    whole: int
    here: int


def _sizes(layout: Layout, dataset: str) -> _Sizes:
    from isomorph.archives import pinned, sources
    from isomorph.archives.lock import read_lock
    from isomorph.archives.transfer import bytes_here

    chosen = sources.choose_files(layout, dataset, read_lock(layout.study, dataset))
    files = [file for _, some in chosen for file in some]
    folder = layout.archive(dataset)
    if pinned.is_streamed(layout.study.dataset(dataset)):  # smaller than the lock says
        here = sum(file.size for file in files if os.path.isfile(folder / file.path))  # noqa: PTH113
    else:
        here = bytes_here(files, folder)
    return _Sizes([file.path for file in files], sum(file.size for file in files), here)


READINESS: Registry[Callable[[Layout, str], Said]] = Registry(
    "archive",
    {
        "package": _package,
        "local": _local,
        "simulated": _simulated,
        "dandi": _pinned,
        "openneuro": _pinned,
    },
)
"""What can be said beforehand, by the `kind` of a dataset's archive."""
