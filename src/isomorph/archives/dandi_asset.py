"""Assets of the DANDI archive: what stands behind a line of a lock file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

import requests

from isomorph.archives import dandi_api
from isomorph.archives.dandi_answers import UUID, ListedAsset, Metadata, Page
from isomorph.archives.lock import LockedFile
from isomorph.archives.mirrors import mirrored
from isomorph.errors import IsomorphError
from isomorph.study.pinned import DandiArchive

_ADDRESS = re.compile(rf"/assets/({UUID})/download/?$")
_LISTING = "/assets/?path="


@dataclass(frozen=True)
class Asset:
    """One asset as it is to be asked for.

    Attributes
    ----------
    id : str
        Of this very content: an asset that changes gets another.
    address : str
        Where its bytes are asked for; the archive sends on to its bucket.
    headers : dict of str to str
        The API key, of an asset that is shown only to those who have one.
    """

    id: str
    address: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, archive: DandiArchive, identity: str, headers: Mapping[str, str]) -> Asset:
        """Return the asset with an id."""
        address = mirrored(f"{archive.instance.rstrip('/')}/assets/{identity}/download/")
        return cls(identity, address, headers)


def find_asset(
    http: requests.Session,
    archive: DandiArchive,
    file: LockedFile,
    relock: str,
    pause: Callable[[float], None] | None = None,
) -> Asset:
    """Find the asset of a line of the lock and check that it is what was locked.

    It is asked for by its id, which holds although a version no longer lists it. Where the id
    is gone, or the lock knows none and names the listing of a path (`…/assets/?path=<path>`), the
    asset now at the same path will do if it has the same bytes.

    Parameters
    ----------
    http : requests.Session
        See `isomorph.archives.pace.session`.
    archive : DandiArchive
        Dandiset, version and instance.
    file : LockedFile
        What was locked.
    relock : str
        The command that writes the lock again, for messages.
    pause : callable, optional
        Waits for so many seconds.

    Raises
    ------
    IsomorphError
        When the asset is gone, differs from what was locked, or is not shown without a key.
    """
    ask = partial(dandi_api.ask, http, archive, what=file.path, pause=pause)
    found = _ADDRESS.search(file.url)
    if found is None and _LISTING in file.url:
        return _successor(ask, archive, file, None, relock)
    if found is None:
        raise IsomorphError(
            f'{file.path}: its url in the lock, "{file.url}", is not that of an asset, such as '
            f"{archive.instance}/assets/<asset id>/download/; {relock}"
        )
    described, headers = ask(f"assets/{found[1]}/", Metadata)
    if described is None:
        return _successor(ask, archive, file, found[1], relock)
    if difference := _difference(described, file):
        raise IsomorphError(
            f"{file.path}: asset {found[1]} of dandiset {archive.dandiset} has {difference}; "
            f"the line of the lock is not of this asset, {relock}"
        )
    return Asset.of(archive, found[1], headers)


def _successor(
    ask: Callable[..., tuple[Page[ListedAsset] | None, Mapping[str, str]]],
    archive: DandiArchive,
    file: LockedFile,
    gone: str | None,
    relock: str,
) -> Asset:
    """Return the asset that stands in the version at a path whose own asset is gone or unknown."""
    where = f"version {archive.version} of dandiset {archive.dandiset}"
    query = urlencode({"path": file.path, "metadata": "true"})
    place = f"dandisets/{archive.dandiset}/versions/{archive.version}/assets/?{query}"
    page, headers = ask(place, Page[ListedAsset])
    if page is None:
        raise IsomorphError(
            f"{file.path}: the archive has {f'neither asset {gone} nor' if gone else 'no'} "
            f"{where}; check archive.dandiset and archive.version, then {relock}"
        )
    listed = [row for row in page.results if row.path == file.path]
    if not listed:
        raise IsomorphError(
            f"{file.path}: is gone from the archive, "
            f"{f'neither as asset {gone} nor' if gone else 'not'} in {where}; {relock}"
        )
    described = listed[0].metadata or Metadata.model_validate({})
    if difference := _difference(described, file):
        moved = "the draft has moved on" if archive.version == "draft" else "it was replaced"
        raise IsomorphError(
            f"{file.path}: {moved} since it was locked, in {where} it now has {difference}; "
            f"{relock}"
        )
    if archive.access == "stream" and described.sha256 is None:
        later = archive.version == "draft"
        raise IsomorphError(
            f"{file.path}: the archive {'has not computed the' if later else 'states no'} sha256 "
            f"of what stands at this path in {where}{' yet' if later else ''}, and a file read in "
            "parts cannot be verified by anything else; "
            + ("run again later" if later else "take it whole, with access: download")
        )
    return Asset.of(archive, listed[0].asset_id, headers)


def _difference(described: Metadata, file: LockedFile) -> str:
    """Say what tells an asset from what was locked, '' for nothing.

    The archive computes the sha256 some time after an upload; until then only the size tells.
    """
    size, digest = described.size, described.sha256
    if digest is not None and file.algorithm == "sha256" and digest != file.hash:
        return f"sha256 {digest}, expected {file.hash}"
    if size is not None and size != file.size:
        return f"{size:,} bytes, expected {file.size:,}"
    return ""
