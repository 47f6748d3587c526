"""Numbers as people hold them, made arrays of floating-point numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.geometry import Floats

LARGEST, SMALLEST = 1e100, 1e-100
"""Between these the largest number must lie, so that squares and their sums are numbers too."""


def numbers(x: Any, what: str, expected: str) -> Floats:
    """Return numbers as an array; those that are masked or not available become NaN.

    Parameters
    ----------
    x
        An array, nested lists, a table of pandas, a tensor.
    what : str
        What they are called in messages.
    expected : str
        What they should be.

    Raises
    ------
    IsomorphError
        When these are not real numbers, or too large or small to be squared.
    """
    try:
        values = _array(x)
    except (TypeError, ValueError, RuntimeError):
        values = np.empty(0, dtype=object)
    if values.dtype.kind not in "iufb":
        raise IsomorphError(f"{what}: {_said(x)}, expected {expected}")
    found = values.astype(float)
    largest = float(np.abs(found[np.isfinite(found)]).max(initial=0.0))
    if largest and not SMALLEST < largest < LARGEST:
        size = "large" if largest > 1 else "small"
        raise IsomorphError(
            f"{what}: the largest number is {largest:g}, too {size} to be squared; give it in "
            "another unit"
        )
    return found


def _array(x: Any) -> np.ndarray:
    if isinstance(x, pd.DataFrame | pd.Series):
        kinds = x.dtypes if isinstance(x, pd.DataFrame) else [x.dtype]
        if all(kind.kind in "iufb" for kind in kinds):
            return x.to_numpy(dtype=float, na_value=np.nan)
        return np.empty(0, dtype=object)
    if isinstance(x, np.ma.MaskedArray) and x.dtype.kind in "iufb":
        return np.ma.filled(x.astype(float), np.nan)
    if type(x).__module__ == "torch":
        x = x.detach().cpu()
        x = x if x.is_complex() else x.double()
    return np.asarray(x)


def _said(x: Any) -> str:
    """Say what something is that is not numbers."""
    if isinstance(x, pd.DataFrame):
        for name, kind in x.dtypes.items():
            if kind.kind not in "iufb":
                return f'its column "{name}" holds {kind}'
    of = f" of {x.dtype}" if isinstance(x, np.ndarray) else ""
    return f"is {type(x).__name__}{of}"
