"""Weighted models: what combining layers or reweighting components gains."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures import main_rows
from isomorph.figures.style import INK, SMALL, SOFT, estimate, painted, region_panels, styled
from isomorph.numerals import number

KINDS = {
    "layers": "layers combined",
    "models": "layers of all models combined",
    "features": "components of one layer reweighted",
}


def draw_weighted(
    rows: pd.DataFrame, families: Sequence[main_rows.Family], *, label: str
) -> Figure:
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
    regions = main_rows.regions(known)
    tasks = list(dict.fromkeys(zip(known["kind"], known["model"], strict=True)))
    lines = [
        KINDS[kind].capitalize() if kind == "models" else f"{titles.get(of, of)}: {KINDS[kind]}"
        for kind, of in tasks
    ]
    with styled():
        figure, axes = region_panels(regions, lines, [f"gain in {label}"] * len(regions))
        for ax, region in zip(axes, regions, strict=True):
            for row in main_rows.rows_of(known, region).to_dict("records"):
                y = tasks.index((row["kind"], row["model"]))
                estimate(ax, row, y, paint.get(row["model"], INK), value="gain")
                ax.annotate(
                    f"{number(row['single'])} → {number(row['score'])}", (1, y),
                    xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
                    fontsize=SMALL, color=SOFT, va="center",
                )  # fmt: skip
    return figure
