"""A file that gathers bytes, held by one process at a time, however processes end."""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock

from isomorph.disk import disk_errors

POLL = 0.5
"""Seconds between two looks at a file another process holds."""
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP}
"""What a disk says that knows no locks, as some network disks do."""


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Hold a lock while the block runs; wait while another process does.

    On a disk without locks the block runs all the same, so that two processes may do the same work
    twice; what they bring has to get to its place whole.

    Parameters
    ----------
    file : Path
        The lock's file, which stays; made where it is absent.

    Raises
    ------
    IsomorphError
        When the file cannot be made.
    """
    lock = FileLock(file)
    with disk_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
    try:
        yield
    finally:
        lock.release()


@contextmanager
def held(part: Path, pause: Callable[[float], None]) -> Iterator[Path]:
    """Hold a part file while the block runs; wait while another process or thread does.

    The lock is the system's own on the open file, so it ends with the process that holds it, and
    what a killed one leaves is a part file that can be resumed. On a disk without locks the block
    gets a file of its own, which nobody else can find, and which is not kept.

    Parameters
    ----------
    part : Path
        The file; made where it is absent, and removed again where it is left empty.
    pause : callable
        Waits for so many seconds.

    Yields
    ------
    Path
        The file to write to.
    """
    handle = _take(part, pause)
    if handle is None:
        part = part.with_name(f"{part.stem}.{uuid4().hex[:8]}.part")
        try:
            part.touch(exist_ok=False)  # an empty file is never asked for
            yield part
        finally:
            part.unlink(missing_ok=True)
        return
    try:
        yield part
    finally:
        if part.exists() and part.stat().st_size == 0:
            part.unlink()
        os.close(handle)  # and with it the lock


def _take(part: Path, pause: Callable[[float], None]) -> int | None:
    """Return a handle that locks a part file, None where the disk has no locks."""
    said = False
    while True:
        handle = _open(part)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is(handle, part):
                return handle
            os.close(handle)  # it became the final file, or was removed, while we took it
            continue
        except BlockingIOError:
            os.close(handle)
        except OSError as error:
            os.close(handle)
            if error.errno not in NO_LOCKS:
                raise
            part.unlink(missing_ok=True)
            return None
        if not said:
            said = True
            print(
                f"{part}: another process is downloading this, waiting for it",
                file=sys.stderr,
                flush=True,
            )
        pause(POLL)


def _open(part: Path) -> int:
    """Open a part file to write, made where it is absent; a link in its place is removed."""
    # Bytes that a server sends must not come into whatever file a link names.
    while True:
        if part.is_symlink():
            part.unlink(missing_ok=True)
        try:
            return os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            if error.errno != errno.ELOOP or not part.is_symlink():
                raise


def _is(handle: int, part: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), part.lstat())
    except FileNotFoundError:
        return False


def discard(part: Path) -> None:
    """Remove a part file nobody needs, unless somebody holds it."""
    try:
        handle = os.open(part, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return  # gone, or a folder, a link or another user's: it does no harm
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink(missing_ok=True)
    except OSError:
        return  # held, or on a disk without locks: it does no harm
    finally:
        os.close(handle)
