"""Columns of NWB tables, read one by one so that a large table is never read whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.responses.nwb.recording import values_of

Array = npt.NDArray


def column_names(table: h5py.Group) -> list[str]:
    """Return the names of a table's columns."""
    named = table.attrs.get("colnames")
    return list(table) if named is None else [str(name) for name in text(named)]


def column(table: h5py.Group, name: str, where: str) -> Array:
    """Return one column of an NWB table that has one value per row.

    Parameters
    ----------
    table : h5py.Group
        The table.
    name : str
        The column.
    where : str
        File and table, for messages.

    Raises
    ------
    IsomorphError
        When there is no such column, or it has several values per row.
    """
    if not isinstance(table.get(name), h5py.Dataset):
        raise IsomorphError(
            f'{where}: no column "{name}", {did_you_mean(name, column_names(table))}'
        )
    found = table[name]
    # A column that points at rows of another table is none of values either.
    if f"{name}_index" in table or "table" in found.attrs:
        raise IsomorphError(
            f'{where}: column "{name}" has several values per row, expected one; choose another'
        )
    if found.ndim != 1:
        raise IsomorphError(
            f'{where}: column "{name}" is of shape {found.shape}, expected one value per row'
        )
    return np.asarray(values_of(found))


def text(values: Iterable[Any]) -> Array:
    """Return values as text; missing ones as '' and whole numbers without a decimal point.

    Parameters
    ----------
    values : iterable
        Text, bytes, numbers, NaN or None.

    Returns
    -------
    ndarray of str
        One text per value, stripped.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf" and values.size:
        # Few different numbers are shown many times.
        distinct, place = np.unique(values, return_inverse=True)
        return np.array([_text(value) for value in distinct], dtype=np.str_)[place.reshape(-1)]
    return np.array([_text(value) for value in values], dtype=np.str_)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8").strip()
    if value is None:
        return ""
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return ""
        if float(value).is_integer():
            return str(int(value))
    return str(value).strip()
