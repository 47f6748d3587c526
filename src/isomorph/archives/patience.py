"""Patience with servers: what may pass is waited out, what will not is said at once."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3

from isomorph.errors import IsomorphError
from isomorph.saying import say

ATTEMPTS = 5
"""Attempts in a row that bring nothing new before a download is given up."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before the second attempt, doubled each time, and the most a server may ask for."""
TIMEOUT = (20.0, 60.0)
"""Seconds to connect, and between two pieces of a file."""

LONG = 16.0
"""Seconds of a wait that is said even if the one before was."""

NO_NETWORK = "check the network (and HTTPS_PROXY, if it needs a proxy), then run again"

BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,  # the raw stream raises urllib3's own
)
"""What a bad line, as opposed to a wrong request, raises."""


_said: set[str] = set()
"""Why attempts failed since one succeeded, each said once: an absent network fails them all."""


class TryAgainError(Exception):
    """An attempt failed in a way that may pass.

    Attributes
    ----------
    wait : float or None
        Seconds the server asked for.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class RefusedError(IsomorphError):
    """A server said no, and would say so again."""


class GivenUpError(IsomorphError):
    """Nothing came through for as long as patience lasts."""


class Attempt:
    """One of several attempts; a passing failure inside its block is waited out.

    Parameters
    ----------
    what : str
        Opening of the sentence that gives up.
    pause : callable, optional
        Waits for so many seconds; `time.sleep` unless given.
    """

    def __init__(self, what: str, pause: Callable[[float], object] | None = None) -> None:
        self.what = what
        self.pause = pause
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
            _said.clear()
            return False
        if isinstance(error, requests.exceptions.SSLError):
            raise IsomorphError(
                f"{self.what}, its certificate is not trusted here ({_reason(error)}); set "
                "REQUESTS_CA_BUNDLE to the certificates this network needs"
            ) from error
        if not isinstance(error, (TryAgainError, *BROKEN)):
            # An address no server has, or, where one redirects to, that is none at all.
            if isinstance(error, requests.RequestException | ValueError):
                raise IsomorphError(f"{self.what} ({without_secrets(str(error))})") from error
            return False
        self.failures += 1
        if self.failures >= ATTEMPTS:
            raise GivenUpError(
                f"{self.what} ({_reason(error)}); "
                + ("run again later" if isinstance(error, TryAgainError) else NO_NETWORK)
            ) from error
        asked = error.wait if isinstance(error, TryAgainError) else None
        wait = FIRST_WAIT * 2 ** (self.failures - 1) if asked is None else asked
        wait = min(wait, LONGEST_WAIT)
        reason = _reason(error)
        if reason not in _said or wait > LONG:
            say(f"{self.what} yet ({reason}), again in {wait:.0f} s")
        _said.add(reason)
        (self.pause or time.sleep)(wait)
        return True


def patience(what: str, pause: Callable[[float], object] | None = None) -> Iterator[Attempt]:
    """Yield attempts until one succeeds; give up with a sentence that begins with `what`."""
    attempt = Attempt(what, pause)
    while not attempt.done:
        yield attempt


def check_status(response: requests.Response, address: str) -> None:
    """Refuse an answer that holds no content.

    Raises
    ------
    RefusedError
        When asking again would not help.
    TryAgainError
        When it might.
    """
    status = response.status_code
    said = f"{status} {response.reason}"
    if status >= 500 or status in (
        requests.codes.too_many_requests,
        requests.codes.request_timeout,
    ):
        raise TryAgainError(f"the server says {said}", retry_after(response))
    # Else 202, say, from one that wants to see a browser first, or a redirect to nowhere.
    if status not in (requests.codes.ok, requests.codes.partial) and not response.is_redirect:
        raise RefusedError(f"{address}: the server says {said}")


def retry_after(response: requests.Response) -> float | None:
    """Return the seconds a server asks to wait, None where it does not say."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, OSError):  # no date, or one beyond the calendar
        return None
    return max(0.0, moment - time.time())


def without_password(url: str) -> str:
    """Return an address as it may be shown.

    Without the name and password it may carry, and of its query only what names a file: the rest
    may be a signature that opens it.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # no address at all
        return without_secrets(url)
    shown = [one for one in parts.query.split("&") if one.partition("=")[0] in SHOWN]
    host, path = parts.netloc.rpartition("@")[2], parts.path
    if not parts.netloc:  # without a scheme what should be the host counts as path
        path = re.sub(r"^[^/]*@", "", path)
    return urlunsplit(parts._replace(netloc=host, path=path, query="&".join(shown), fragment=""))


SHOWN = ("versionId", "path")
"""Parts of a query that are said in messages."""

_PASSWORD = re.compile(r"//[^/\s]*@")
_SIGNATURE = re.compile(
    r"\b(X-(?:Amz|Goog)-[\w-]+|AWSAccessKeyId|GoogleAccessId|Signature|Policy|Key-Pair-Id|sig|token)"
    r"=[^&\s'\")>]+",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """Return what another program says, without passwords and signatures of addresses in it."""
    return _SIGNATURE.sub(r"\1=…", _PASSWORD.sub("//", text))


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
    return without_secrets(re.sub(r"^\w*Connection\w*\(.*?\): ", "", text))  # repeats the address
