"""Columns of NWB tables, read one by one so that a large table is never read whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean

Array = npt.NDArray


@contextmanager
def open_nwb(path: Path) -> Iterator[Any]:
    """Open an NWB file for reading and yield its `NWBFile`, arrays left on disk.

    Raises
    ------
    IsomorphError
        When the file is not HDF5 or not NWB.
    """
    import warnings

    from hdmf.build.errors import BuildError, ConstructError
    from pynwb import NWBHDF5IO

    with warnings.catch_warnings():
        # A file carries the schema it was written with; a newer pynwb says it uses its own.
        warnings.filterwarnings("ignore", message=".*cached namespace", category=UserWarning)
        try:
            io = NWBHDF5IO(str(path), mode="r")
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise IsomorphError(f"{path}: is not an NWB file ({_first_line(error)})") from error
        with io:
            try:
                nwb = io.read()
            except (
                *(OSError, ValueError, TypeError, KeyError, AttributeError),
                *(BuildError, ConstructError),
            ) as error:
                raise IsomorphError(
                    f"{path}: cannot be read as NWB ({_first_line(error)})"
                ) from error
            yield nwb


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]


def column(table: Any, name: str, where: str) -> Array:
    """Return one column of an NWB table that has one value per row.

    Parameters
    ----------
    table : DynamicTable
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
    from hdmf.common import DynamicTableRegion, VectorIndex

    if name not in table.colnames:
        raise IsomorphError(f'{where}: no column "{name}", {did_you_mean(name, table.colnames)}')
    found = table[name]
    if isinstance(found, VectorIndex | DynamicTableRegion):
        raise IsomorphError(
            f'{where}: column "{name}" has several values per row, expected one; choose another'
        )
    values = np.asarray(found[:])  # `[:]` also spells out the labels of an enumeration
    if values.ndim != 1:
        raise IsomorphError(
            f'{where}: column "{name}" is of shape {values.shape}, expected one value per row'
        )
    return values


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
