"""The DANDI archive: pinned assets, each found by its id and verified by the hash of the lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import requests

from isomorph.archives.dandi_asset import find_asset
from isomorph.archives.lock import LockedFile, lock_file
from isomorph.archives.manifest import FileRecord
from isomorph.archives.transfer import Location, transfer
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.study.pinned import DandiArchive


def bring(
    layout: Layout,
    dataset: str,
    files: Sequence[LockedFile],
    folder: Path,
    lacking: Callable[[], None] = lambda: None,
) -> list[FileRecord]:
    """Bring assets of a dandiset to their places, or leave nothing there.

    Before an asset is downloaded the archive is asked whether it still is what was locked. With
    `access: stream` only the wanted objects are read, see `isomorph.archives.stream`.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    files : sequence of LockedFile
        What to bring; the address of each holds the id of its asset.
    folder : Path
        Where they come to stand, each at its path.
    lacking : callable, optional
        Called before a file is brought that did not stand whole.

    Returns
    -------
    list of FileRecord
        Size and sha256 of every file.

    Raises
    ------
    IsomorphError
        When an asset is gone, is not what was locked, needs a key, or the archive or the disk
        fails; one sentence. Files that were brought before stay.
    """
    archive = layout.study.dataset(dataset).archive
    if not isinstance(archive, DandiArchive):
        raise IsomorphError(f"{dataset}: archive.kind is {archive.kind}, not dandi")
    relock = f"`isomorph lock --study {layout.study.path} --dataset {dataset}` locks it again"
    for file in files:
        if file.algorithm != "sha256":
            raise IsomorphError(
                f"{lock_file(layout.study, dataset)}: {file.path}: algorithm is "
                f"{file.algorithm}, expected sha256, the hash the DANDI archive keeps; {relock}"
            )
    if archive.access == "stream":
        from isomorph.archives import stream

        return stream.bring(archive, files, folder, relock, lacking)

    def locate(
        http: requests.Session, file: LockedFile, pause: Callable[[float], None]
    ) -> Location:
        asset = find_asset(http, archive, file, relock, pause)
        return Location([asset.address] * 2, asset.headers)  # once more after wrong bytes

    return transfer(dataset, files, folder, lacking, locate)
