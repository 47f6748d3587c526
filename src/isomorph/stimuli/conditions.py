"""Conditions named in the recordings themselves; there are no images."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.archives.manifest import find_files
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.layout import Layout
from isomorph.stimuli.stimulus import Stimulus, check_columns
from isomorph.study.stimuli import ConditionStimuli


def list_stimuli(layout: Layout, dataset: str) -> Sequence[Stimulus]:
    """List a stimulus per distinct value of a column of the recordings, sorted.

    Rows that name no condition (empty or NaN) are counted and reported.

    Raises
    ------
    IsomorphError
        When a file, table or column is not there, or a descriptive field is not constant within a
        condition.
    """
    spec = layout.study.dataset(dataset).stimuli
    if not isinstance(spec, ConditionStimuli):
        raise IsomorphError(f"{dataset}: stimuli.kind is {spec.kind}, not conditions")
    source = str(layout.study.dataset_files[dataset])
    check_columns(list(spec.fields), f"{source}: stimuli.fields")
    # A pattern may name the subject, as that of the responses does.
    patterns = {
        spec.files.replace("{subject}", one) for one in layout.study.dataset(dataset).subjects
    }
    files = sorted({file for one in patterns for file in find_files(layout, dataset, one)})
    columns = tuple(dict.fromkeys((spec.column, *spec.fields)))
    rows = pd.concat([read_columns(file, spec.table, columns) for file in files])
    named = rows[spec.column] != ""
    if not named.all():
        print(
            f"{dataset}: {int((~named).sum())} of {len(rows)} rows of {spec.table} name no "
            f"{spec.column}",
            file=sys.stderr,
            flush=True,
        )
    return conditions(rows[named], spec.column, spec.fields, f"{source}: stimuli.fields")


def conditions(
    rows: pd.DataFrame, column: str, fields: Sequence[str], where: str
) -> list[Stimulus]:
    """Return the distinct conditions of presentations, numbers in the order of their value.

    Parameters
    ----------
    rows : DataFrame
        A row per presentation.
    column : str
        Names the condition.
    fields : sequence of str
        Columns to keep.
    where : str
        File and key, for messages.

    Raises
    ------
    IsomorphError
        Naming the first field and condition with more than one value.
    """
    groups = rows.groupby(column, sort=False)
    for field in fields:
        values = groups[field].nunique(dropna=False)
        if (varied := values[values > 1]).size:
            name = str(varied.index[0])
            several = rows.loc[rows[column] == name, field].unique()[:2]
            raise IsomorphError(
                f'{where}: "{field}" is not constant within condition "{name}", it is '
                f'"{several[0]}" and "{several[1]}"; leave it out'
            )
    first = groups[list(fields)].first() if fields else pd.DataFrame(index=list(groups.groups))
    return [
        Stimulus(name=str(name), described=first.loc[name].to_dict())
        for name in sorted(first.index, key=_by_value)
    ]


def _by_value(name: str) -> tuple[int, float, str]:
    """Sort numbers by value and before words."""
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)


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
