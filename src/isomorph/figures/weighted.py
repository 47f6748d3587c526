"""Weighted models: what combining layers or reweighting components gains."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures import selection
from isomorph.figures.partial import painted, panels
from isomorph.figures.selection import Family, significant
from isomorph.figures.style import CEILING, FAINT, INK, styled

KINDS = {
    "layers": "layers combined",
    "models": "layers of all models combined",
    "features": "components of one layer reweighted",
}


def draw_weighted(rows: pd.DataFrame, families: Sequence[Family], *, label: str) -> Figure:
    """Draw the gain of every combination over the best single layer, a panel per region.

    Parameters
    ----------
    rows : DataFrame
        A weighted table under one measure.
    families : sequence of Family
    label : str
        The measure.
    """
    paint, titles = painted(families)
    known = rows[rows["status"] == "ok"]
    regions = selection.regions(known)
    tasks = list(dict.fromkeys(zip(known["kind"], known["model"], strict=True)))
    with styled():
        figure, axes = panels(len(regions), len(tasks))
        for ax, region in zip(axes, regions, strict=False):
            own = selection.rows_of(known, region).set_index(["kind", "model"])
            for y, task in enumerate(tasks):
                ax.axhline(y, color=CEILING, linewidth=0.6, zorder=0.5)
                if task not in own.index:
                    continue
                row = own.loc[task]
                colour = paint.get(task[1], INK)
                ax.plot([row["interval_low"], row["interval_high"]], [y, y], color=colour,
                        linewidth=2)  # fmt: skip
                filled = bool(significant(pd.DataFrame([row]))[0])
                ax.scatter(row["gain"], y, s=32, c=colour if filled else "white",
                           edgecolors=colour, linewidths=1.2, zorder=6)  # fmt: skip
                ax.annotate(
                    f"{row['single']:.2f} → {row['score']:.2f}", (1, y),
                    xycoords=("axes fraction", "data"), xytext=(2, 0), textcoords="offset points",
                    fontsize=6.5, color=FAINT, va="center",
                )  # fmt: skip
            ax.set_title(region, fontweight="bold")
            ax.set_xlabel(f"gain in {label}")
        lines = [f"{titles.get(model, model)}: {KINDS[kind]}" if kind != "models"
                 else KINDS[kind].capitalize() for kind, model in tasks]  # fmt: skip
        axes[0].set_yticks(range(len(tasks)), lines)
        axes[0].set_ylim(len(tasks) - 0.4, -0.6)
    return figure
