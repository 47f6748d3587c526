"""The overview: every model's best layer against every region of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from isomorph.figures.main_rows import Family, MainRows, best_layers, ceiling, significant
from isomorph.figures.style import CEILING, FAINT, colours, dot, estimate, region_panels, styled


def draw_overview(
    panels: Sequence[MainRows], families: Sequence[Family], *, labels: Sequence[str]
) -> Figure:
    """Draw each model family's best layer, a panel per region.

    Parameters
    ----------
    panels : sequence of MainRows
        The regions.
    families : sequence of Family
        The models, top to bottom.
    labels : sequence of str
        What the abscissa of each panel measures.
    """
    present = {name for shown in panels for name in shown.rows["model"]}
    rows = [family for family in families if present & set(family.instances)]
    paint = colours(families)
    titles = [family.title for family in rows]
    with styled():
        figure, axes = region_panels([shown.region for shown in panels], titles, labels, line=0.42)
        for ax, shown in zip(axes, panels, strict=True):
            _ceiling(ax, shown)
            for y, family in enumerate(rows):
                _best(ax, shown, family, y, paint[family.name])
    return figure


def _ceiling(ax: Any, shown: MainRows) -> None:
    bounds = ceiling(shown.rows)
    if not isinstance(bounds, str):
        ax.axvspan(bounds.low, bounds.high, color=CEILING, linewidth=0, zorder=0)
        return
    ax.annotate(
        "ceiling undefined", (1, 0), xycoords="axes fraction", xytext=(-2, 2),
        textcoords="offset points", ha="right", fontsize=7, color=FAINT, style="italic",
    )  # fmt: skip


def _best(ax: Any, shown: MainRows, family: Family, y: int, colour: str) -> None:
    """Draw the best layer of a model with its name, or a tick per seed and their mean."""
    best = best_layers(shown.rows[shown.rows["model"].isin(family.instances)])
    if best.empty:
        return
    if len(family.instances) == 1:
        row = best.iloc[0]
        estimate(ax, row, y, colour)
        ax.annotate(
            str(row["layer"]), (row["estimate"], y), xytext=(0, 6), textcoords="offset points",
            ha="center", fontsize=6.5, color=colour,
        )  # fmt: skip
        return
    seeds = np.full(len(best), y)
    ax.scatter(best["estimate"], seeds, marker="|", s=60, color=colour, linewidths=1.2, zorder=4)
    dot(ax, best["estimate"].mean(), y, colour, filled=bool(significant(best).all()))
