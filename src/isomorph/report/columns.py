"""Columns of the page's tables, and the one renderer from rows to finished text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from isomorph.figures.main_rows import SIGNIFICANT, SURE, place_of
from isomorph.figures.titles import measure_label
from isomorph.numerals import NONE, estimate, interval, number, p_value, percent

Record = Mapping[Any, Any]
Titled = list[tuple[str, "Table"]]
"""Tables under their titles."""


def _interval(row: Record, name: str, digits: int = 2) -> str:
    return interval(float(row[f"{name}_low"]), float(row[f"{name}_high"]), digits)


WORDS: dict[str, Callable[[Record, str], str]] = {
    "text": lambda row, name: str(row[name]),
    "place": lambda row, name: place_of(row),
    "measure": lambda row, name: measure_label(str(row[name])),
    "scheme": lambda row, name: str(row[name]).replace(" and ", ", "),
    "chosen": lambda row, name: f"{row[name]} ({percent(float(row['chosen_share']))})",
}
"""Formats of words: set at the left."""

FIGURES: dict[str, Callable[[Record, str], str]] = {
    "number": lambda row, name: number(float(row[name])),
    "number_3": lambda row, name: number(float(row[name]), 3),
    "interval": _interval,
    "interval_3": lambda row, name: _interval(row, name, 3),
    "estimate": estimate,
    "p": lambda row, name: p_value(float(row[name])),
    "percent": lambda row, name: percent(float(row[name])),
    "whole": lambda row, name: number(float(row[name]), 0),
    "ready": lambda row, name: str(row[name]),
}
"""Formats of numbers: set at the right."""


@dataclass(frozen=True)
class PageColumn:
    """One column of a table.

    Attributes
    ----------
    name : str
        The column of the rows that is shown; of an interval what stands before `_low`.
    title : str
        What stands above it; the name unless given.
    kind : str
        Its format, one of `WORDS` or `FIGURES`.
    reason : bool
        Whether a row without a number says here why; all cells after it are then dashes.
    """

    name: str
    title: str = ""
    kind: str = "text"
    reason: bool = False

    @property
    def numeric(self) -> bool:
        """Whether it is set as numbers are."""
        return self.kind in FIGURES

    def cell(self, row: Record) -> str:
        """Return the text of a row's cell."""
        return (FIGURES if self.numeric else WORDS)[self.kind](row, self.name)


REGION = PageColumn("region", kind="place")
P = PageColumn("p_corrected", "p, corrected", "p")
INTERVAL = PageColumn("interval", "", "interval")


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes
    ----------
    columns : sequence of PageColumn
    rows : list of tuple of str
        Cells.
    strong : list of bool
        Rows set in bold: what is significant, what was found.
    """

    columns: Sequence[PageColumn]
    rows: list[tuple[str, ...]]
    strong: list[bool]

    @property
    def head(self) -> tuple[str, ...]:
        """Titles of the columns."""
        return tuple(column.title or column.name for column in self.columns)


def table_of(
    rows: pd.DataFrame | Sequence[Record],
    columns: Sequence[PageColumn],
    strong: Iterable[bool] | None = None,
) -> Table:
    """Return rows as a table of finished text.

    Parameters
    ----------
    rows : DataFrame or sequence of mappings
        Where a row has no interval its `reason` stands in place of numbers, where it has no p
        alone, in place of that.
    columns : sequence of PageColumn
    strong : iterable of bool, optional
        Which rows are bold; those with a corrected p below .05 unless given.
    """
    records = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else list(rows)
    bold = [_significant(row) for row in records] if strong is None else list(strong)
    return Table(columns, [_cells(row, columns) for row in records], bold)


def _cells(row: Record, columns: Sequence[PageColumn]) -> tuple[str, ...]:
    """Return a row's cells: why it has no number in their place, why it has no p in that of p."""
    status = row.get("status", "ok")
    if status in SURE:
        untested = str(row["reason"]) if status != "ok" else ""
        return tuple(untested if untested and one.kind == "p" else one.cell(row) for one in columns)
    why = str(row["reason"])
    place = next((n for n, column in enumerate(columns) if why and column.reason), len(columns))
    said = [column.cell(row) for column in columns[:place]]
    said += [why, *[NONE] * len(columns)] if place < len(columns) else []
    return tuple(said[: len(columns)])


def _significant(row: Record) -> bool:
    p = row.get("p_corrected", float("nan"))
    return bool(row.get("status", "ok") == "ok" and p < SIGNIFICANT)


def tied(text: str) -> str:
    """Return a sentence in which no line breaks between p and its value or inside brackets."""
    return re.sub(r"(?<=\bp) ([=<]) (?=\.)|(?<=\[)([^\]\s]+) (?=[^\]]*\])", _tie, text)


def _tie(match: re.Match[str]) -> str:
    return match.group(0).replace(" ", "\N{NO-BREAK SPACE}")
