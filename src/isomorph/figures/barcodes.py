"""Barcodes: loops and voids of one population, each with what the longest of shuffles would be."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from isomorph.figures.style import CEILING, FAINT, STRONG, styled

MOST_BARS = 25
"""Bars of a dimension that are drawn, the longest."""

COUNTS = 0.05
"""Up to which p, corrected over dimensions, a bar counts."""

NAMES = {0: "pieces", 1: "loops", 2: "voids"}
"""What bars of a dimension are."""


def shown_bars(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the longest loops and voids, as they are drawn.

    Parameters
    ----------
    bars : DataFrame
        Rows of `bars` of one shape.
    """
    kept = bars[(bars["rank"] <= MOST_BARS) & (bars["dimension"] > 0)]
    return kept.sort_values(["dimension", "birth"], kind="stable")


def draw_barcodes(bars: pd.DataFrame) -> Figure:
    """Draw each bar from its birth to its death, over one of the length of the null's longest.

    Parameters
    ----------
    bars : DataFrame
        See `shown_bars`; at least one row.
    """
    dimensions = sorted(set(bars["dimension"].astype(int)))
    counts = [int((bars["dimension"] == one).sum()) for one in dimensions]
    with styled():
        size = (6.2, 1.2 + sum(0.35 + 0.085 * max(n, 4) for n in counts))
        figure = Figure(figsize=size, layout="constrained")
        heights = [max(n, 4) for n in counts]
        panels = figure.subplots(len(dimensions), 1, sharex=True, squeeze=False,
                                 height_ratios=heights).ravel()  # fmt: skip
        for ax, dimension in zip(panels, dimensions, strict=True):
            own = bars[bars["dimension"] == dimension]
            birth, length = own["birth"].to_numpy(float), own["length"].to_numpy(float)
            bound = own["bound"].fillna(0).to_numpy(float)
            rows = range(len(own))
            ax.barh(rows, bound, left=birth, height=1.0, color=CEILING, linewidth=0)
            colours = [STRONG[0] if p <= COUNTS else FAINT for p in own["p_corrected"]]
            ax.barh(rows, length, left=birth, height=0.5, color=colours, linewidth=0)
            ax.set_ylim(len(own) - 0.4, -0.6)
            ax.set_yticks([])
            ax.set_ylabel(NAMES.get(dimension, f"dimension {dimension}"))
            ax.spines["left"].set_visible(False)
        panels[-1].set_xlim(left=0)
        panels[-1].set_xlabel("distance between points")
        key = [
            Patch(color=STRONG[0], label="beyond chance"),
            Patch(color=FAINT, label="not"),
            Patch(color=CEILING, label="the longest of all shuffles"),
        ]
        figure.legend(handles=key, loc="outside upper left", ncols=3, frameon=False, fontsize=8)
    return figure
