"""Dates of files: whether one may have changed since it was hashed."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path


def touched(file: Path, since: int) -> bool:
    """Tell whether a file may have changed at a time or later.

    Parameters
    ----------
    file : Path
    since : int
        Nanoseconds, as `now` gives them.

    Returns
    -------
    bool
        By the date of its contents and that of its entry, which no program sets back. A change of
        exactly the same date counts, as the clocks of disks are coarse.

    Raises
    ------
    OSError
        When it cannot be looked up.
    """
    status = file.stat()
    return max(status.st_mtime_ns, status.st_ctime_ns) >= since


def now(folder: Path) -> int | None:
    """Return the time by the clock of the disk a folder is on, None where nothing can be written.

    That clock may be behind the system's, or be another machine's: a file that is written after
    this has no earlier date.
    """
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".clock.") as file:
            return Path(file.name).stat().st_mtime_ns
    return None
