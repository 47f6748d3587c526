"""Rows: tables of presentations, in NWB files or of BIDS, read as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import as_cells, read_tsv


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
    keep = np.ones(len(rows), dtype=bool)
    for column, allowed in where.items():
        values = as_cells(allowed)
        plain = rows[column].isin(values) | rows[column].map(_plain).isin(map(_plain, values))
        keep &= plain.to_numpy(dtype=bool)
    return rows.loc[keep, list(columns)]


def onsets(values: pd.Series, where: str) -> npt.NDArray[np.float64]:
    """Return a column of onsets as numbers, NaN where there is none.

    Raises
    ------
    IsomorphError
        When one is no number.
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
        Name below `/intervals`.
    columns : sequence of str
        Columns with one value per row.

    Returns
    -------
    DataFrame
        A row per interval.

    Raises
    ------
    IsomorphError
        When the file is not HDF5, or has not that table or column, or a column has several
        values per row.
    """
    try:
        nwb = h5py.File(file, "r")
    except OSError as error:
        raise IsomorphError(f"{file}: is not an NWB file ({error})") from error
    with nwb:
        tables = nwb.get("intervals", {})
        if table not in tables:
            raise IsomorphError(
                f'{file}: no intervals table "{table}", {did_you_mean(table, list(tables))}'
            )
        found = tables[table]
        known = [str(name) for name in found.attrs.get("colnames", list(found))]
        for column in columns:
            if column not in found:
                raise IsomorphError(
                    f'{file}: {table}: no column "{column}", {did_you_mean(column, known)}'
                )
            if f"{column}_index" in found or found[column].ndim != 1:
                raise IsomorphError(
                    f'{file}: {table}: column "{column}" has several values per row, expected one'
                )
        return pd.DataFrame({column: _text(found[column]) for column in columns}, dtype=object)


def _text(column: h5py.Dataset) -> npt.NDArray[np.object_]:
    """Return a column as text: whole numbers without a decimal point, nothing for NaN."""
    values: npt.NDArray[Any] = column[:]
    labels = column.attrs.get("elements")
    if isinstance(labels, h5py.Reference):  # an enumeration: numbers that stand for labels
        values = column.file[labels][:][values]
    return np.array([_one_text(value) for value in values], dtype=object)


def _one_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8").strip()
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return ""
        if float(value).is_integer():
            return str(int(value))
    return str(value).strip()
