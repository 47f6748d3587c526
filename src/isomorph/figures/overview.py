"""The overview: every model at its held-out score against every region of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures import depth
from isomorph.figures.main_rows import Family, MainRows, ceiling
from isomorph.figures.style import (
    CEILING,
    FAINT,
    SMALL,
    SOFT,
    Look,
    looks,
    region_panels,
    styled,
    text_colour,
)

EVERY_KIND = ("trained", "untrained", "baseline")


def draw_overview(
    panels: Sequence[MainRows],
    families: Sequence[Family],
    *,
    labels: Sequence[str],
    scores: Mapping[str, pd.DataFrame] | None = None,
) -> Figure:
    """Draw each model family at its held-out score, a panel per region.

    Parameters
    ----------
    panels : sequence of MainRows
        The regions.
    families : sequence of Family
        The models, top to bottom.
    labels : sequence of str
        What the abscissa of each panel measures.
    scores : mapping of str to DataFrame, optional
        Scores at layers chosen on other stimuli, by region; a model without one stands at its
        best layer.
    """
    points = overview_points(panels, families, scores)
    present = set(points["family"])
    rows = [family for family in families if family.name in present]
    look = looks(families)
    titles = [family.title for family in rows]
    with styled():
        figure, axes = region_panels([shown.region for shown in panels], titles, labels, line=0.42)
        for ax, shown in zip(axes, panels, strict=True):
            _ceiling(ax, shown)
            inside = points[points["region"] == shown.region]
            for y, family in enumerate(rows):
                own = inside[inside["family"] == family.name]
                if len(own):
                    _model(ax, own, y, look[family.name])
    return figure


def overview_points(
    panels: Sequence[MainRows],
    families: Sequence[Family],
    scores: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Return what an overview shows: `region` and the columns of `depth.score_points`."""
    none = pd.DataFrame(columns=["model", "score"])
    found = [
        depth.score_points(
            (scores or {}).get(shown.region, none), shown.rows, families, otherwise=EVERY_KIND
        ).assign(region=shown.region)
        for shown in panels
    ]
    return pd.concat(found, ignore_index=True)


def _ceiling(ax: Any, shown: MainRows) -> None:
    bounds = ceiling(shown.rows)
    if not isinstance(bounds, str):
        ax.axvspan(bounds.low, bounds.high, color=CEILING, linewidth=0, zorder=0)
        return
    ax.annotate(
        "ceiling undefined", (1, 0), xycoords="axes fraction", xytext=(-2, 2),
        textcoords="offset points", ha="right", fontsize=SMALL, color=SOFT, style="italic",
    )  # fmt: skip


def _model(ax: Any, own: pd.DataFrame, y: int, look: Look) -> None:
    """Draw a model with its interval and its layer, or a tick per seed and their mean."""
    values = own["estimate"].to_numpy(float)
    most = own["maximum"].to_numpy(float)
    if np.isfinite(most).any():
        ax.scatter(np.nanmean(most), y, marker="|", s=55, c=FAINT, linewidths=1.2, zorder=3)
    if len(own) == 1:
        ends = own[["interval_low", "interval_high"]].to_numpy(float)[0]
        ax.plot(ends, [y, y], color=look.colour, linewidth=2, zorder=4)
        ax.annotate(
            str(own["layer"].iloc[0]), (values[0], y), xytext=(0, 6), textcoords="offset points",
            ha="center", fontsize=SMALL, color=text_colour(look.colour),
        )  # fmt: skip
    else:
        seeds = np.full(len(values), y)
        ax.scatter(values, seeds, marker="|", s=60, color=look.colour, linewidths=1.2, zorder=4)
    ax.scatter(values.mean(), y, s=32, c=look.face, edgecolors=look.colour, marker=look.form,
               linewidths=1.2, zorder=6)  # fmt: skip
