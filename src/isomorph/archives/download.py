"""One file over HTTP: resumed where it broke off and verified by its hash."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import IncompleteRead
from pathlib import Path

import requests
import urllib3

from isomorph.archives.hashes import Examined, Pin
from isomorph.archives.held import held
from isomorph.archives.pace import LOWEST_RATE, OVER, Pace
from isomorph.archives.patience import (
    BROKEN,
    TIMEOUT,
    RefusedError,
    TryAgainError,
    check_status,
    patience,
    without_password,
)
from isomorph.archives.progress import Progress
from isomorph.artefacts import disk_errors, replace_synced
from isomorph.errors import IsomorphError

BLOCK = 1 << 18
"""The most bytes read at a time."""
LEAST = int(LOWEST_RATE * OVER)
"""Bytes an attempt must bring for those after it to count from one again."""


class WrongFileError(IsomorphError):
    """What a server sends is not the file that was asked for."""


def download(
    http: requests.Session,
    addresses: Sequence[str],
    target: Path,
    pin: Pin,
    *,
    part: Path | None = None,
    progress: Progress | None = None,
    headers: Mapping[str, str] | None = None,
) -> str:
    """Download a file to its place, or leave nothing there.

    The bytes gather in a part file, which a broken run leaves behind for the next one to resume,
    and which becomes `target` only when the hash of the whole file, read back from the disk, is
    right. Neither an ETag nor a length stands in for the hash. Of two processes that want the same
    file one waits and then finds it there.

    Parameters
    ----------
    http : requests.Session
        See `session`.
    addresses : sequence of str
        Where to ask, one after another until one has the right bytes; an address that stands
        twice is asked again after wrong bytes, but not after a refusal.
    target : Path
        Where the file is to stand.
    pin : Pin
        What its bytes must be.
    part : Path, optional
        Where they gather, `<target>.part` unless given. A name that holds the hash is never
        resumed with the rest of another file.
    progress : Progress, optional
        Told of every byte.
    headers : dict of str to str, optional
        Shown to the server, such as a key; requests drops that where it is sent to another host.

    Returns
    -------
    str
        The sha256 of the file.

    Raises
    ------
    IsomorphError
        When no server can be reached or all refuse, the bytes are not those pinned, or the disk
        is full; one sentence with the address.
    """
    part = part or target.with_name(target.name + ".part")
    progress = progress or Progress(target.name, pin.size)
    with disk_errors(part):
        part.parent.mkdir(parents=True, exist_ok=True)
        with held(part, progress.pause) as mine:
            if (found := pin.stands(target)) is not None:
                progress.find(target.stat().st_size)  # another process brought it meanwhile
                return found.sha256
            examined = _gather(_Download(http, headers or {}, pin, progress), addresses, mine)
            replace_synced(mine, target)
    return examined.sha256


@dataclass(frozen=True)
class _Download:
    """What stays the same over all attempts at a file."""

    http: requests.Session
    headers: Mapping[str, str]
    pin: Pin
    progress: Progress


def _gather(line: _Download, addresses: Sequence[str], part: Path) -> Examined:
    """Fill a part file with the right bytes, from whichever address has them."""
    reasons: dict[str, None] = {}  # in order, each once
    refused: set[str] = set()
    line.progress.find(_size(part))
    for url in addresses:
        if url in refused:
            continue
        try:
            return _from_one(line, url, part)
        except RefusedError as error:
            refused.add(url)
            reasons[str(error)] = None
        except WrongFileError as error:
            _empty(part, line.progress)
            reasons[str(error)] = None
    wrong = "it was corrupted on the way or is not the file the dataset pins, nothing was kept"
    raise IsomorphError("; ".join([*reasons, *([wrong] if set(addresses) - refused else [])]))


def _from_one(line: _Download, url: str, part: Path) -> Examined:
    """Fill a part file with the right bytes from one address."""
    while True:
        resumed = _size(part) > 0
        _fill(line, url, part)
        examined = line.pin.examine(part)
        if examined.right:
            return examined
        if not resumed:
            raise WrongFileError(
                f"{without_password(url)}: the file has {line.pin.algorithm} {examined.hash}, "
                f"expected {line.pin.hash}"
            )
        # What an earlier run left may have been of another file: once more from the start.
        _empty(part, line.progress)


def _fill(line: _Download, url: str, part: Path) -> None:
    """Bring a part file to its full length, however often the line breaks."""
    longest = _size(part)
    for number in patience(f"{without_password(url)}: cannot be downloaded", line.progress.pause):
        with number:
            try:
                _attempt(line, url, part)
            except (TryAgainError, *BROKEN):
                if _size(part) - longest >= LEAST:  # it got on: patience starts again
                    longest = _size(part)
                    number.restart()
                raise


def _attempt(line: _Download, url: str, part: Path) -> None:
    """Ask for what a part file still lacks and append it."""
    pin, progress, have = line.pin, line.progress, _size(part)
    if have == pin.size:
        return  # an earlier run had it all
    # Only the file's own bytes can be resumed and hashed, so no compression on the way.
    headers = {**line.headers, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with line.http.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        total = _total(response)
        if have and response.status_code == requests.codes.requested_range_not_satisfiable:
            if total == have and pin.size is None:
                return  # an earlier run had it all
            _empty(part, progress)
            raise TryAgainError("the server has less than was here, starting over", 0.0)
        check_status(response, without_password(url))
        if pin.size is not None and total not in (None, pin.size):
            raise WrongFileError(
                f"{without_password(url)}: the server has {total:,} bytes, expected {pin.size:,}"
            )
        if response.status_code == requests.codes.partial_content:
            if _start(response) != have:
                _empty(part, progress)
                raise TryAgainError("the server resumed at a wrong place, starting over", 0.0)
        else:
            _empty(part, progress)  # the server ignores ranges: all of it comes again
        total = pin.size if pin.size is not None else total
        progress.size = progress.size or total
        try:
            _pour(response, part, total, progress)
        except urllib3.exceptions.ProtocolError as error:
            if total is None or not isinstance(error.args[-1], IncompleteRead):
                raise  # else it is said below, with what is here by now
    if total is not None and (size := _size(part)) != total:
        if size > total:
            raise WrongFileError(
                f"{without_password(url)}: the server sends more than the {total:,} bytes expected"
            )
        raise TryAgainError(f"the line broke at {size:,} of {total:,} bytes")


def _pour(response: requests.Response, part: Path, total: int | None, progress: Progress) -> None:
    """Append the body of an answer to a part file, as it comes in."""
    size, pace = _size(part), Pace()
    with _unless_full(part), open(part, "ab") as file:
        # `read1` gives what is there: a slow line is written, counted and broken off in time.
        while block := response.raw.read1(BLOCK, decode_content=False):
            file.write(block)
            size += len(block)
            progress.move(len(block))
            pace.move(len(block))
            if total is not None and size > total:
                return


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


def _empty(part: Path, progress: Progress) -> None:
    """Throw away what a part file holds; the file stays, and with it the lock on it."""
    if size := _size(part):
        progress.move(-size)
        os.truncate(part, 0)


def _start(response: requests.Response) -> int | None:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _total(response: requests.Response) -> int | None:
    """Return the size of the whole file as far as an answer tells it."""
    if found := re.search(r"/(\d+)$", response.headers.get("Content-Range", "")):
        return int(found[1])
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() and response.status_code == requests.codes.ok else None
