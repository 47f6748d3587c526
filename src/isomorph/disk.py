"""Nothing half-written is left under its name; what a disk refuses is said in words."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what a disk refuses while `path` is written into a sentence.

    Raises
    ------
    IsomorphError
        When the disk is full, read-only or broken, a limit is reached, a file stands in the way,
        permission is denied, or the system says anything else. What a network says passes.
    """
    try:
        yield
    except OSError as error:
        if _is_of_the_network(error):
            raise
        reason = _DISK.get(error.errno or 0) or error.strerror or str(error)
        raise IsomorphError(f"{path}: cannot be written, {reason}") from error


def _is_of_the_network(error: OSError) -> bool:
    """Tell whether no disk said this, or a library of its own kind of error."""
    return (
        error.errno is None
        or type(error).__module__ != "builtins"  # of a request, a name server, a certificate
        or isinstance(error, ConnectionError | TimeoutError)
        or error.errno in _NETWORK
    )


_NETWORK = {errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH}

_DISK = {
    errno.ENOSPC: "the disk is full; free some space and run again",
    errno.EDQUOT: "the disk quota is used up; free some space and run again",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.EFBIG: "it grows larger than the disk or `ulimit -f` allows; raise the limit or choose "
    "another folder",
    errno.EIO: "the disk reports an error of its own; check it or choose another folder",
    errno.ENOTDIR: "part of its path is a file, not a folder; move that file or choose another "
    "folder",
    errno.EEXIST: "a file stands where its folder should be; move that file or choose another "
    "folder",
    errno.EISDIR: "a folder of that name stands there; move it or choose another folder",
    errno.ENAMETOOLONG: "its name is too long for the disk; choose shorter names",
    errno.EACCES: "permission denied; choose a folder you may write",
}
