"""How much memory the contents of one file may take, checked before any of it is unpacked.

A small file can announce terabytes, or hold gigabytes of compressed zeros.
"""

from __future__ import annotations

import os
from pathlib import Path

from isomorph.errors import IsomorphError

MEMORY = "ISOMORPH_MEMORY_MB"
"""The environment variable that says how many megabytes one file of others may take."""
DEFAULT_MEMORY_MB = 4000
"""What a job that reads files asks for at most for one of them, see `isomorph.runs.resources`."""
UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def budget() -> int:
    """Return how many bytes the contents of one file may take.

    Raises
    ------
    IsomorphError
        When ISOMORPH_MEMORY_MB is not such a number.
    """
    text = os.environ.get(MEMORY, "").strip() or str(DEFAULT_MEMORY_MB)
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise IsomorphError(f'{MEMORY}: is "{text}", expected a number of megabytes, such as 4000')
    return int(text) * 1_000_000


def afford(file: Path | str, what: str, size: int) -> None:
    """Refuse what would take more memory than one file may.

    Parameters
    ----------
    file : Path or str
        The file, with the place in it where one is known.
    what : str
        What is about to be read, with its article or its shape: ``"an image of 9 × 9 pixels"``.
    size : int
        Bytes that it takes in memory.

    Raises
    ------
    IsomorphError
        Naming both sizes and the variable that allows more.
    """
    if size > (most := budget()):
        raise IsomorphError(
            f"{file}: {what} would take {in_words(size)} of memory, more than the {in_words(most)} "
            f"one file may; set {MEMORY} where it is meant to and there is room"
        )


def in_words(size: int) -> str:
    """Return a number of bytes as people say it.

    Examples
    --------
    >>> in_words(4_000_000_000), in_words(1_549_000), in_words(2_300), in_words(1)
    ('4.0 GB', '1.5 MB', '2.3 kB', '1 byte')
    """
    if size < 1000:
        return f"{size} byte{'s' if size != 1 else ''}"
    unit, name = next(one for one in UNITS if round(size / one[0], 1) >= 1)
    return f"{size / unit:,.1f} {name}"
