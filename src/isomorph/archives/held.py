"""Work that one process does at a time, however processes end."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from isomorph.disk import disk_errors
from isomorph.saying import say

POLL = 0.5
"""Seconds between two looks at a file another process holds."""
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP}
"""What a disk says that knows no locks, as some network disks do."""


def _lock(file: Path) -> FileLock:
    # A lock that is nothing but a file would outlive a process that is killed.
    return FileLock(file, fallback_to_soft=False)


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
    lock = _lock(file)
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

    The lock is the system's, on a file beside it, so it ends with the process that holds it, and
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
    lock = _lock(lock_of(part))
    if not _take(lock, part, pause):
        part = part.with_name(f"{part.stem}.{uuid4().hex[:8]}.part")
        try:
            part.touch(exist_ok=False)  # an empty file is never asked for
            yield part
        finally:
            part.unlink(missing_ok=True)
        return
    try:
        if part.is_symlink():  # what a server sends must not come into whatever file it names
            part.unlink()
        part.touch()
        yield part
    finally:
        if part.exists() and part.stat().st_size == 0:
            part.unlink()
        lock_of(part).unlink(missing_ok=True)  # who waits for it sees that, and makes another
        lock.release()


def lock_of(part: Path) -> Path:
    """Return the file whose lock holds a part file."""
    return part.with_name(f"{part.name}.lock")


def _take(lock: FileLock, part: Path, pause: Callable[[float], None]) -> bool:
    """Take a lock, however long that lasts; tell whether the disk has locks at all."""
    said = False
    while True:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if not said:
                say(f"{part}: another process is downloading this, waiting for it")
            said = True
            pause(POLL)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            lock_of(part).unlink(missing_ok=True)
            return False
        else:
            return True


def discard(part: Path) -> None:
    """Remove a part file nobody needs, unless somebody holds it."""
    with suppress(OSError), _lock(lock_of(part)).acquire(timeout=0):
        part.unlink(missing_ok=True)
        lock_of(part).unlink(missing_ok=True)
