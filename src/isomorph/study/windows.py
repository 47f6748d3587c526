"""Windows in time around the onset of a stimulus."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator


def _ordered(window: tuple[float, float]) -> tuple[float, float]:
    if not window[0] < window[1]:
        raise ValueError(f"must start before it stops, not {list(window)}")
    return window


Window = Annotated[tuple[float, float], AfterValidator(_ordered)]
"""Half-open `[start, stop)` relative to onset, seconds."""


MINUS = "\N{MINUS SIGN}"


def in_milliseconds(start: float, stop: float) -> str:
    """Return a window in words: `50 to 60 ms`, `−150 to 0 ms`.

    Parameters
    ----------
    start, stop : float
        Seconds.
    """
    low, high = (f"{1000 * edge:.6g}".replace("-", MINUS) for edge in (start, stop))
    return f"{low} to {high} ms"
