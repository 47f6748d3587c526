"""How slowly and how much a server may send: a body that comes a byte at a time never ends."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from isomorph.archives.patience import RefusedError, TryAgainError, without_password

LOWEST_RATE, OVER = 1000.0, 60.0
"""Bytes a second that must come, on average over so many seconds."""
LARGEST = 1 << 28
"""Bytes of an answer that is kept in memory, unpacked; pages of listings have some millions."""
BLOCK = 1 << 16


class Pace:
    """Tells when a body comes too slowly.

    A server that stays silent is recognised by its timeout; one that sends a byte now and then is
    not.
    """

    def __init__(self) -> None:
        self._since, self._size = time.monotonic(), 0

    def move(self, size: int) -> None:
        """Count bytes that came.

        Raises
        ------
        TryAgainError
            When the last minute brought fewer than 1000 bytes a second.
        """
        self._size += size
        gone = time.monotonic() - self._since
        if gone >= OVER:
            if self._size < LOWEST_RATE * gone:
                rate, lowest = f"{self._size / gone:,.1f}", f"{LOWEST_RATE:,.0f}"
                raise TryAgainError(f"it sends {rate} bytes a second, fewer than {lowest}")
            self._since, self._size = time.monotonic(), 0


class PacedAdapter(HTTPAdapter):
    """Bounds the pace of answers, and the size of those that are kept in memory."""

    def send(self, request: Any, *more: Any, **settings: Any) -> requests.Response:
        response = super().send(request, *more, **settings)
        if hasattr(response.raw, "stream"):
            kept = not settings.get("stream") or response.is_redirect
            largest = LARGEST if kept else None
            response.raw = _Body(response.raw, largest, without_password(str(request.url)))
        return response


class _Body:
    """The body of an answer, handed on as it comes in."""

    def __init__(self, raw: Any, largest: int | None, address: str) -> None:
        self._raw, self._largest, self._address = raw, largest, address

    def stream(self, _amount: int, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield pieces, gathered in memory by requests or taken one by one by who asked."""
        pace, size = Pace(), 0
        while block := self._raw.read1(BLOCK, decode_content=decode_content):
            pace.move(len(block))
            size += len(block)
            if self._largest is not None and size > self._largest:
                raise RefusedError(
                    f"{self._address}: the server answers with more than "
                    f"{self._largest / 1e6:,.0f} MB"
                )
            yield block

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def session() -> requests.Session:
    """Return an HTTP session that trusts what pip was told to trust, and does not wait forever.

    Proxies and `REQUESTS_CA_BUNDLE` are read by requests itself and go before.
    """
    opened = requests.Session()
    # Archives turn away what does not say who it is: Zenodo, at times, all of Python's requests.
    opened.headers["User-Agent"] = f"isomorph/{version('isomorph')}"
    bundle = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    if bundle:
        opened.verify = bundle
    for scheme in ("http://", "https://"):
        opened.mount(scheme, PacedAdapter())
    return opened
