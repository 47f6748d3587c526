"""What broken downloads from DANDI left, to be resumed: how much it is, and what is of no use."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from isomorph.archives.lock import Lock, LockedFile

PARTIAL = ".partial"
"""Folder of what is not whole yet, in the folder of the files."""
DIGITS = 16
"""Digits of the hash its bytes must have that end the name of each folder in it."""


def partial_sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of partial files below an archive's folder, by the digits of their hash."""
    sizes: dict[str, int] = {}
    with suppress(OSError):  # none there, or another process is just done with one
        for place in (folder / PARTIAL).iterdir():
            if place.is_dir():
                sizes[place.name[-DIGITS:]] = max(
                    (one.stat().st_size for one in place.rglob("*") if one.is_file()), default=0
                )
    return sizes


def partial_size(file: LockedFile, sizes: dict[str, int]) -> int:
    """Return the bytes of a file that an earlier run left, as far as they can be of use."""
    return min(sizes.get(file.hash[:DIGITS], 0), file.size)


def sweep(folder: Path, lock: Lock) -> None:
    """Remove partial files of no file of the lock, unless another process is at them."""
    known = {file.hash[:DIGITS] for file in lock.files}
    with suppress(OSError):
        for place in list((folder / PARTIAL).iterdir()):
            if place.is_dir() and place.name[-DIGITS:] not in known:
                held = FileLock(f"{place}.lock")
                with suppress(Timeout), held.acquire(timeout=0):
                    shutil.rmtree(place, ignore_errors=True)
                    Path(held.lock_file).unlink(missing_ok=True)
