"""The matrix and the sentences as plain text, for a terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from isomorph.figures.main_rows import Bounds, Family
from isomorph.numerals import NONE, number
from isomorph.report.answers import read, sentences
from isomorph.report.cells import Cell
from isomorph.report.columns import tied
from isomorph.report.missing import Judged
from isomorph.report.published import of_study
from isomorph.report.summary import Matrix, Row, matrix
from isomorph.report.summary_words import MARKS, caption, key, mark, note

TITLE = "How like each model is to each region"
WIDTH = 100
"""Columns of a terminal."""
FIRST, COLUMN, GAP = 22, 18, 1
"""Columns of the regions, of a model, and between them."""
AT_ONCE = (WIDTH - FIRST) // (COLUMN + GAP)
"""Models beside each other; more stand below."""


def summary(judged: Judged) -> list[str]:
    """Return the matrix and the sentences of a study as lines of at most `WIDTH` columns."""
    found = read(judged)
    whole = matrix(found)
    drawn = [*told(whole), ""] if whole else []
    said = [*sentences(found), *of_study(judged.layout, [one.dataset for one in found])]
    lines = [*drawn, *(line for one in said for line in _filled(one, "- ", "  "))]
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def told(whole: Matrix) -> list[str]:
    """Return a matrix as lines: blocks of as many models as stand beside each other."""
    lines = _filled(caption(whole), f"{TITLE}. ")
    for start in range(0, len(whole.models), AT_ONCE):
        lines += ["", *_block(whole, whole.models[start : start + AT_ONCE])]
    return [*lines, "", *(line for one in key(whole) for line in _filled(one))]


def _block(whole: Matrix, models: Sequence[Family]) -> list[str]:
    lines = _beside([], [textwrap.wrap(model.title, COLUMN) for model in models])
    lines.append("-" * (FIRST + len(models) * (COLUMN + GAP)))
    for results, rows in whole.datasets:
        here = [row for row in rows if any(model.name in row.cells for model in models)]
        if here and len(whole.datasets) > 1:
            lines.append(results.dataset)
        for row in here:
            cells = [_cell(whole, row.cells.get(model.name)) for model in models]
            lines += _beside(_region(row), cells)
    return lines


def _region(row: Row) -> list[str]:
    name = f"{row.region}, {row.time}" if row.time else row.region
    lines = textwrap.wrap(name, FIRST - 2)
    if isinstance(row.ceiling, Bounds):
        lines += textwrap.wrap(tied(row.ceiling_said), FIRST - 2)
    return [f"  {line}" for line in lines]


def _cell(whole: Matrix, cell: Cell | None) -> list[str]:
    if cell is None:
        return []
    if math.isnan(cell.score):
        return [f"{NONE}{note(whole, cell)}"]
    signs = "".join(MARKS[one] for one in mark(cell)) + note(whole, cell)
    first = f"{number(cell.score)}{signs} {cell.ends}"
    return [first.rstrip(), *textwrap.wrap(cell.layers, COLUMN)]


def _beside(first: Sequence[str], columns: Sequence[Sequence[str]]) -> list[str]:
    """Return cells of several lines beside each other."""
    height = max(len(first), *(len(one) for one in columns))
    padded = [[*cell, *[""] * (height - len(cell))] for cell in (first, *columns)]
    widths = [FIRST, *[COLUMN + GAP] * len(columns)]
    return [
        "".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in zip(*padded, strict=True)
    ]


def _filled(text: str, first: str = "", others: str = "") -> list[str]:
    return textwrap.wrap(
        tied(text), WIDTH, initial_indent=first, subsequent_indent=others,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
