"""Archives: where bytes come from; a new one is a new module and a new entry here."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from isomorph.archives.dates import now, touched
from isomorph.archives.manifest import (
    FileRecord,
    Manifest,
    describe_files,
    find_files,
    own_files,
    read_manifest,
    write_manifest,
)
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
    "changed",
    "describe_files",
    "find_files",
    "read_manifest",
    "run",
    "watched_files",
    "write_manifest",
]

MOST = 2**30
"""Bytes of a downloaded archive that are hashed to see whether they are still the same."""

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
    except IsomorphError:  # what was refused must not be taken for fetched
        layout.manifest(dataset).unlink(missing_ok=True)
        raise


def watched_files(layout: Layout, dataset: str) -> list[Path]:
    """Return the user's own files that a fetch takes in.

    Those of a local archive, and files by request as far as they are there.

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


def changed(layout: Layout, dataset: str) -> str:
    """Say which file of a dataset is no longer as its manifest says, '' where none is.

    Files that nothing touched since the manifest was written are told by their size and date
    alone; others are hashed, once: then the manifest takes the date at which that began. Of a
    downloaded archive at most `MOST` bytes are, as the stage that reads them hashes them anyway.

    Parameters
    ----------
    layout : Layout
    dataset : str
        Its manifest can be read.
    """
    from isomorph.archives import local

    manifest, file = read_manifest(layout, dataset), layout.manifest(dataset)
    archive, most = layout.study.dataset(dataset).archive, float(MOST)
    try:
        listed = own_files(layout, dataset, manifest)
        if isinstance(archive, LocalArchive):
            root = local.folder(layout, dataset, archive)
            found = set(local.matching(layout, dataset, archive, root).files)
            if other := found ^ {one.path for one in listed}:
                return f"{file}: {min(other)} has come or gone since it was written"
            most = math.inf
    except IsomorphError as error:  # the folder has gone, or another study's subjects are there
        return str(error)
    since = file.stat().st_mtime_ns
    doubtful = []
    for record in listed:
        place = manifest.root / record.path
        try:
            if place.stat().st_size != record.size:
                return f"{file}: {record.path} has changed since it was written"
            if touched(place, since):
                doubtful.append(record)
        except OSError:
            return f"{file}: {record.path} has gone since it was written"
    if sum(record.size for record in doubtful) > most:
        return ""
    began = now(file.parent) if doubtful else None  # what changes while others are hashed is later
    for record in doubtful:
        if not record.is_intact(manifest.root):
            return f"{file}: {record.path} has changed since it was written"
    if began is not None:
        with suppress(OSError):  # a disk that is read-only is hashed again next time
            os.utime(file, ns=(began, began))
    return ""
