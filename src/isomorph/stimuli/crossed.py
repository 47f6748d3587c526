"""Names of conditions that several columns make together, and what of them is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.stimuli.naming import named
from isomorph.study.columns import PLACE, BinnedColumn, Columns, column_names, template_of

Texts = npt.NDArray[np.str_]

WHOLE = re.compile(r"[+-]?\d+")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def condition_names(
    rows: pd.DataFrame,
    columns: str | Columns,
    name: str,
    *,
    empty: str | None = None,
    where: str,
) -> Texts:
    """Return the name of the condition each row of a table has.

    Parameters
    ----------
    rows : DataFrame
        Cells as text, '' for missing values, with at least those columns.
    columns : str or tuple of (str or BinnedColumn)
        A single column, whose values are taken as they are written, or several. Of several,
        numbers are taken by their value, so that 0.25 and .250 are one.
    name : str
        How the values become a name, see `isomorph.study.columns.template_of`.
    empty : str, optional
        What stands for a missing value where another column has one.
    where : str
        File or table, for messages.

    Returns
    -------
    array of str of shape (row,)
        '' where a value is missing; with `empty`, where all are.

    Raises
    ------
    IsomorphError
        When a column to be cut into bins holds what is no number.
    """
    if isinstance(columns, str):
        return named(rows[columns].to_numpy(dtype=np.str_), name)
    named_by = zip(column_names(columns), columns, strict=True)
    values = pd.DataFrame({one: values_of(rows, column, where) for one, column in named_by})
    missing = (values == "").to_numpy(dtype=bool)
    enough = any if empty is None else all
    gone = [enough(row) for row in missing.tolist()]
    template = template_of(name, columns)
    distinct = values[[not out for out in gone]].drop_duplicates()
    by_values = {
        row: _filled(template, [one or str(empty) for one in row])
        for row in distinct.itertuples(index=False, name=None)
    }
    each = values.itertuples(index=False, name=None)
    return np.array(
        ["" if out else by_values[row] for row, out in zip(each, gone, strict=True)], dtype=np.str_
    )


def values_of(rows: pd.DataFrame, column: str | BinnedColumn, where: str) -> Texts:
    """Return the values of one of several columns, numbers written in one way, bins as words.

    Parameters
    ----------
    rows : DataFrame
        Cells as text.
    column : str or BinnedColumn
        Of a bin, the value is `0.2_to_0.4`.
    where : str
        File or table, for messages.

    Raises
    ------
    IsomorphError
        When a column to be cut into bins holds what is no number.
    """
    if isinstance(column, str):
        return np.array([plain(one) for one in rows[column]], dtype=np.str_)
    edges = [plain(repr(edge)) for edge in column.edges]
    words = ["", *(f"{a}_to_{b}" for a, b in pairwise(edges))]
    return np.array(words, dtype=np.str_)[_bins(rows, column, where) + 1]


def kept(rows: pd.DataFrame, columns: Columns, where: str) -> pd.DataFrame:
    """Return the columns of the stimulus table that say what a condition is.

    Parameters
    ----------
    rows : DataFrame
        Cells as text, a row per presentation.
    columns : tuple of (str or BinnedColumn)
        Of a bin, its middle is kept under the column's name, its edges as `<column>_start` and
        `<column>_stop`.
    where : str
        File or table, for messages.
    """
    found: dict[str, Texts] = {}
    for column in columns:
        if isinstance(column, str):
            found[column] = values_of(rows, column, where)
            continue
        edges = np.array(column.edges)
        place = _bins(rows, column, where) + 1
        for suffix, numbers in (
            ("", (edges[:-1] + edges[1:]) / 2), ("_start", edges[:-1]), ("_stop", edges[1:]),
        ):  # fmt: skip
            words = np.array(["", *(plain(f"{one:.12g}") for one in numbers)], dtype=np.str_)
            found[f"{column.column}{suffix}"] = words[place]
    return pd.DataFrame(found, index=rows.index, dtype=object)


def kept_names(columns: str | Columns) -> tuple[str, ...]:
    """Return what the columns are called that `kept` makes; none for a single column."""
    if isinstance(columns, str):
        return ()
    found: list[str] = []
    for one in columns:
        if isinstance(one, str):
            found.append(one)
        else:
            found += [one.column, f"{one.column}_start", f"{one.column}_stop"]
    return tuple(found)


def plain(value: str) -> str:
    """Return a number as it is written shortest, NaN as '', and any other text as it is.

    Examples
    --------
    >>> plain(".250"), plain("1e2"), plain("-0"), plain("nan"), plain("left")
    ('0.25', '100', '0', '', 'left')
    """
    text = str(value).strip()
    if WHOLE.fullmatch(text):
        return str(int(text))
    if text.lower() == "nan":
        return ""
    if not NUMBER.fullmatch(text) or not np.isfinite(number := float(text)):
        return text
    return str(int(number)) if number.is_integer() else repr(number)


def _filled(template: str, values: Sequence[str]) -> str:
    """Fill the places of a template with values in their order."""
    left = iter(values)
    return PLACE.sub(lambda place: str(_named(next(left), place.group())), template)


def _named(value: str, template: str) -> str:
    return str(named(np.array([value]), template)[0])


def _bins(rows: pd.DataFrame, column: BinnedColumn, where: str) -> npt.NDArray[np.intp]:
    """Return the bin of each row, -1 for none."""
    cells = [plain(one) for one in rows[column.column]]
    try:
        numbers = np.array([float(one or "nan") for one in cells])
    except ValueError:
        odd = next(one for one in cells if one and not NUMBER.fullmatch(one))
        raise IsomorphError(
            f'{where}: column "{column.column}" holds "{odd}", and is to be cut into bins; '
            "expected numbers"
        ) from None
    place = np.searchsorted(np.array(column.edges), numbers, side="right") - 1
    inside = np.isfinite(numbers) & (place >= 0) & (place < len(column.edges) - 1)
    return np.where(inside, place, -1)
