"""Readiness: what a fetch would bring, and what still stands in its way, before it starts."""

from __future__ import annotations

import os
from collections.abc import Callable

from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.registry import Registry


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
        dataset's file.
    """
    return READINESS[layout.study.dataset(dataset).archive.kind](layout, dataset)


def _package(layout: Layout, dataset: str) -> str:
    from isomorph.study.archive import PackageArchive

    archive = layout.study.dataset(dataset).archive
    assert isinstance(archive, PackageArchive)
    return (
        f"{len(archive.members)} files of the source distribution {archive.project}=="
        f"{archive.version}"
    )


def _local(layout: Layout, dataset: str) -> str:
    from isomorph.archives import watched_files

    files = watched_files(layout, dataset)
    try:
        size = sum(file.stat().st_size for file in files)
    except OSError as error:
        raise IsomorphError(f"{error.filename}: cannot be read, {error.strerror}") from error
    return f"{_files(len(files))} in place, {_megabytes(size)}"


def _simulated(_layout: Layout, _dataset: str) -> str:
    return "simulated from the study's own models"


def _pinned(layout: Layout, dataset: str) -> str:
    from isomorph.archives import pinned, requested
    from isomorph.archives.lock import read_lock
    from isomorph.archives.transfer import bytes_here

    given = requested.check(layout, dataset)
    chosen = pinned.choose_files(layout, dataset, read_lock(layout.study, dataset))
    files = [file for _, some in chosen for file in some]
    folder = layout.archive(dataset)
    if pinned.is_streamed(layout.study.dataset(dataset)):  # smaller than the lock says
        here = sum(file.size for file in files if os.path.isfile(folder / file.path))  # noqa: PTH113
    else:
        here = bytes_here(files, folder)
    size = sum(file.size for file in files)
    said = f"{_files(len(files))}, {_megabytes(size)}, {_megabytes(here)} of it here"
    return said + (f"; {_files(len(given))} by request, in place" if given else "")


READINESS: Registry[Callable[[Layout, str], str]] = Registry(
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


def _files(count: int) -> str:
    return f"{count:,} file{'s' if count != 1 else ''}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
