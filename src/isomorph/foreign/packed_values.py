"""Values as netCDF files pack them: scaled, shifted, and with a mark for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Unpacked:
    """What makes stored values the values they stand for.

    Attributes
    ----------
    dtype : dtype
        Of the values it gives.
    scale, offset : float
        The values are `stored * scale + offset`.
    missing : tuple of float
        Stored values that stand for nothing, and become NaN.
    """

    dtype: np.dtype[Any]
    scale: float = 1.0
    offset: float = 0.0
    missing: tuple[float, ...] = ()

    def __call__(self, stored: Array) -> Array:
        """Return the values that stored ones stand for."""
        if stored.dtype == self.dtype and not self.missing:
            return stored
        values = stored.astype(self.dtype) * self.scale + self.offset
        if self.missing:
            values[np.isin(stored, self.missing)] = np.nan
        return np.asarray(values, dtype=self.dtype)


def unpacked(attributes: Mapping[str, Any], dtype: np.dtype[Any]) -> Unpacked:
    """Return how the values of a variable of a netCDF file are unpacked, by its attributes.

    Parameters
    ----------
    attributes : mapping
        Of these `scale_factor`, `add_offset`, `_FillValue` and `missing_value` count.
    dtype : dtype
        Of the stored values.
    """
    if dtype.kind not in "iuf":
        return Unpacked(dtype)
    said = {key: np.ravel(attributes[key]).astype(float) for key in
            ("scale_factor", "add_offset", "_FillValue", "missing_value")
            if key in attributes}  # fmt: skip
    missing = tuple(
        float(value)
        for key in ("_FillValue", "missing_value")
        for value in said.get(key, ())
        if np.isfinite(value)
    )
    scale = float(said.get("scale_factor", [1.0])[0])
    offset = float(said.get("add_offset", [0.0])[0])
    if (scale, offset) == (1.0, 0.0) and (dtype.kind == "f" or not missing):
        return Unpacked(dtype, missing=missing)
    return Unpacked(np.dtype(np.float64), scale, offset, missing)
