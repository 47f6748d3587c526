"""DANDI: the assets of a version, with the sha256 the archive computed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

import requests

from isomorph.archives.dandi_answers import (
    Answer,
    ListedAsset,
    ListedVersion,
    Metadata,
    Page,
    read_answer,
)
from isomorph.archives.lock import LockedFile
from isomorph.archives.pace import session
from isomorph.archives.resolve.asking import AbsentError, ask_json
from isomorph.archives.resolve.resolution import Resolution, join
from isomorph.archives.resolve.selection import choose
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.study.archive import DandiArchive

PAGE = "1000"
"""Assets asked for at once: the most the archive gives."""

ListedT = TypeVar("ListedT", bound=Answer)


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
        query = {"page_size": PAGE, "order": "path"}
        listing = _pages(http, f"{version}/assets/", Page[ListedAsset], query)
        assets = {asset.path: asset for asset in listing}
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
            identity = assets[path].asset_id
            if assets[path].zarr:
                raise IsomorphError(
                    f"{where}: {path} is a Zarr folder, and only single files can be pinned; leave "
                    "it out with exclude"
                )
            address = f"{version}/assets/{identity}/"
            refusal = (
                f"{where}: {address} does not answer as the DANDI archive does; check "
                "archive.instance"
            )
            described = read_answer(Metadata, ask_json(http, address), refusal)
            files.append(_pin(path, identity, described, instance, archive, where))
    note = f"dandiset {archive.dandiset} {archive.version}: {version}, {len(files):,} assets"
    pinned = Resolution(tuple(files), (note,), chosen.subjects, chosen.remarks)
    return join([pinned], where)


def _pin(
    path: str,
    identity: str,
    described: Metadata,
    instance: str,
    archive: DandiArchive,
    where: str,
) -> LockedFile:
    """Return what the archive says about one asset."""
    digest, size = described.sha256, described.size
    if digest is None or size is None:
        what = "sha256" if digest is None else "size"
        raise IsomorphError(
            f"{where}: the archive has not computed the {what} of {path} yet, which it does within "
            "a day of an upload to a draft; run again later, or name a published version"
            if archive.version == "draft"
            else f"{where}: the archive states no {what} of {path} in {archive.version}, a "
            "published version, which does not change; leave the file out with exclude, or name "
            "another version"
        )
    return LockedFile(path, size, "sha256", digest, f"{instance}/assets/{identity}/download/")


def _check_version(
    http: requests.Session, archive: DandiArchive, dandiset: str, where: str
) -> None:
    try:
        listing = _pages(http, f"{dandiset}/versions/", Page[ListedVersion])
        known = [one.version for one in listing]
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
    http: requests.Session,
    url: str,
    model: type[Page[ListedT]],
    parameters: dict[str, str] | None = None,
) -> Iterator[ListedT]:
    """Yield the results of a listing, page after page."""
    refusal = f"{url}: answers with no listing of the DANDI API; check archive.instance"
    following: str | None = url
    asked: set[str] = set()
    while following:
        if following in asked:
            raise IsomorphError(
                f"{url}: its pages lead in a circle, page {len(asked)} to one that was read "
                "already; run again later"
            )
        asked.add(following)
        page = read_answer(model, ask_json(http, following, parameters), refusal)
        yield from page.results
        following, parameters = page.next, None  # which holds the query already
