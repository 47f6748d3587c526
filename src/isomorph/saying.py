"""What people are told while something runs, and numbers of things in words."""

from __future__ import annotations

import sys
import time

EVERY = 5.0
"""Seconds between two lines of what takes long."""


def count(n: int, noun: str, plural: str = "") -> str:
    """Return `1 layer`, `20 layers`, `8,556 pairs`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {plural or noun + 's'}"


def say(line: str) -> None:
    """Say a line at once, on the standard error stream."""
    print(line, file=sys.stderr, flush=True)


class Seldom:
    """Says a line unless it has just said one."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, line: str) -> None:
        """Say a line, or let it pass."""
        if time.monotonic() - self._said > EVERY:
            self._said = time.monotonic()
            say(line)
