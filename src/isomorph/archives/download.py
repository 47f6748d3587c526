"""One file over HTTP: resumed where it broke off and verified by its hash."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from isomorph.archives.patience import (
    BROKEN,
    TIMEOUT,
    TryAgainError,
    check_status,
    patience,
    without_password,
)
from isomorph.artefacts import disk_errors, sha256
from isomorph.errors import IsomorphError

BLOCK = 1 << 18
"""Bytes read at a time."""


def download(http: requests.Session, url: str, target: Path, digest: str) -> None:
    """Download a file to its place, or leave nothing there.

    The bytes gather in `<target>.part`, which a broken run leaves behind for the next one to
    resume, and which becomes `target` only when the hash of the whole file is right.

    Parameters
    ----------
    http : requests.Session
        See `session`.
    url : str
        Address of the file.
    target : Path
        Where it shall stand.
    digest : str
        Its sha256.

    Raises
    ------
    IsomorphError
        When the server cannot be reached or refuses, the bytes are not those pinned, or the disk
        is full; one sentence with the address.
    """
    part = target.with_name(target.name + ".part")
    with disk_errors(part):
        part.parent.mkdir(parents=True, exist_ok=True)
        resumed = part.exists()
        _fill(http, url, part)
        if (found := sha256(part)) != digest and resumed:
            # What an earlier run left may have been of another file: once more from the start.
            part.unlink()
            _fill(http, url, part)
            found = sha256(part)
        if found != digest:
            part.unlink()
            raise IsomorphError(
                f"{without_password(url)}: the file has sha256 {found}, expected {digest}; it was "
                "corrupted on the way or is not the file the dataset pins, nothing was kept"
            )
        part.replace(target)


def _fill(http: requests.Session, url: str, part: Path) -> None:
    """Bring a part file to its full length, however often the line breaks."""
    longest = _size(part)
    for number in patience(f"{without_password(url)}: cannot be downloaded"):
        with number:
            try:
                _attempt(http, url, part)
            except (TryAgainError, *BROKEN):
                if _size(part) > longest:  # it got on: patience starts anew
                    longest = _size(part)
                    number.restart()
                raise


def _attempt(http: requests.Session, url: str, part: Path) -> None:
    """Ask for what a part file still lacks and append it."""
    have = _size(part)
    # Only the file's own bytes can be resumed and hashed, so no compression on the way.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with http.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            if _total(response) == have:
                return  # an earlier run had it all
            part.unlink(missing_ok=True)
            raise TryAgainError("the server has less than was here, starting over", 0.0)
        check_status(response, without_password(url))
        if response.status_code == requests.codes.partial_content:
            if _start(response) != have:
                part.unlink(missing_ok=True)
                raise TryAgainError("the server resumed at a wrong place, starting over", 0.0)
        else:
            have = 0  # the server ignores ranges: all of it comes again
        total = _total(response)
        _pour(response, part, have, total)
    if total is not None and (size := _size(part)) < total:
        raise TryAgainError(f"the line broke at {size:,} of {total:,} bytes")


def _pour(response: requests.Response, part: Path, have: int, total: int | None) -> None:
    """Write the body of an answer behind the first `have` bytes of a part file."""
    name, said, size = part.name.removesuffix(".part"), time.monotonic(), have
    with _unless_full(part), open(part, "ab" if have else "wb") as file:
        for block in response.raw.stream(BLOCK, decode_content=False):
            file.write(block)
            size += len(block)
            if time.monotonic() - said > 5:
                said = time.monotonic()
                whole = f" of {total / 1e6:.1f}" if total else ""
                print(f"{name}: {size / 1e6:.1f}{whole} MB", file=sys.stderr, flush=True)


@contextmanager
def _unless_full(part: Path) -> Iterator[None]:
    """Clear a part file away when the disk refuses it, so that a full disk has room again."""
    try:
        yield
    except OSError as error:
        if not isinstance(error, BROKEN):
            part.unlink(missing_ok=True)
        raise


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _start(response: requests.Response) -> int | None:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _total(response: requests.Response) -> int | None:
    """Return the size of the whole file as far as an answer tells it."""
    if found := re.search(r"/(\d+)$", response.headers.get("Content-Range", "")):
        return int(found[1])
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() and response.status_code == requests.codes.ok else None
