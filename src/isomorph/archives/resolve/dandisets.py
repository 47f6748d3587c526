"""DANDI: the assets of a version, with the sha256 the archive computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import requests

from isomorph.archives.answers import Answer
from isomorph.archives.dandi_answers import ListedAsset, ListedVersion, Metadata, Page
from isomorph.archives.dandi_api import ask
from isomorph.archives.lock import LockedFile
from isomorph.archives.pace import session
from isomorph.archives.resolve.resolution import Resolution, placed
from isomorph.archives.resolve.selection import choose
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.saying import Seldom
from isomorph.study.pinned import DandiArchive

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
    place = f"dandisets/{archive.dandiset}/versions/{archive.version}"
    version = f"{instance}/{place}"
    with session() as http:
        _check_version(http, archive, where)
        query = f"?page_size={PAGE}&order=path"
        listing = _pages(http, archive, f"{place}/assets/{query}", Page[ListedAsset], where)
        assets = {asset.path: asset for asset in listing or ()}
        chosen = choose(assets, archive.include, archive.exclude, subjects, where)
        files: list[LockedFile] = []
        say = Seldom()
        for path in chosen.subjects:
            say(f"{version}: {len(files):,} of {len(chosen.subjects):,} assets")
            identity = assets[path].asset_id
            if assets[path].zarr:
                raise IsomorphError(
                    f"{where}: {path} is a Zarr folder, and only single files can be pinned; leave "
                    "it out with exclude"
                )
            described, _ = ask(http, archive, f"{place}/assets/{identity}/", Metadata, where)
            if described is None:
                raise IsomorphError(f"{where}: {path} went away while it was locked; run again")
            files.append(_pin(path, identity, described, instance, archive, where))
    return placed(archive, files, chosen, where, f"{version}, {len(files):,} assets")


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


def _check_version(http: requests.Session, archive: DandiArchive, where: str) -> None:
    place = f"dandisets/{archive.dandiset}/versions/"
    listing = _pages(http, archive, place, Page[ListedVersion], where)
    if listing is None:
        raise IsomorphError(
            f"{where}.dandiset: {archive.instance} has no dandiset {archive.dandiset}; check its "
            "six digits"
        )
    known = [one.version for one in listing]
    if archive.version not in known:
        raise IsomorphError(
            f"{where}.version: dandiset {archive.dandiset} has no version "
            f'"{archive.version}", {did_you_mean(archive.version, known)}'
        )


def _pages(
    http: requests.Session,
    archive: DandiArchive,
    place: str,
    model: type[Page[ListedT]],
    where: str,
) -> list[ListedT] | None:
    """Return the results of all pages of a listing, None where there is no such listing."""
    results: list[ListedT] = []
    following: str | None = place
    asked: set[str] = set()
    while following:
        if following in asked:
            raise IsomorphError(
                f"{where}: {archive.instance}: the pages of {place} lead in a circle, page "
                f"{len(asked)} to one that was read already; run again later"
            )
        asked.add(following)
        page, _ = ask(http, archive, following, model, where)
        if page is None:
            return None
        results += page.results
        following = page.next
    return results
