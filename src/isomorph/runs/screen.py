"""Where the lines of a run stand: those that stay, and those that are written over."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO

from isomorph.runs.progress import fitted
from isomorph.shown import shown


class Screen:
    """Lines that stay, and below them, in a terminal, lines that are written over.

    Parameters
    ----------
    stream : TextIO
    live : bool, optional
        Whether lines can be written over; asked of the stream unless given.
    """

    def __init__(self, stream: TextIO, *, live: bool | None = None) -> None:
        able = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.live = able if live is None else live
        self.said = time.monotonic()
        self._stream = stream
        self._below = 0

    def say(self, line: str) -> None:
        """Write a line that stays."""
        self.clear()
        self._write(f"{shown(line)}\n")
        self.said = time.monotonic()

    def below(self, lines: Iterable[str]) -> None:
        """Write lines in place of those that stood below."""
        size = shutil.get_terminal_size()
        fitting = [fitted(shown(line), size.columns - 1) for line in lines]
        fitting = fitting[: max(size.lines - 1, 1)]
        back = f"\x1b[{self._below}F" if self._below else ""
        self._write(back + "".join(f"{line}\x1b[K\n" for line in fitting) + "\x1b[J")
        self._below = len(fitting)

    def clear(self) -> None:
        """Take away the lines below."""
        if self._below:
            self._write(f"\x1b[{self._below}F\x1b[J")
            self._below = 0

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # a terminal that was closed ends no run
            self._stream.write(text)
            self._stream.flush()
