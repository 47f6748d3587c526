"""The overview: every model's best layer against every region of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from isomorph.figures.selection import Family, Shown, best_layers, ceiling, significant
from isomorph.figures.style import CEILING, FAINT, colours, styled


def draw_overview(
    panels: Sequence[Shown], families: Sequence[Family], *, labels: Sequence[str], title: str = ""
) -> Figure:
    """Draw each model family's best layer, a panel per region.

    Parameters
    ----------
    panels : sequence of Shown
        The regions.
    families : sequence of Family
        The models, top to bottom.
    labels : sequence of str
        What the abscissa of each panel measures.
    title : str, optional
        Title of the figure.
    """
    present = {name for shown in panels for name in shown.rows["model"]}
    rows = [family for family in families if present & set(family.instances)]
    paint = colours(families)
    across = min(3, len(panels))
    down = -(-len(panels) // across)
    size = (2.4 + 2.9 * across, (1.0 + 0.42 * len(rows)) * down + 0.5)
    with styled():
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
        for ax, shown, label in zip(axes, panels, labels, strict=False):
            _panel(ax, shown, rows, paint)
            ax.set_title(shown.region, fontweight="bold")
            ax.set_xlabel(label)
            ax.tick_params(axis="x", labelbottom=True)  # a panel may have none below it
        axes[0].set_yticks(range(len(rows)), [family.title for family in rows])
        axes[0].set_ylim(len(rows) - 0.4, -0.6)
        for ax in axes[len(panels) :]:
            ax.axis("off")
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _panel(ax: Any, shown: Shown, families: Sequence[Family], paint: dict[str, str]) -> None:
    bounds = ceiling(shown.rows)
    if isinstance(bounds, str):
        ax.annotate(
            "ceiling undefined", (1, 0), xycoords="axes fraction", xytext=(-2, 2),
            textcoords="offset points", ha="right", fontsize=7, color=FAINT, style="italic",
        )  # fmt: skip
    else:
        ax.axvspan(bounds.low, bounds.high, color=CEILING, linewidth=0, zorder=0)
    ax.axvline(0, color=FAINT, linewidth=0.7, zorder=1)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    for y, family in enumerate(families):
        best = best_layers(shown.rows[shown.rows["model"].isin(family.instances)])
        if best.empty:
            continue
        colour = paint[family.name]
        ax.axhline(y, color=CEILING, linewidth=0.6, zorder=0.5)
        if len(family.instances) == 1:
            row = best.iloc[0]
            ax.plot(
                [row["interval_low"], row["interval_high"]], [y, y], color=colour, linewidth=2.2
            )
            _dot(ax, row["estimate"], y, colour, filled=bool(significant(best)[0]))
            ax.annotate(
                str(row["layer"]), (row["estimate"], y), xytext=(0, 6),
                textcoords="offset points", ha="center", fontsize=6.5, color=colour,
            )  # fmt: skip
        else:
            ax.scatter(
                best["estimate"], np.full(len(best), y), marker="|", s=60, color=colour,
                linewidths=1.2, zorder=4,
            )  # fmt: skip
            _dot(ax, best["estimate"].mean(), y, colour, filled=bool(significant(best).all()))


def _dot(ax: Any, x: float, y: float, colour: str, *, filled: bool) -> None:
    face = colour if filled else "white"
    ax.scatter(x, y, s=34, c=face, edgecolors=colour, linewidths=1.2, zorder=6)
