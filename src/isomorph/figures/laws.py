"""Distances between the laws of regions: a row of dots for each pair, or a matrix of many."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from isomorph.figures.main_rows import SIGNIFICANT
from isomorph.figures.style import (
    CEILING,
    COLOUR_MAP,
    FAINT,
    LONGEST_NAME,
    PAPER,
    SMALL,
    STRONG,
    WIDEST,
    axis_label,
    dot,
    heat_map,
    shortened,
    styled,
    thinned,
)
from isomorph.numerals import number

MOST_WRITTEN = 12
"""Regions up to which the cells of a matrix carry their numbers."""

AXES = {
    "angular": "distance between laws, radians",
    "wasserstein": "distance between the eigenvalues of laws",
}


def draw_pairs(known: pd.DataFrame) -> Figure:
    """Draw each distance with its standard error, and where it is with time shuffled.

    Parameters
    ----------
    known : DataFrame
        See `isomorph.figures.law_words.named`; at least one row.
    """
    means = known.groupby("pair", sort=False)["estimate"].mean().sort_values(kind="stable")
    short = [shortened(str(one), 2 * LONGEST_NAME) for one in means.index]
    names = [textwrap.fill(one, LONGEST_NAME, break_on_hyphens=False) for one in short]
    with styled():
        beside = 0.075 * max(len(line) for name in names for line in name.split("\n"))
        tall = 0.3 + 0.06 * any("\n" in name for name in names)
        size = (min(WIDEST, 4.6 + beside), 1.3 + tall * len(names))
        figure = Figure(figsize=size, layout="constrained")
        ax = figure.subplots()
        for y, pair in enumerate(means.index):
            ax.axhline(y, color=CEILING, linewidth=0.6, zorder=0.5)
            own = known[known["pair"] == pair]
            aside = np.linspace(-0.25, 0.25, len(own)) if len(own) > 1 else [0.0]
            for at, row in zip(aside, own.to_dict("records"), strict=True):
                ax.plot([row["shuffled"]] * 2, [y + at - 0.14, y + at + 0.14], color=FAINT,
                        linewidth=1.6, zorder=2)  # fmt: skip
                ax.errorbar(row["estimate"], y + at, xerr=row["standard_error"], color=STRONG[0],
                            linewidth=1.6, zorder=3)  # fmt: skip
                significant = row["status"] == "ok" and row["p_corrected"] < SIGNIFICANT
                dot(ax, row["estimate"], y + at, STRONG[0], filled=bool(significant))
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_xlim(left=min(0.0, ax.get_xlim()[0]))
        ax.set_xlabel(AXES[str(known["field_distance"].iloc[0])])
        _key(figure, known)
    return figure


def _key(figure: Figure, known: pd.DataFrame) -> None:
    look: dict[str, Any] = {"linestyle": "", "marker": "o", "markeredgecolor": STRONG[0]}
    handles = [
        Line2D([], [], markerfacecolor=STRONG[0], label="p < .05", **look),
        Line2D([], [], markerfacecolor=PAPER, label="not", **look),
        Line2D([], [], color=FAINT, linestyle="", marker="|", markersize=9, markeredgewidth=1.6,
               label="time shuffled"),
    ]  # fmt: skip
    if (known["status"] == "ok").any():
        figure.legend(handles=handles, loc="outside upper left", ncols=3, frameon=False, fontsize=8)


def draw_matrix(known: pd.DataFrame) -> Figure:
    """Draw the mean distance of regions from each other, and from layers, over recordings.

    Parameters
    ----------
    known : DataFrame
        See `isomorph.figures.law_words.named`; at least one row.
    """
    layers = known["model_b"] != ""
    regions = sorted({*known["one"], *known.loc[~layers, "other"]})
    across = [*regions, *dict.fromkeys(known.loc[layers, "other"])]
    means = _means(known, layers, regions, across)
    with styled():
        wide, tall = (1.2 + 0.42 * len(names) for names in (across, regions))
        size = (min(WIDEST, wide + 2.6), min(WIDEST, tall + 1.8))
        figure = Figure(figsize=size, layout="constrained")
        ax = figure.subplots()
        few = len(across) <= MOST_WRITTEN
        write, most = number if few else None, float(np.nanmax(means))
        image = heat_map(ax, means, high=most, ramp=f"{COLOUR_MAP}_r", write=write)
        for axis, names in ((ax.yaxis, regions), (ax.xaxis, across)):
            kept = thinned(len(names), 40)
            shown = [shortened(names[at], LONGEST_NAME) for at in kept]
            axis.set_ticks(kept, shown, fontsize=SMALL)
        ax.tick_params(axis="x", labelrotation=90)
        bar = figure.colorbar(image, ax=ax, shrink=0.7)
        bar.set_label(axis_label(AXES[str(known["field_distance"].iloc[0])]))
        bar.outline.set_visible(False)
    return figure


def _means(
    known: pd.DataFrame, layers: pd.Series, regions: list[str], across: list[str]
) -> np.ndarray:
    """Return mean distances `(region, region or layer)`, NaN where there is none."""
    total, times = np.zeros((2, len(regions), len(across)))
    for row, is_layer in zip(known.to_dict("records"), layers, strict=True):
        a = regions.index(row["one"])
        if is_layer:
            cells = {(a, across.index(row["other"], len(regions)))}
        else:
            b = regions.index(row["other"])
            cells = {(a, b), (b, a)}
        for cell in cells:
            total[cell] += row["estimate"]
            times[cell] += 1
    return np.divide(total, times, out=np.full_like(total, np.nan), where=times > 0)
