"""DANDI: the assets of a version, with the sha256 the archive computed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import requests

from isomorph.archives.lock import LockedFile
from isomorph.archives.patience import session
from isomorph.archives.resolve.asking import AbsentError, ask_json
from isomorph.archives.resolve.resolution import Resolution, join
from isomorph.archives.resolve.selection import choose
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.study.archive import DandiArchive

PAGE = "1000"
"""Assets asked for at once: the most the archive gives."""
SHA256 = "dandi:sha2-256"
"""What the archive calls the sha256 among an asset's digests."""


def resolve(archive: DandiArchive, subjects: Sequence[str], where: str) -> Resolution:
    """Pin the assets a dataset asks for.

    The archive's API is asked over plain HTTP: https://api.dandiarchive.org/api/docs/redoc.

    Parameters
    ----------
    archive : DandiArchive
    subjects : sequence of str
        What `{subject}` stands for.
    where : str
        Opening of every mistake: the dataset's file and the key of the archive.

    Raises
    ------
    IsomorphError
        When the dandiset, version or an asset is not there, or an asset has no sha256 yet.
    """
    instance = archive.instance.rstrip("/")
    dandiset = f"{instance}/dandisets/{archive.dandiset}"
    version = f"{dandiset}/versions/{archive.version}"
    with session() as http:
        _check_version(http, archive, dandiset, where)
        assets = {
            asset["path"]: asset
            for asset in _pages(http, f"{version}/assets/", {"page_size": PAGE, "order": "path"})
        }
        chosen = choose(assets, archive.include, archive.exclude, subjects, where)
        files: list[LockedFile] = []
        said = time.monotonic()
        for path in chosen.subjects:
            if time.monotonic() - said > 5:
                said = time.monotonic()
                print(
                    f"{version}: {len(files):,} of {len(chosen.subjects):,} assets",
                    file=sys.stderr,
                    flush=True,
                )
            identity = assets[path]["asset_id"]
            if assets[path].get("zarr"):
                raise IsomorphError(
                    f"{where}: {path} is a Zarr folder, and only single files can be pinned; leave "
                    "it out with exclude"
                )
            metadata = ask_json(http, f"{version}/assets/{identity}/")
            files.append(_pin(path, identity, metadata, instance, where))
    note = f"dandiset {archive.dandiset} {archive.version}: {version}, {len(files):,} assets"
    pinned = Resolution(tuple(files), (note,), chosen.subjects, chosen.remarks)
    return join([pinned], where)


def _pin(
    path: str, identity: str, metadata: dict[str, Any], instance: str, where: str
) -> LockedFile:
    """Return what the archive says about one asset."""
    digest = metadata.get("digest", {}).get(SHA256)
    size = metadata.get("contentSize")
    if not isinstance(digest, str) or not isinstance(size, int):
        raise IsomorphError(
            f"{where}: the archive has not computed the sha256 of {path} yet, which it does within "
            "a day of an upload to a draft; run again later, or name a published version"
        )
    return LockedFile(
        path, size, "sha256", digest.lower(), f"{instance}/assets/{identity}/download/"
    )


def _check_version(
    http: requests.Session, archive: DandiArchive, dandiset: str, where: str
) -> None:
    try:
        known = [one["version"] for one in _pages(http, f"{dandiset}/versions/")]
    except AbsentError:
        raise IsomorphError(
            f"{where}.dandiset: {archive.instance} has no dandiset {archive.dandiset}; check its "
            "six digits"
        ) from None
    if archive.version not in known:
        raise IsomorphError(
            f"{where}.version: dandiset {archive.dandiset} has no version "
            f'"{archive.version}", {did_you_mean(archive.version, known)}'
        )


def _pages(
    http: requests.Session, url: str, parameters: dict[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the results of a listing, page after page."""
    following: str | None = url
    while following:
        page = ask_json(http, following, parameters)
        try:
            yield from page["results"]
            following, parameters = page["next"], None  # which holds the query already
        except (TypeError, KeyError):
            raise IsomorphError(
                f"{url}: answers with no listing of the DANDI API; check archive.instance"
            ) from None
