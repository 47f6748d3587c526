"""What is left of a likeness: each model plain, and with the controls taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from isomorph.figures import selection
from isomorph.figures.selection import Family, significant
from isomorph.figures.style import CEILING, FAINT, INK, colours, styled

SHIFT = 0.16
"""Distance of the two dots of a model from the middle of its line."""


def panels(axes_wanted: int, n_lines: int) -> tuple[Figure, Any]:
    """Return a figure with a panel per region, lines of text at the left of the first column."""
    across = min(3, axes_wanted)
    down = -(-axes_wanted // across)
    size = (2.4 + 2.9 * across, (1.1 + 0.36 * n_lines) * down + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for ax in axes[axes_wanted:]:
        ax.axis("off")
    for ax in axes[:axes_wanted]:
        ax.axvline(0, color=FAINT, linewidth=0.7, zorder=1)
        ax.tick_params(axis="y", length=0)
        ax.tick_params(axis="x", labelbottom=True)
        ax.spines["left"].set_visible(False)
    return figure, axes


def painted(families: Sequence[Family]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the colour and the short title of each model instance."""
    paint = colours(families)
    by_instance = {name: family for family in families for name in family.instances}
    # What stands before the comma will do, where it is the name of one model alone.
    short = Counter(family.title.split(",")[0] for family in families if family.kind != "twins")
    return (
        {name: paint[family.name] for name, family in by_instance.items()},
        {name: family.title.split(",")[0]
         if family.kind != "twins" and short[family.title.split(",")[0]] == 1 else family.title
         for name, family in by_instance.items()},
    )  # fmt: skip


def draw_partial(rows: pd.DataFrame, families: Sequence[Family], *, label: str) -> Figure:
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
    regions = selection.regions(rows)
    with styled():
        figure, axes = panels(len(regions), len(models))
        for ax, region in zip(axes, regions, strict=False):
            own = selection.rows_of(rows, region)
            for y, model in enumerate(models):
                ax.axhline(y, color=CEILING, linewidth=0.6, zorder=0.5)
                _line(ax, own[own["model"] == model], y, paint.get(model, INK))
            ax.set_title(region, fontweight="bold")
            ax.set_xlabel(label)
        axes[0].set_yticks(range(len(models)), [titles.get(name, name) for name in models])
        axes[0].set_ylim(len(models) - 0.4, -0.6)
        marks: Mapping[str, str] = {"plain": "o", "controls taken out": "D"}
        figure.legend(
            [Line2D([], [], marker=mark, color=INK, linestyle="", markersize=5) for mark in
             marks.values()],
            list(marks), loc="outside lower right", ncols=2, frameon=False, fontsize=8,
        )  # fmt: skip
    return figure


def _line(ax: Any, rows: pd.DataFrame, y: float, colour: str) -> None:
    for statistic, mark, shift in (("plain", "o", -SHIFT), ("partial", "D", SHIFT)):
        own = rows[rows["statistic"] == statistic]
        if own.empty or own["status"].iloc[0] != "ok":
            said = str(own["status"].iloc[0]) if len(own) else ""
            if statistic == "partial" and said:
                ax.annotate(
                    "not defined", (0, y + shift), xytext=(4, 0), textcoords="offset points",
                    fontsize=6.5, color=FAINT, style="italic", va="center",
                )  # fmt: skip
            continue
        row = own.iloc[0]
        ax.plot([row["interval_low"], row["interval_high"]], [y + shift] * 2, color=colour,
                linewidth=1.8, alpha=1 if mark == "D" else 0.45)  # fmt: skip
        face = colour if significant(own)[0] else "white"
        ax.scatter(row["estimate"], y + shift, s=26, c=face, edgecolors=colour, marker=mark,
                   linewidths=1.1, zorder=6)  # fmt: skip
