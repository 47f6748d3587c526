"""Questions to an archive over HTTP, with patience and through mirrors."""

from __future__ import annotations

import json
from typing import Any

import requests

from isomorph.archives.mirrors import mirrored
from isomorph.archives.patience import TIMEOUT, check_status, patience, without_password
from isomorph.errors import IsomorphError


class AbsentError(IsomorphError):
    """The server knows no such thing."""


def ask(http: requests.Session, url: str, parameters: dict[str, str] | None = None) -> bytes:
    """Return what a server answers.

    Parameters
    ----------
    http : requests.Session
        See `isomorph.archives.pace.session`.
    url : str
        As the archive is known, before any mirror.
    parameters : dict, optional
        Query.

    Raises
    ------
    AbsentError
        When the server says 404.
    IsomorphError
        When it cannot be reached or refuses.
    """
    address = mirrored(url)
    shown = without_password(address)
    for attempt in patience(f"{shown}: cannot be read"):
        with attempt:
            response = http.get(address, params=parameters, timeout=TIMEOUT)
            if response.status_code == requests.codes.not_found:
                raise AbsentError(f"{shown}: the server says 404 {response.reason}")
            check_status(response, shown)
            return response.content
    raise AssertionError("patience ends by returning or raising")


def ask_json(http: requests.Session, url: str, parameters: dict[str, str] | None = None) -> Any:
    """Return what a server answers in JSON; see `ask`."""
    content = ask(http, url, parameters)
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise IsomorphError(
            f"{without_password(mirrored(url))}: answers with something that is not JSON; check "
            "the address and ISOMORPH_MIRRORS"
        ) from None
