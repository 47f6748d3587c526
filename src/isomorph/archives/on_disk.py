"""Which files of a dataset lie on the disk, and which of them are no longer as they were listed."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

from isomorph.archives import requested
from isomorph.archives.archive_kinds import kind_of
from isomorph.archives.dates import now, touched
from isomorph.archives.fetched import Here, stands
from isomorph.archives.manifest import OnDisk, own_files, read_manifest, remembered
from isomorph.errors import IsomorphError
from isomorph.layout import Layout

MOST = 2**30
"""Bytes of a downloaded archive that are hashed to see whether they are still the same."""


def here(layout: Layout, dataset: str) -> Here | None:
    """Return what lies on the disk of a dataset, None where nothing can be told of it.

    A folder of the user's own is taken as it is now. Of what was fetched the manifest tells, if it
    was written for the archive as the study has it; files that have gone since take their subject
    with them. Simulated recordings are isomorph's own.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.

    Raises
    ------
    IsomorphError
        When a folder of the user's own is not there or a pattern matches nothing in it.
    """
    return kind_of(layout, dataset).here(layout, dataset)


def is_as_listed(layout: Layout, dataset: str) -> bool:
    """Tell whether the files of a dataset are those its manifest lists, untouched since.

    Sizes and dates tell; nothing is hashed.
    """
    held = remembered(layout, dataset)
    if held is None or not layout.manifest(dataset).is_file():
        return False
    if isinstance(layout, OnDisk) and dataset in layout.manifests:
        found = layout.manifests[dataset]
        if found.root != held.root or {one.path for one in found.files} != {
            one.path for one in held.files
        }:
            return False
    since = layout.manifest(dataset).stat().st_mtime_ns
    return all(
        stands(one, held.root) and not touched(held.root / one.path, since) for one in held.files
    )


def watched_files(layout: Layout, dataset: str) -> list[Path]:
    """Return the user's own files that a fetch takes in.

    Those of a folder of the user's own, and files by request as far as they are there.

    Raises
    ------
    IsomorphError
        When a folder of the user's is absent or a pattern matches nothing in it.
    """
    in_place = kind_of(layout, dataset).in_place
    if in_place is None:
        return requested.present(layout, dataset)
    root, listing = in_place(layout, dataset)
    return [root / path for path in listing.files]


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
    manifest, file = read_manifest(layout, dataset), layout.manifest(dataset)
    in_place, most = kind_of(layout, dataset).in_place, float(MOST)
    try:
        listed = own_files(layout, dataset, manifest)
        if in_place is not None:
            found = set(in_place(layout, dataset)[1].files)
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
