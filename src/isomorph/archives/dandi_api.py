"""Questions to the API of a DANDI archive, with the key the user has set for it and no other.

Its description: https://api.dandiarchive.org/api/docs/redoc.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel

from isomorph.archives.answers import read_answer
from isomorph.archives.mirrors import mirrored
from isomorph.archives.patience import TIMEOUT, check_status, patience, without_password
from isomorph.errors import IsomorphError
from isomorph.study.pinned import DandiArchive

AnswerT = TypeVar("AnswerT", bound=BaseModel)

KEYS = {
    "api.dandiarchive.org": "DANDI_API_KEY",
    "api.sandbox.dandiarchive.org": "DANDI_SANDBOX_API_KEY",
    "api.lincbrain.org": "LINC_API_KEY",
    "api-dandi.emberarchive.org": "EMBER_DANDI_API_KEY",
}
"""Environment variable that holds the API key, by host; the names are the client's own."""
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
            "that cannot be seen; copy the key again"
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


def ask(
    http: requests.Session,
    archive: DandiArchive,
    place: str,
    model: type[AnswerT],
    what: str,
    pause: Callable[[float], None] | None = None,
) -> tuple[AnswerT | None, Mapping[str, str]]:
    """Ask the API of an archive.

    A key is shown only where it is asked for: a key that has expired would close what is open.

    Parameters
    ----------
    http : requests.Session
        See `isomorph.archives.pace.session`.
    archive : DandiArchive
        Whose API.
    place : str
        What to ask for, as it counts from the address of the API; or a whole address.
    model : type
        What the answer must be.
    what : str
        Opening of every mistake.
    pause : callable, optional
        Waits for so many seconds.

    Returns
    -------
    answer : model or None
        None where the archive has no such thing.
    headers : dict of str to str
        The key that it took.

    Raises
    ------
    IsomorphError
        When the archive cannot be reached, is not open, or does not answer as it should.
    """
    instance = f"{archive.instance.rstrip('/')}/"
    address = mirrored(place if "://" in place else instance + place)
    said = without_password(address)
    refusal = f"{what}: {said} does not answer as the DANDI archive does; check archive.instance"
    headers: Mapping[str, str] = {}
    for attempt in patience(f"{what}: the archive cannot be reached at {said}", pause):
        with attempt:
            response = http.get(address, headers=headers, timeout=TIMEOUT)
            # A page may say that the next one is anywhere, where the key has no business.
            own = address.startswith(mirrored(instance))
            if response.status_code in _CLOSED and own and (key := api_key(archive)):
                headers = {"Authorization": f"token {key}"}
                response = http.get(address, headers=headers, timeout=TIMEOUT)
            if response.status_code in _CLOSED:
                refused = "a key that may see it, the present one is refused"
                raise IsomorphError(
                    f"{what}: dandiset {archive.dandiset} is not open to everyone (it may be "
                    f"under embargo); set {key_variable(archive)} to "
                    + (refused if headers else "your key")
                )
            if response.status_code == requests.codes.not_found:
                return None, headers
            check_status(response, f"{what}: {said}")
            try:
                content = response.json()
            except (ValueError, RecursionError):
                content = None
            return read_answer(model, content, refusal), headers
    raise AssertionError("patience ends by returning or raising")


_CLOSED = (requests.codes.unauthorized, requests.codes.forbidden)
