"""Cells of text in CSV files that a spreadsheet would take for formulas."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from isomorph.errors import IsomorphError

if TYPE_CHECKING:
    import pandas as pd


_FORMULA = re.compile("'*[=+\\-@\\t＝＋－＠]")
"""How a cell begins that a spreadsheet computes (OWASP, "CSV injection"), or one made safe."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of which no cell is a formula, as it is written into a CSV file.

    A text that begins like one, and is not a plain number, gets an apostrophe in front:
    spreadsheets take the rest for text. So does a text that would then look like one made safe, so
    that `with_formulas` gives back every text as it was.

    Parameters
    ----------
    table : DataFrame
        Names of stimuli, of conditions and of regions come from files of others.

    Raises
    ------
    IsomorphError
        When a text holds a carriage return, which no CSV file gives back.
    """
    return _changed(table, _safe)


def with_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it was given to `without_formulas`."""
    return _changed(table, _given)


def _changed(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """Return a table with every text, those of its header too, changed."""
    from pandas.api.types import is_string_dtype

    def one(cell: Any) -> Any:
        return change(cell) if isinstance(cell, str) else cell

    changed = table.rename(columns=one)
    for place in range(table.shape[1]):
        column = table.iloc[:, place]
        if column.dtype == object or is_string_dtype(column):
            # Only columns that hold such a cell, so that all others keep their kind.
            texts = column.map(one)
            if not texts.equals(column):
                changed.isetitem(place, texts.array)
    return changed


def _safe(cell: str) -> str:
    if "\r" in cell:  # it would come back as the end of a row
        raise IsomorphError(f'"{cell}" holds a carriage return, which no name may; rename it')
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def _given(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
