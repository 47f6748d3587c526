"""What tables of judgements have in common: their stimuli, columns, and the RDM made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.errors import IsomorphError, did_you_mean

Floats = NDArray[np.float64]


def column_of(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of a table of judgements.

    Raises
    ------
    IsomorphError
        When there is no such column.
    """
    if name not in table:
        raise IsomorphError(f'no column "{name}", {did_you_mean(name, map(str, table.columns))}')
    return table[name]


def stimuli_in(
    table: pd.DataFrame, columns: Sequence[str], stimuli: Sequence[str] | None
) -> list[str]:
    """Return the stimuli in the order that is asked for, else those of some columns, sorted.

    Raises
    ------
    IsomorphError
        When a column is not there, or the table has no row.
    """
    named = [column_of(table, column).astype(str) for column in columns]
    if not len(table):
        raise IsomorphError("the table of judgements has no row")
    if stimuli is not None:
        return [str(one) for one in stimuli]
    return sorted({name for column in named for name in column})


def among(table: pd.DataFrame, columns: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """Return the judgements of which every stimulus is one of some names.

    Raises
    ------
    IsomorphError
        When there is none.
    """
    there = table[list(columns)].astype(str).isin(list(names)).all(axis=1)
    if not there.any():
        raise IsomorphError(
            f"no judgement is of the {len(names)} stimuli: the table names "
            f'"{table[columns[0]].iloc[0]}" and the like, the stimuli are "{names[0]}" and the like'
        )
    return table[there].reset_index(drop=True)


def places_of(table: pd.DataFrame, column: str, names: Sequence[str]) -> NDArray[np.intp]:
    """Return the place among the names of the stimulus in every row of a column: `(row,)`.

    Raises
    ------
    IsomorphError
        When the column is not there, or one of its stimuli is not among the names.
    """
    place = {name: at for at, name in enumerate(names)}
    values = column_of(table, column).astype(str).tolist()
    if stray := [value for value in values if value not in place]:
        raise IsomorphError(
            f'{column}: "{stray[0]}" is not a stimulus, {did_you_mean(stray[0], names)}'
        )
    return np.array([place[value] for value in values], dtype=np.intp)


def numbers_in(table: pd.DataFrame, column: str) -> Floats:
    """Return the finite numbers of a column: `(row,)`.

    Raises
    ------
    IsomorphError
        When the column is not there, or a cell is not a finite number.
    """
    values = column_of(table, column)
    found: Floats = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    if (bad := np.flatnonzero(~np.isfinite(found))).size:
        raise IsomorphError(
            f'{column}: "{values.iloc[bad[0]]}" in row {bad[0] + 1} is not a finite number; '
            "leave rows without an answer out"
        )
    return found


def participants_of(table: pd.DataFrame) -> list[str]:
    """Return the participant of each row, '' where the table does not tell them apart."""
    known = "participant" in table
    return table["participant"].astype(str).tolist() if known else [""] * len(table)


def symmetric(square: Floats, names: Sequence[str], lacks: str) -> pd.DataFrame:
    """Return an RDM by its upper triangle, 0 on the diagonal.

    Parameters
    ----------
    square : array of shape (stimulus, stimulus)
        NaN in the upper triangle where a pair has no value.
    names : sequence of str
        Of the stimuli.
    lacks : str
        Why a pair would have no value, for the message.

    Returns
    -------
    DataFrame
        Of shape (stimulus, stimulus), with the names along both axes.

    Raises
    ------
    IsomorphError
        When a pair has no value.
    """
    a, b = np.triu_indices(len(names), k=1)
    values = square[a, b]
    if (missing := np.flatnonzero(~np.isfinite(values))).size:
        one, other = names[a[missing[0]]], names[b[missing[0]]]
        raise IsomorphError(
            f"{len(missing):,} of {len(values):,} pairs have no value: that of "
            f'"{one}" and "{other}" {lacks}; leave out the stimuli of such pairs'
        )
    whole = np.zeros((len(names), len(names)))
    whole[a, b] = whole[b, a] = values
    return pd.DataFrame(whole, index=list(names), columns=list(names))
