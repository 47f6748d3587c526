"""SciPy's reader of MATLAB files, for `isomorph.foreign.child`: nothing here is of isomorph."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.io import loadmat, whosmat
from scipy.sparse import issparse

SIZES = {
    **dict.fromkeys(("int8", "uint8", "logical"), 1),
    **dict.fromkeys(("int16", "uint16"), 2),
    **dict.fromkeys(("int32", "uint32", "single", "char"), 4),
    **dict.fromkeys(("int64", "uint64", "double", "sparse", "cell", "struct", "object"), 8),
}
"""Bytes that an entry takes as an array, by MATLAB's class; of a cell, without what is in it."""


def load(file: str, variables: list[str] | None, most: int) -> tuple[list[str], dict[str, Any]]:
    """Return the names of all variables, and some or all of them as plain arrays."""
    try:
        listed = whosmat(file, chars_as_strings=False)  # else a text counts as one entry
    except NotImplementedError:
        raise ValueError('it is of version 7.3; save it again with save(..., "-v7")') from None
    known = [name for name, _, _ in listed]
    wanted = [name for name in known if variables is None or name in variables]
    size = sum(math.prod(shape) * SIZES.get(kind, 1) for name, shape, kind in listed
               if name in wanted)  # fmt: skip
    if size > most:
        raise MemoryError
    found = loadmat(file, variable_names=wanted) if wanted else {}
    return known, {name: _plain(found[name]) for name in wanted if name in found}


def _plain(value: Any) -> Any:
    """Return a value of MATLAB as an array: sparse matrices filled, objects by their fields."""
    if issparse(value):
        return value.toarray()
    if not isinstance(value, np.ndarray):
        return value
    value = value.view(np.ndarray)
    if value.dtype.hasobject:
        cells = value.ravel()
        names = value.dtype.names
        for place in range(cells.size):
            for name in names or (None,):
                held = cells[place] if name is None else cells[place][name]
                made = _plain(held)
                if made is not held:
                    if name is None:
                        cells[place] = made
                    else:
                        cells[name][place] = made
        value = cells.reshape(value.shape)
    return value
