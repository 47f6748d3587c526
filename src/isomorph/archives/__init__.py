"""Archives: where bytes come from; a new one is a new module and a new entry here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from isomorph import slices
from isomorph.archives.manifest import (
    FileRecord,
    Manifest,
    describe_files,
    find_files,
    own_files,
    read_manifest,
    write_manifest,
)
from isomorph.archives.reading import reading_code
from isomorph.artefacts import disk_errors
from isomorph.errors import IsomorphError
from isomorph.expected import check_expected
from isomorph.layout import Layout
from isomorph.registry import Registry
from isomorph.study.archive import LocalArchive

__all__ = [
    "ARCHIVES",
    "Fetch",
    "FileRecord",
    "Manifest",
    "code_of",
    "describe_files",
    "find_files",
    "read_manifest",
    "run",
    "settings",
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
    with disk_errors(layout.archive(dataset)):
        ARCHIVES[layout.study.dataset(dataset).archive.kind](layout, dataset)
    try:
        files = own_files(layout, dataset, read_manifest(layout, dataset))
        check_expected(layout, dataset, {"bytes": sum(file.size for file in files)})
    except IsomorphError:  # what was refused shall not be taken for fetched
        layout.manifest(dataset).unlink(missing_ok=True)
        raise


def settings(layout: Layout, dataset: str) -> slices.Slice:
    """Return what decides the bytes of a dataset, so that a change fetches again.

    Of a pinned archive the subjects that another study brought into the same folder count too.
    """
    from isomorph.archives import pinned

    kind = layout.study.dataset(dataset).archive.kind
    if kind in pinned.BRING:
        return pinned.settings_for(layout, dataset)
    return slices.fetch(layout.study, dataset)


def code_of(layout: Layout, dataset: str) -> str:
    """Return a digest of the code that decides the bytes of a dataset, '' where it comes as it is.

    Members that are laid out as BIDS on arrival, and files of which only some objects are read,
    are written by isomorph.
    """
    return reading_code(layout.study.dataset(dataset).archive)


def watched_files(layout: Layout, dataset: str) -> list[Path]:
    """Return the user's own files whose change should bring a fetch again.

    Those of a local archive, and files by request as far as they are there. Whatever is pinned is
    not watched, its hash says all.

    Raises
    ------
    IsomorphError
        When a folder of the user's is absent or a pattern matches nothing in it.
    """
    from isomorph.archives import local, requested

    archive = layout.study.dataset(dataset).archive
    if not isinstance(archive, LocalArchive):
        return requested.present(layout, dataset)
    root = local.folder(layout, dataset, archive)
    return [root / path for path in local.matching(layout, dataset, archive, root).files]
