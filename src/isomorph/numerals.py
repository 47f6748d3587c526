"""Numbers as the field prints them: no leading zero, a true minus sign, p never 0."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"
"""What stands where there is no number."""


def number(value: float, digits: int = 2) -> str:
    """Return a number between about -1 and 1 without its leading zero: `.46`, `−.03`, `1.20`."""
    if not math.isfinite(value):
        return NONE
    text = f"{abs(value):.{digits}f}"
    zero = float(text) == 0
    text = text.removeprefix("0") if digits else text
    return text if value >= 0 or zero else MINUS + text


def interval(low: float, high: float, digits: int = 2) -> str:
    """Return `[.38, .53]`, or a dash where an end is missing."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NONE
    return f"[{number(low, digits)}, {number(high, digits)}]"


def estimate(row: Mapping[Any, Any] | pd.Series, value: str = "estimate") -> str:
    """Return the estimate of a row with its interval: `.46 [.38, .53]`."""
    return f"{number(row[value])} {interval(row['interval_low'], row['interval_high'])}"


def p_value(p: float) -> str:
    """Return `< .001` or the value to three digits after the point, without `p =`.

    One that rounds to .050 from below has a fourth, as it is significant.
    """
    if not math.isfinite(p):
        return NONE
    if p < 0.001:
        return "< .001"
    return "1" if p > 0.9995 else number(p, 4 if 0.0495 <= p < 0.05 else 3)


def p_equals(p: float) -> str:
    """Return `< .001` or `= .034`, to stand behind a letter."""
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def p_said(p: float) -> str:
    """Return `corrected p < .001` or `corrected p = .034` for a sentence."""
    return f"corrected p {p_equals(p)}"


def listed(words: list[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def percent(share: float) -> str:
    """Return `95 %`."""
    return f"{100 * share:.0f} %" if math.isfinite(share) else NONE
