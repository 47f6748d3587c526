"""One file over HTTP: resumed where it broke off, tried again with patience, verified by hash."""

from __future__ import annotations

import email.utils
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3

from isomorph.artefacts import disk_errors, sha256
from isomorph.errors import IsomorphError

ATTEMPTS = 5
"""Attempts in a row that bring nothing new before a download is given up."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before the second attempt, doubled each time, and the most a server may ask for."""
TIMEOUT = (20.0, 60.0)
"""Seconds to connect, and between two pieces of a file."""
BLOCK = 1 << 18

BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,  # the raw stream raises urllib3's own
)
"""What a bad line, as opposed to a wrong request, raises."""


class _TryAgainError(Exception):
    """An attempt failed in a way that may pass.

    Attributes
    ----------
    wait : float or None
        Seconds the server asked for.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def session() -> requests.Session:
    """Return an HTTP session that trusts what pip was told to trust.

    Proxies and `REQUESTS_CA_BUNDLE` are read by requests itself and go before.
    """
    opened = requests.Session()
    bundle = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    if bundle:
        opened.verify = bundle
    return opened


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
            except (_TryAgainError, *BROKEN):
                if _size(part) > longest:  # it got on: patience starts anew
                    longest = _size(part)
                    number.restart()
                raise


class Attempt:
    """One of several attempts; a passing failure inside its block is waited out.

    Parameters
    ----------
    what : str
        Opening of the sentence that gives up.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.failures = 0
        self.done = False

    def restart(self) -> None:
        """Forget the failures so far."""
        self.failures = 0

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if error is None:
            self.done = True
            return False
        if isinstance(error, requests.exceptions.SSLError):
            raise IsomorphError(
                f"{self.what}, its certificate is not trusted here ({_reason(error)}); set "
                "REQUESTS_CA_BUNDLE to the certificates this network needs"
            ) from error
        if not isinstance(error, (_TryAgainError, *BROKEN)):
            if isinstance(error, requests.RequestException):  # an address no server has
                raise IsomorphError(f"{self.what} ({error})") from error
            return False
        self.failures += 1
        if self.failures >= ATTEMPTS:
            raise IsomorphError(
                f"{self.what} ({_reason(error)}); check the network (and HTTPS_PROXY, if it needs "
                "one), then run again"
            ) from error
        asked = error.wait if isinstance(error, _TryAgainError) else None
        wait = FIRST_WAIT * 2 ** (self.failures - 1) if asked is None else asked
        wait = min(wait, LONGEST_WAIT)
        print(
            f"{self.what} yet ({_reason(error)}), again in {wait:.0f} s",
            file=sys.stderr,
            flush=True,
        )
        time.sleep(wait)
        return True


def patience(what: str) -> Iterator[Attempt]:
    """Yield attempts until one succeeds; give up with a sentence that begins with `what`."""
    attempt = Attempt(what)
    while not attempt.done:
        yield attempt


def check_status(response: requests.Response, address: str) -> None:
    """Refuse an answer that holds no content.

    Raises
    ------
    IsomorphError
        When asking again would not help.
    """
    status = response.status_code
    said = f"{status} {response.reason}"
    if status == requests.codes.too_many_requests or status >= 500:
        raise _TryAgainError(f"the server says {said}", retry_after(response))
    if status >= 400:
        raise IsomorphError(f"{address}: the server says {said}")


def retry_after(response: requests.Response) -> float | None:
    """Return the seconds a server asks to wait, None where it does not say."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())


def without_password(url: str) -> str:
    """Return an address without the name and password it may carry."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


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
            raise _TryAgainError("the server has less than was here, starting over", 0.0)
        check_status(response, without_password(url))
        if response.status_code == requests.codes.partial_content:
            if _start(response) != have:
                part.unlink(missing_ok=True)
                raise _TryAgainError("the server resumed at a wrong place, starting over", 0.0)
        else:
            have = 0  # the server ignores ranges: all of it comes again
        total = _total(response)
        _pour(response, part, have, total)
    if total is not None and (size := _size(part)) < total:
        raise _TryAgainError(f"the line broke at {size:,} of {total:,} bytes")


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


def _reason(error: BaseException) -> str:
    """Return the innermost cause of a failure, which is the one a person can use."""
    while True:
        inner = getattr(error, "reason", None) or next(
            (arg for arg in error.args if isinstance(arg, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            break
        error = inner
    text = str(error) or type(error).__name__
    return re.sub(r"^.*?(\[Errno -?\d+\] |: )(?=\S)", "", text, count=1) if "0x" in text else text
