"""Values as netCDF files pack them: scaled, shifted, and with a mark for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


NEVER_WRITTEN = 9.969209968386869e36
"""What netCDF holds where no number was ever written, unless an attribute says another."""


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
    stored : dtype or None
        As which the bits of stored values are to be taken; as which they are unless given.
    """

    dtype: np.dtype[Any]
    scale: float = 1.0
    offset: float = 0.0
    missing: tuple[float, ...] = ()
    stored: np.dtype[Any] | None = None

    def __call__(self, stored: Array) -> Array:
        """Return the values that stored ones stand for."""
        if self.stored is not None:
            stored = np.ascontiguousarray(stored).view(self.stored)
        packed = (self.scale, self.offset) != (1.0, 0.0)
        if stored.dtype == self.dtype and not self.missing and not packed:
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
        Of these `scale_factor`, `add_offset`, `_FillValue`, `missing_value` and `_Unsigned` count,
        the last for types without a sign, which files of version 3 do not have.
    dtype : dtype
        Of the stored values.
    """
    if dtype.kind not in "iuf":
        return Unpacked(dtype)
    bits = None
    if dtype.kind == "i" and _text(attributes.get("_Unsigned", "")).lower() == "true":
        bits = dtype = np.dtype(f"u{dtype.itemsize}")
    said = {key: np.ravel(attributes[key]).astype(float) for key in
            ("scale_factor", "add_offset", "_FillValue", "missing_value")
            if key in attributes}  # fmt: skip
    wrap = 2.0 ** (8 * dtype.itemsize) if bits is not None else 0.0
    missing = tuple(
        float(value) + (wrap if value < 0 else 0.0)
        for key in ("_FillValue", "missing_value")
        for value in said.get(key, ())
        if np.isfinite(value)
    )
    if dtype.kind == "f" and "_FillValue" not in attributes:
        missing += (NEVER_WRITTEN,)
    scale = float(said.get("scale_factor", [1.0])[0])
    offset = float(said.get("add_offset", [0.0])[0])
    if (scale, offset) == (1.0, 0.0) and (dtype.kind == "f" or not missing):
        return Unpacked(dtype, missing=missing, stored=bits)
    return Unpacked(np.dtype(np.float64), scale, offset, missing, bits)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def joined(values: Array) -> Array:
    """Return texts whose letters stand along a last axis of their own, as netCDF writes them.

    Parameters
    ----------
    values : ndarray
        Of bytes of length one `(..., text, letter)`; anything else is returned as it is.
    """
    if values.dtype != "S1" or values.ndim < 2 or not values.shape[-1]:
        return values
    return np.ascontiguousarray(values).view(f"S{values.shape[-1]}")[..., 0]
