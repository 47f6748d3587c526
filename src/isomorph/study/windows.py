"""Windows in time around the onset of a stimulus."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator


def _ordered(window: tuple[float, float]) -> tuple[float, float]:
    if not window[0] < window[1]:
        raise ValueError(f"must start before it stops, not {list(window)}")
    return window


Window = Annotated[tuple[float, float], AfterValidator(_ordered)]
"""Half-open `[start, stop)` relative to onset, seconds."""


def refuse_same(windows: Mapping[str, tuple[float, float]]) -> None:
    """Refuse windows of different names that are the same.

    Raises
    ------
    ValueError
        Naming two.
    """
    first: dict[tuple[float, float], str] = {}
    for name, window in windows.items():
        if first.setdefault(window, name) != name:
            raise ValueError(f"windows: {first[window]} and {name} are both {list(window)}")


def in_time(region: str, start: float, stop: float) -> str:
    """Return a region with its time bin in words, `V1 50 to 60 ms`, or as it is without one.

    Parameters
    ----------
    region : str
    start, stop : float
        Seconds; NaN where there are no bins.
    """
    return region if math.isnan(start) else f"{region} {in_milliseconds(start, stop)}"


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
