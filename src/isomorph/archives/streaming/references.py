"""References between objects of an HDF5 file, alone or as fields of rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import h5py
import numpy as np


def has_references(dtype: np.dtype) -> bool:
    """Tell whether values of a type are, or hold, references to objects."""
    fields = [dtype[name] for name in dtype.names or ()]
    return any(h5py.check_ref_dtype(one) is not None for one in (dtype, *fields))


def references(values: Any, dtype: np.dtype) -> Iterable[Any]:
    """Return every reference in the values of a dataset or attribute."""
    values = np.asarray(values)
    named = [values[n] for n in dtype.names or () if h5py.check_ref_dtype(dtype[n]) is not None]
    parts = named if dtype.names else [values]
    return [reference for part in parts for reference in part.ravel()]
