"""Rows: tables of presentations, in NWB files or of BIDS, read as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import as_cells, read_tsv
from isomorph.foreign.nwb import Nwb, column, open_nwb, text


def read_rows(
    file: Path, table: str, columns: Sequence[str], where: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Read the rows that count of a table of presentations, as text.

    Parameters
    ----------
    file : Path
        An NWB file, or a BIDS table of events.
    table : str
        Intervals table of an NWB file.
    columns : sequence of str
        Columns with one value per row.
    where : mapping of str to sequence of str
        Values a column may have.

    Returns
    -------
    DataFrame
        A row per presentation, '' for missing values.

    Raises
    ------
    IsomorphError
        When the file or a column cannot be read, or a column never has a value it may have.
    """
    every = tuple(dict.fromkeys((*columns, *where)))
    rows = read_tsv(file, *every) if ".tsv" in file.suffixes else read_columns(file, table, every)
    return chosen(rows, columns, where)


def chosen(
    rows: pd.DataFrame, columns: Sequence[str], where: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Return some columns of the rows that have the values asked for.

    Parameters
    ----------
    rows : DataFrame
        Cells as text.
    columns : sequence of str
        Which columns.
    where : mapping of str to sequence of str
        Values a column may have; numbers compare as numbers.
    """
    keep = np.ones(len(rows), dtype=bool)
    for name, allowed in where.items():
        values = as_cells(allowed)
        plain = rows[name].isin(values) | rows[name].map(_plain).isin(map(_plain, values))
        keep &= plain.to_numpy(dtype=bool)
    return rows.loc[keep, list(columns)]


def onsets(values: pd.Series, where: str) -> npt.NDArray[np.float64]:
    """Return a column of onsets as numbers, NaN where there is none.

    Raises
    ------
    IsomorphError
        When one is not a number.
    """
    try:
        return values.replace("", "nan").to_numpy(dtype=np.float64)
    except ValueError as error:
        raise IsomorphError(f"{where} must hold onsets in seconds ({error})") from error


def _plain(text: str) -> str:
    """Return a number the one way all its spellings share."""
    try:
        return repr(float(text))
    except ValueError:
        return text


def read_columns(file: Path, table: str, columns: Sequence[str]) -> pd.DataFrame:
    """Read columns of an intervals table of an NWB file as text.

    Parameters
    ----------
    file : Path
        The NWB file.
    table : str
        Name below `/intervals`, or HDF5 path.
    columns : sequence of str
        Columns with one value per row, see `isomorph.foreign.nwb.column`.

    Returns
    -------
    DataFrame
        A row per interval.

    Raises
    ------
    IsomorphError
        When the file is not NWB, or has not that table or column, or a column has several
        values per row.
    """
    with open_nwb(file) as nwb:
        return columns_of(nwb, table, columns)


def columns_of(nwb: Nwb, table: str, columns: Sequence[str]) -> pd.DataFrame:
    """Read columns of an intervals table of an open NWB file as text, see `read_columns`."""
    tables = nwb.members("intervals")
    if table not in tables and "/" not in table:
        raise IsomorphError(
            f'{nwb.path}: no intervals table "{table}", {did_you_mean(table, tables)}'
        )
    found = nwb.container(f"intervals/{table}" if table in tables else table)
    place = f"{nwb.path}: {table}"
    return pd.DataFrame(
        {name: text(column(found, name, place)).astype(object) for name in columns}, dtype=object
    )
