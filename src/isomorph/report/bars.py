"""Small drawings inside the cells of the matrix: a score between chance and noise ceiling."""

from __future__ import annotations

import math

from markupsafe import Markup

from isomorph.figures.main_rows import Bounds
from isomorph.report.cells import Cell
from isomorph.report.summary import Matrix, Row

WIDTH, HEIGHT = 120, 14
LEFT = 10
"""Room left of chance, for what is below it."""


def bar(matrix: Matrix, row: Row, cell: Cell) -> Markup:
    """Return a score with its interval as SVG; all of a region have the same scale.

    It starts at chance. The ceiling is a band behind it. Nothing is drawn without a score.
    """
    if math.isnan(cell.score):
        return Markup("")
    chance, top = matrix.limits(row)

    def at(value: float) -> float:
        place = LEFT + (WIDTH - LEFT - 1) * (value - chance) / (top - chance)
        return round(min(max(place, 0.0), WIDTH), 1)

    parts = []
    if isinstance(row.ceiling, Bounds):
        low, high = at(row.ceiling.low), at(row.ceiling.high)
        parts.append(_rect("ceiling", low, 0, high, HEIGHT))
    left, right = sorted((at(chance), at(cell.score)))
    parts.append(_rect("score", left, 4, right, 10))
    if math.isfinite(cell.low) and math.isfinite(cell.high):
        parts.append(_line("ends", at(cell.low), 7, at(cell.high), 7))
    parts.append(_line("chance", at(chance), 0, at(chance), HEIGHT))
    return Markup(
        f'<svg class="bar is-{cell.family.kind}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'aria-hidden="true">{"".join(parts)}</svg>'
    )


def _rect(kind: str, left: float, top: float, right: float, bottom: float) -> str:
    width = max(round(right - left, 1), 0.5)
    return (
        f'<rect class="{kind}" x="{left:g}" y="{top:g}" width="{width:g}" '
        f'height="{bottom - top:g}"/>'
    )


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'
