"""An asset of the DANDI archive as a file that is read where it stands."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin

import requests

from isomorph.archives.dandi_asset import Asset
from isomorph.archives.lock import LockedFile
from isomorph.archives.mirrors import mirrored
from isomorph.archives.pace import PacedAdapter, session
from isomorph.archives.patience import (
    TIMEOUT,
    TryAgainError,
    check_status,
    patience,
    without_password,
)
from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.saying import Seldom

CACHE = 256 << 20
"""Bytes kept in memory."""
AHEAD = 4 << 20
"""Bytes read ahead at most: 0.3 s at 100 Mbit/s, so that a round trip costs a tenth of it."""
RENEWED_AFTER = 600.0
"""Seconds an address of the bucket is used; those of embargoed assets expire."""


class Remote:
    """A remote file for reading at any place; h5py opens it.

    Parameters
    ----------
    address : _Address
        Where it is.
    file : LockedFile
        Its size, and its path for messages.

    Attributes
    ----------
    failure : Exception or None
        What ended a read, which HDF5 does not hand on.
    """

    def __init__(self, address: _Address, file: LockedFile) -> None:
        import remfile

        self.failure: IsomorphError | None = None
        self._address, self._path, self._size = address, file.path, file.size
        self._position, self._say = 0, Seldom()
        self._file = remfile.File(
            address, _size=file.size, _max_cache_size=CACHE, _max_chunk_size=AHEAD
        )
        self._file.session.close()
        self._file.session = address.http

    @property
    def read_bytes(self) -> int:
        """Bytes that came over the line."""
        return self._address.line.read_bytes

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        """Do nothing: it is only read."""

    def read(self, size: int) -> bytes:
        """Return bytes, however often the line breaks.

        Raises
        ------
        IsomorphError
            When it stays broken.
        """
        if self.failure is not None:
            raise self.failure
        try:
            content = self._patiently(size)
        except IsomorphError as error:
            self.failure = error
            raise
        self._position += len(content)
        self._say(f"{self._path}: {in_words(self.read_bytes)} read")
        return content

    def _patiently(self, size: int) -> bytes:
        for attempt in patience(f"{self._path}: cannot be read on at byte {self._position:,}"):
            with attempt:
                self._file.seek(self._position)
                try:
                    return bytes(self._file.read(size))
                except Exception as error:  # remfile raises plain ones, after attempts of its own
                    status = self._address.line.status
                    if status == requests.codes.not_found:
                        raise IsomorphError(
                            f"{self._path}: went away while it was read; run again later"
                        ) from error
                    if status in (requests.codes.unauthorized, requests.codes.forbidden):
                        self._address.renew()  # it expired
                    raise TryAgainError(str(error)) from error
        raise AssertionError("patience ends by returning or raising")


@contextmanager
def open_remote(asset: Asset, file: LockedFile) -> Iterator[Remote]:
    """Open an asset where it stands, checked to be of the locked size.

    Parameters
    ----------
    asset : Asset
        See `isomorph.archives.dandi_asset.find_asset`.
    file : LockedFile
        What was locked.

    Raises
    ------
    IsomorphError
        When the archive cannot be reached, has another size, or sends only whole files.
    """
    with session() as http:
        line = _Connection()
        http.mount("http://", line)
        http.mount("https://", line)
        address = _Address(http, line, asset, file.path)
        _check(address, file)
        yield Remote(address, file)


class _Connection(PacedAdapter):
    """Counts what comes, remembers how the last request ended, and never waits forever."""

    read_bytes = 0
    status: int | None = None

    def send(self, request: Any, **settings: Any) -> requests.Response:  # type: ignore[override]
        self.status = None
        if settings.get("timeout") is None:
            settings["timeout"] = TIMEOUT
        response = super().send(request, **settings)
        self.status = response.status_code
        length = response.headers.get("Content-Length", "")
        if self.status == requests.codes.partial_content and length.isdigit():
            self.read_bytes += int(length)
        return response


class _Address:
    """Where the bytes of an asset are: the API is asked, which sends to the bucket."""

    def __init__(self, http: requests.Session, line: _Connection, asset: Asset, path: str) -> None:
        self.http, self.line, self._asset, self._path = http, line, asset, path
        self._found, self._asked = "", 0.0

    def renew(self) -> None:
        """Ask the API again before the next read."""
        self._found = ""

    def get_url(self) -> str:
        """Return the present address, as remfile asks for it."""
        if not self._found or time.monotonic() - self._asked > RENEWED_AFTER:
            self._found, self._asked = self._ask(), time.monotonic()
        return self._found

    def _ask(self) -> str:
        api, headers = self._asset.address, self._asset.headers
        for attempt in patience(
            f"{self._path}: the archive cannot be reached at {without_password(api)}"
        ):
            with attempt:
                # The bucket is asked by us, without the key: it is not the archive's API.
                with self.http.get(
                    api, headers=headers, allow_redirects=False, stream=True, timeout=TIMEOUT
                ) as response:
                    check_status(response, f"{self._path}: {without_password(api)}")
                    found = urljoin(api, response.headers.get("Location", api))
                return mirrored(found)
        raise AssertionError("patience ends by returning or raising")


def _check(address: _Address, file: LockedFile) -> None:
    """Ask for one byte: the answer tells the size, and whether parts can be had at all."""
    for attempt in patience(f"{file.path}: the archive's bucket cannot be reached"):
        with attempt:
            url = address.get_url()
            with address.http.get(
                url, headers={"Range": "bytes=0-0"}, stream=True, timeout=TIMEOUT
            ) as response:
                check_status(response, f"{file.path}: {without_password(url)}")
                span = response.headers.get("Content-Range", "")
                partial = response.status_code == requests.codes.partial_content
            if not partial:
                raise IsomorphError(
                    f"{file.path}: the server sends only whole files, so it cannot be read in "
                    "parts; use archive.access: download"
                )
            found = re.search(r"/(\d+)$", span)
            if found is None or int(found[1]) != file.size:
                raise IsomorphError(
                    f"{file.path}: the server says {span or 'nothing of its size'}, expected "
                    f"{file.size:,} bytes; it is not the file that was locked"
                )
