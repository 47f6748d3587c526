"""Partial similarity: each model plain, and with the controls taken out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from isomorph.figures import main_rows
from isomorph.figures.style import INK, SMALL, SOFT, estimate, painted, region_panels, styled

MARKS = {"plain": ("o", -0.16, 0.45), "partial": ("D", 0.16, 1.0)}
"""Of each statistic its mark, where it stands in its line, and how strong its interval is."""


def draw_partial(rows: pd.DataFrame, families: Sequence[main_rows.Family], *, label: str) -> Figure:
    """Draw plain and partial similarities of every model, a panel per region.

    Parameters
    ----------
    rows : DataFrame
        A partial table under one measure, one row per region, model and statistic.
    families : sequence of Family
    label : str
        What the abscissa measures.
    """
    paint, titles = painted(families)
    models = list(dict.fromkeys(rows["model"]))
    regions = main_rows.regions(rows)
    with styled():
        names = [titles.get(name, name) for name in models]
        figure, axes = region_panels(regions, names, [label] * len(regions))
        for ax, region in zip(axes, regions, strict=True):
            own = main_rows.rows_of(rows, region)
            for y, model in enumerate(models):
                for row in own[own["model"] == model].to_dict("records"):
                    _mark(ax, row, y, paint.get(model, INK))
        figure.legend(
            [Line2D([], [], marker=mark, color=INK, linestyle="", markersize=5)
             for mark, _, _ in MARKS.values()],
            ["plain", "controls taken out"], loc="outside lower right", ncols=2, frameon=False,
            fontsize=8,
        )  # fmt: skip
    return figure


def _mark(ax: Any, row: dict[Any, Any], y: int, colour: str) -> None:
    """Draw one statistic, or say that the partial one is not defined."""
    if row["statistic"] not in MARKS:
        return
    mark, shift, alpha = MARKS[row["statistic"]]
    if row["status"] == "ok":
        estimate(ax, row, y + shift, colour, marker=mark, alpha=alpha)
    elif row["statistic"] == "partial":
        ax.annotate(
            "not defined", (0, y + shift), xytext=(4, 0), textcoords="offset points",
            fontsize=SMALL, color=SOFT, style="italic", va="center",
        )  # fmt: skip
