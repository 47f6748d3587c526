"""The DANDI archive's own client, kept from asking, drawing and logging."""

from __future__ import annotations

import ast
import io
import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from isomorph.archives.patience import (
    TryAgainError,
    patience,
    without_password,
    without_secrets,
)
from isomorph.errors import IsomorphError
from isomorph.foreign import first_line

SAID_EVERY = 5.0
"""Seconds between two lines of progress of one file."""


class ChecksumError(Exception):
    """What the client downloaded does not have the checksum the archive told it."""


class StoppedError(Exception):
    """The download was given up because another one failed."""


class Client:
    """The client while its block runs; see `quiet_client`.

    Several threads may download at once.
    """

    def __init__(self, records: _Records) -> None:
        self._records = records

    def stop(self) -> None:
        """Let every download end at its next sign of life."""
        self._records.stopped.set()

    def download(self, asset: str, folder: Path, name: str, key: str | None) -> None:
        """Download an asset into a folder, resumed where it broke off.

        Parameters
        ----------
        asset : str
            Address of the asset at the API.
        folder : Path
            Where it is put, under the last part of its path.
        name : str
            What to call it in messages.
        key : str or None
            API key, where the asset needs one.

        Raises
        ------
        ChecksumError
            When the bytes are not those the archive says; the wrong file stands in the folder.
        StoppedError
            When the client was stopped.
        IsomorphError
            When the client gives up for another reason.
        """
        for attempt in patience(f"{name}: {without_password(asset)} cannot be reached"):
            with attempt:
                self._download(asset, folder, name, key)

    def _download(self, asset: str, folder: Path, name: str, key: str | None) -> None:
        from dandi.download import DownloadExisting, DownloadFormat, download

        self._records.begin(name)
        try:
            _show_key(asset, name, key)
            download(
                asset,
                folder,
                # prints one record per line, where the other format draws a table
                format=DownloadFormat.DEBUG,
                existing=DownloadExisting.OVERWRITE,
            )
        except (StoppedError, IsomorphError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's, which is told apart further up
            record = self._records.failure()
            if record.get("checksum") == "differs":
                raise ChecksumError(_shown(record.get("message"))) from error
            reason = _shown(record.get("message") or error)
            if "retrieve server info" in reason:  # the one request the client does not repeat
                raise TryAgainError(reason) from error
            raise IsomorphError(f"{name}: the dandi client gives up ({reason})") from error


@contextmanager
def quiet_client() -> Iterator[Client]:
    """Yield the client; meanwhile it can ask nothing, and tells us alone how it gets on.

    It would ask an embargoed dandiset's API key on the terminal, print a table, log to the
    terminal and call home for its newest version. Standard input is empty while the block runs
    and standard output is read for the client's records.
    """
    before = dict(os.environ)
    os.environ["DANDI_NO_ET"] = "1"
    # The user's own may ask its password on the terminal itself; a key comes from us or not at all.
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    logger = logging.getLogger("dandi")
    records, log = _Records(), _Waits()
    propagate, level, stdin = logger.propagate, logger.level, sys.stdin
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own affairs
        try:
            import dandi.download  # noqa: F401  (sets the level of its logger)

            logger.addHandler(log)
            logger.propagate = False
            logger.setLevel(logging.DEBUG)
            sys.stdin = io.StringIO()
            with redirect_stdout(records):
                yield Client(records)
        finally:
            sys.stdin = stdin
            logger.removeHandler(log)
            logger.propagate = propagate
            logger.setLevel(level)
            for name in os.environ.keys() - before.keys():
                del os.environ[name]  # the key that `_show_key` showed, too
            os.environ.update(before)


def _show_key(asset: str, name: str, key: str | None) -> None:
    """Show the client an API key in the variable in which it looks for that of an address.

    The client goes where the server at an address says that its API is, and takes the key there;
    so a server that names another is refused, even where no key is needed: the user's mirror
    would be passed by.
    """
    from dandi.dandiarchive import parse_dandi_url

    instance = parse_dandi_url(asset).instance
    if _server(instance.api) != _server(asset):
        raise IsomorphError(
            f"{name}: {_server(asset)} says that its API is at {without_password(instance.api)}, "
            "where the dandi client would go in its place; let /api/info/ of a mirror name the "
            "mirror, or give archive.instance as that address"
        )
    if key is not None:
        # A mirror or an institute's own archive is named by its host there, so that the
        # variable the user has set is not the one the client reads.
        os.environ[f"{instance.name.upper().replace('-', '_')}_API_KEY"] = key


def _server(address: str) -> str:
    """Return host and port of an address."""
    parts = urlsplit(address)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.hostname}:{port}"


class _Records(io.TextIOBase):
    """Stands in for standard output: reads the records the client prints, thread by thread."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._own = threading.local()

    def begin(self, name: str) -> None:
        """Begin the records of a file in this thread."""
        self._own.name, self._own.line, self._own.failure = name, "", {}
        self._own.said, self._own.size = time.monotonic(), None

    def failure(self) -> dict[str, Any]:
        """Return the last record of this thread that tells of an error."""
        return dict(self._own.failure)

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.stopped.is_set():
            raise StoppedError
        if not hasattr(self._own, "name"):
            return len(text)
        *lines, self._own.line = (self._own.line + text).split("\n")
        for line in lines:
            self._read(line)
        return len(text)

    def _read(self, line: str) -> None:
        try:
            record = ast.literal_eval(line)
        except (ValueError, SyntaxError):
            return  # not a record
        own = self._own
        if not isinstance(record, dict):
            return
        if record.get("status") == "error":
            own.failure = record
        own.size = record.get("size", own.size)
        done = record.get("done")
        if done is not None and time.monotonic() - own.said > SAID_EVERY:
            own.said = time.monotonic()
            whole = f" of {own.size / 1e6:.1f}" if own.size else ""
            print(f"{own.name}: {done / 1e6:.1f}{whole} MB", file=sys.stderr, flush=True)


class _Waits(logging.Handler):
    """Says in one line each that the client waits before it asks again, and nothing else."""

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if "will sleep" in said or said.startswith("Will retry"):
            print(f"dandi client: {_shown(said)}", file=sys.stderr, flush=True)


def _shown(said: object) -> str:
    return without_secrets(first_line(said))
