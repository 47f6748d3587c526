"""What a disk refuses, in words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isomorph.errors import IsomorphError


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
