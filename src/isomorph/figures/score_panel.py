"""The panel beside a profile: every model at its held-out score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from isomorph.figures import depth
from isomorph.figures.main_rows import Family
from isomorph.figures.style import FAINT, SMALL, looks, text_colour

TURNED: dict[str, Any] = {
    "rotation": 60, "ha": "right", "rotation_mode": "anchor", "fontsize": SMALL,
}  # fmt: skip
"""How names stand below a panel."""


def draw_scores(ax: Any, held_out: pd.DataFrame, families: Sequence[Family]) -> None:
    """Draw every model at its held-out score, with its interval and its highest estimate.

    Parameters
    ----------
    ax : Axes
    held_out : DataFrame
        See `isomorph.figures.depth.score_points`.
    families : sequence of Family
    """
    look, names = looks(families), depth.score_names(families)
    places = depth.columns_of(held_out, families)
    heads: dict[int, str] = {}
    for name, own in held_out.groupby("family", sort=False):
        one, at = look[str(name)], places[str(name)]
        beside = at in heads
        heads.setdefault(at, str(name))
        x = at + (0.3 if beside else 0.0)
        values = own["estimate"].to_numpy(float)
        most = own["maximum"].to_numpy(float)
        if np.isfinite(most).any() and not beside:
            ax.scatter(x, np.nanmean(most), marker="_", s=55, c=FAINT, linewidths=1.2, zorder=3)
        if len(own) > 1:
            ax.scatter(np.full(len(values), x), values, marker="_", s=24 if beside else 70,
                       color=one.colour, linewidths=0.9, zorder=4)  # fmt: skip
        else:
            ends = own[["interval_low", "interval_high"]].to_numpy(float)[0]
            ax.plot([x, x], ends, color=one.colour, linewidth=1.0 if beside else 1.8, zorder=4)
        ax.scatter(x, values.mean(), s=14 if beside else 38, c=one.face, edgecolors=one.colour,
                   marker=one.form, linewidths=1.2, zorder=6)  # fmt: skip
    ax.set_xticks(list(heads), [names[name] for name in heads.values()], **TURNED)
    ax.set_xlim(-0.7, len(heads) - 0.3)
    for text, name in zip(ax.get_xticklabels(), heads.values(), strict=True):
        text.set_color(text_colour(look[name].colour))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    what = held_out["shown"].iloc[0]
    ax.annotate(
        what, (0, 1), xycoords="axes fraction", xytext=(0, 4), textcoords="offset points",
        fontweight="bold", va="bottom",
    )  # fmt: skip
