"""How far a download has got, said in a line now and then."""

from __future__ import annotations

import time
from threading import Lock

from isomorph.saying import Seldom


class Progress:
    """Counts what arrives, from any thread, and says so.

    Parameters
    ----------
    label : str
        What is being downloaded; opens each line.
    size : int or None
        Bytes in all, where known.
    files : int or None
        Files in all, where there are several.
    """

    def __init__(self, label: str, size: int | None = None, files: int | None = None) -> None:
        self.label, self.size, self.files = label, size, files
        self.done, self.here, self.arrived = 0, 0, 0
        self._started, self._say = time.monotonic(), Seldom()
        self._lock = Lock()

    def move(self, size: int) -> None:
        """Count bytes that arrived; less than none where bytes were thrown away."""
        with self._lock:
            self.here += size
            self.arrived += max(size, 0)
            self._say(self.line())

    def find(self, size: int) -> None:
        """Count bytes that were there already; less than none where they were of no use."""
        with self._lock:
            self.here += size
            self._say(self.line())

    def finish(self) -> None:
        """Count a file that stands."""
        with self._lock:
            self.done += 1

    def pause(self, seconds: float) -> None:
        """Wait before asking again."""
        time.sleep(seconds)

    def line(self) -> str:
        """Return files, bytes, bytes a second since the start, and the time that leaves."""
        rate = self.arrived / max(time.monotonic() - self._started, 1e-9)
        files = f"{self.done:,} of {self.files:,} files, " if self.files else ""
        whole = f" of {self.size / 1e6:,.1f}" if self.size else ""
        line = f"{self.label}: {files}{self.here / 1e6:,.1f}{whole} MB, {rate / 1e6:,.1f} MB/s"
        if self.size and rate:
            line += f", {_clock((self.size - self.here) / rate)} left"
        return line


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
