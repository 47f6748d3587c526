"""Archives: where bytes come from; a new one is a new module and a new entry here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from isomorph.archives.manifest import (
    FileRecord,
    Manifest,
    describe_files,
    find_files,
    read_manifest,
    write_manifest,
)
from isomorph.expected import check_expected
from isomorph.layout import Layout
from isomorph.registry import Registry

__all__ = [
    "ARCHIVES",
    "Fetch",
    "FileRecord",
    "Manifest",
    "describe_files",
    "find_files",
    "read_manifest",
    "run",
    "watched_files",
    "write_manifest",
]

Fetch = Callable[[Layout, str], None]
"""Bring the bytes of a dataset and write its manifest. A fetch verifies first: where everything
is there and right it changes nothing, not even the time of the manifest."""


def _package(layout: Layout, dataset: str) -> None:
    from isomorph.archives import package

    package.fetch(layout, dataset)


def _local(layout: Layout, dataset: str) -> None:
    from isomorph.archives import local

    local.fetch(layout, dataset)


def _pinned(layout: Layout, dataset: str) -> None:
    from isomorph.archives import pinned

    pinned.fetch(layout, dataset)


def _simulated(layout: Layout, dataset: str) -> None:
    from isomorph.archives import simulated

    simulated.fetch(layout, dataset)


ARCHIVES: Registry[Fetch] = Registry(
    "archive",
    {
        "package": _package,
        "local": _local,
        "simulated": _simulated,
        "dandi": _pinned,
        "openneuro": _pinned,
    },
)
"""Fetches by the `kind` of a dataset's archive."""


def run(layout: Layout, dataset: str) -> None:
    """Bring the bytes of a dataset and write what there is to its manifest.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.

    Raises
    ------
    IsomorphError
        When the bytes cannot be had or are not those the dataset pins.
    """
    ARCHIVES[layout.study.dataset(dataset).archive.kind](layout, dataset)
    files = read_manifest(layout, dataset).files
    check_expected(layout, dataset, {"bytes": sum(file.size for file in files)})


def watched_files(layout: Layout, dataset: str) -> list[Path]:
    """Return the files whose change should bring a fetch again: those of a local archive.

    A pinned archive watches nothing, its hash says all.
    """
    from isomorph.archives import local
    from isomorph.study.archive import LocalArchive

    archive = layout.study.dataset(dataset).archive
    if not isinstance(archive, LocalArchive):
        return []
    root = local.folder(layout, dataset, archive)
    return [root / path for path in local.matching_files(layout, dataset, archive, root)]
