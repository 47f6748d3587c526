"""Writing so that nothing half-written is ever left under its final name."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from isomorph.disk import disk_errors
from isomorph.errors import IsomorphError

LONGEST = 200
"""Bytes of a name that a temporary file beside it takes over; disks hold 255 in all."""


class NoSuchFileError(IsomorphError):
    """A file that is not there; which stage makes it is known further up."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        super().__init__(f"{path}: no such file")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that becomes it when the block succeeds.

    Its bytes are on the disk before it has its name, so that not even a loss of power leaves a
    half-written file under it.

    Raises
    ------
    IsomorphError
        When the disk is full or the folder cannot be written; nothing is left behind.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            stem = path.stem.encode("utf-8", "surrogateescape")[:LONGEST].decode("utf-8", "ignore")
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{stem}.", suffix=path.suffix)
            os.close(handle)
            temporary = Path(name)
            temporary.chmod(0o644)
            yield temporary
            replace_synced(temporary, path)
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def replace_synced(temporary: Path, path: Path) -> None:
    """Give a file or a folder its name once its bytes are on the disk, and the name after them.

    Parameters
    ----------
    temporary : Path
        On the same disk.
    path : Path
        A folder must not stand there yet.
    """
    if temporary.is_dir():
        os.sync()  # of all disks: cheaper than one file after another
    else:
        _sync(temporary)
    temporary.replace(path)
    with suppress(OSError):  # some disks know no such thing for a folder
        _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Return the sha256 of a file, read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
