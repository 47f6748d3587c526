"""Assets of the DANDI archive: what stands behind a line of a lock file."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import requests
from pydantic import BaseModel

from isomorph.archives.dandi_answers import UUID, ListedAsset, Metadata, Page, read_answer
from isomorph.archives.lock import LockedFile
from isomorph.archives.mirrors import mirrored
from isomorph.archives.patience import TIMEOUT, check_status, patience, without_password
from isomorph.errors import IsomorphError
from isomorph.study.archive import DandiArchive

_ADDRESS = re.compile(rf"/assets/({UUID})/download/?$")
_LISTING = "/assets/?path="
KEYS = {
    "api.dandiarchive.org": "DANDI_API_KEY",
    "api.sandbox.dandiarchive.org": "DANDI_SANDBOX_API_KEY",
    "api.lincbrain.org": "LINC_API_KEY",
    "api-dandi.emberarchive.org": "EMBER_DANDI_API_KEY",
}
"""Environment variable that holds the API key, by host; the names are the client's own."""


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


PREFIX = "ISOMORPH_KEY_"
"""How the variable of any other archive begins; its host follows. So a dataset's file, which may
come from anybody, cannot name a host for which another program's key is set."""
PORTS = {"http": 80, "https": 443}
_LABELS = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*")


def key_variable(archive: DandiArchive) -> str:
    """Return the environment variable for the API key of an archive.

    A key goes to nobody but the archive it is for, so archives without a variable of their own
    have one made of their host and port, and no two have the same: a dot is one underscore, a dash
    two, and three stand before a port that is not 443. `https://archive-mylab.org:8443/api` has
    `ISOMORPH_KEY_ARCHIVE__MYLAB_ORG___8443`. Any other host is spelled in hexadecimal digits after
    four.
    """
    try:
        parts = urlsplit(archive.instance)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 443)
    except ValueError:  # no address at all
        host, port = archive.instance, 443
    if host in KEYS and port in PORTS.values():
        return KEYS[host]
    if _LABELS.fullmatch(host):
        name = host.upper().replace("-", "__").replace(".", "_")
    else:
        name = "____" + host.encode("utf-8", "surrogatepass").hex().upper()
    return PREFIX + name + (f"___{port}" if port != 443 else "")


def api_key(archive: DandiArchive) -> str | None:
    """Return the API key the user has set for an archive, None without one.

    Raises
    ------
    IsomorphError
        When it has a character that no key has, or would go over the line in clear. The key
        itself is never said.
    """
    variable = key_variable(archive)
    key = os.environ.get(variable, "").strip()
    if not key:
        return None
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise IsomorphError(
            f"{variable}: holds a character no API key has, such as a blank, a line break or one "
            "that cannot be seen; copy the key anew"
        )
    address = mirrored(archive.instance)
    if urlsplit(address).scheme != "https" and not _is_loopback(_host(address)):
        raise IsomorphError(
            f"{variable}: the key would go in clear to {without_password(address)}; give "
            "archive.instance, or its mirror in ISOMORPH_MIRRORS, with https"
        )
    return key


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # no address at all
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
        The command that writes the lock anew, for messages.
    pause : callable, optional
        Waits for so many seconds.

    Raises
    ------
    IsomorphError
        When the asset is gone, differs from what was locked, or is not shown without a key.
    """
    ask = partial(_ask, http, archive, file.path, pause)
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
            "parts cannot be told by anything else; "
            + ("run again later" if later else "take it whole, with access: download")
        )
    return Asset.of(archive, listed[0].asset_id, headers)


AnswerT = TypeVar("AnswerT", bound=BaseModel)


def _ask(
    http: requests.Session,
    archive: DandiArchive,
    path: str,
    pause: Callable[[float], None] | None,
    place: str,
    model: type[AnswerT],
) -> tuple[AnswerT | None, Mapping[str, str]]:
    """Return what the API says at an address, None where it has nothing, and the key it needed.

    A key is shown only where it is asked for: a key that has expired would close what is open.
    """
    address = mirrored(f"{archive.instance.rstrip('/')}/{place}")
    said = without_password(address)
    headers: Mapping[str, str] = {}
    for attempt in patience(f"{path}: the archive cannot be reached at {said}", pause):
        with attempt:
            response = http.get(address, headers=headers, timeout=TIMEOUT)
            if response.status_code in _CLOSED and not headers and (key := api_key(archive)):
                headers = {"Authorization": f"token {key}"}
                response = http.get(address, headers=headers, timeout=TIMEOUT)
            if response.status_code in _CLOSED:
                refused = "a key that may see it, the present one is refused"
                raise IsomorphError(
                    f"{path}: dandiset {archive.dandiset} is not open to everyone (it may be "
                    f"under embargo); set {key_variable(archive)} to "
                    + (refused if headers else "your key")
                )
            if response.status_code == requests.codes.not_found:
                return None, headers
            check_status(response, f"{path}: {said}")
            try:
                content = response.json()
            except (ValueError, RecursionError):
                content = None
            refusal = (
                f"{path}: {said} does not answer as the DANDI archive does; check archive.instance"
            )
            return read_answer(model, content, refusal), headers
    raise AssertionError("patience ends by returning or raising")


_CLOSED = (requests.codes.unauthorized, requests.codes.forbidden)


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
