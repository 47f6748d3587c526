"""What a fetch of a dataset pinned by a lock would still bring."""

from __future__ import annotations

import os
from typing import NamedTuple

from isomorph.archives import pinned, requested, sources
from isomorph.archives.lock import read_lock
from isomorph.archives.transfer import bytes_here
from isomorph.foreign import in_words
from isomorph.layout import Layout
from isomorph.saying import count


def ready(layout: Layout, dataset: str) -> tuple[str, list[str]]:
    """Say how many files a dataset has, how large they are and how much of them is here.

    Raises
    ------
    IsomorphError
        When a lock or requested files are not there or do not fit the dataset's file.
    """
    given = requested.check(layout, dataset)
    sizes = _sizes(layout, dataset)
    n = count(len(sizes.paths), "file")
    parts = f" ({sizes.parts})" if sizes.parts else ""
    said = f"{n}, {in_words(sizes.whole)}{parts}, {in_words(sizes.here)} of it here"
    said += f"; {count(len(given), 'file')} by request, in place" if given else ""
    return said, [*sizes.paths, *(one.record.path for one in given)]


def bytes_to_come(layout: Layout, dataset: str) -> int:
    """Return how many bytes are not here; of a streamed dataset it is the most it can be.

    Raises
    ------
    IsomorphError
        When a lock is not there.
    """
    sizes = _sizes(layout, dataset)
    return sizes.whole - sizes.here


class _Sizes(NamedTuple):
    """The files of a dataset: paths, bytes, how many of these are here, and whose they are."""

    paths: list[str]
    whole: int
    here: int
    parts: str


def _sizes(layout: Layout, dataset: str) -> _Sizes:
    chosen = sources.choose_files(layout, dataset, read_lock(layout.study, dataset))
    files = [file for _, some in chosen for file in some]
    folder = layout.archive(dataset)
    if pinned.is_streamed(layout.study.dataset(dataset)):  # smaller than the lock says
        here = sum(file.size for file in files if os.path.isfile(folder / file.path))  # noqa: PTH113
    else:
        here = bytes_here(files, folder)
    parts = sources.bytes_of(chosen, layout.study.dataset(dataset).subjects)
    return _Sizes([file.path for file in files], sum(file.size for file in files), here, parts)
