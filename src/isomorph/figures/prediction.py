"""Prediction: layers of each model along depth, single units, and regions against layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures.main_rows import Family, significant
from isomorph.figures.style import FAINT, INK, name_lines, painted, styled

MOST_DOTS = 400
"""Units of a model that are drawn one by one; of more, as many at even distances in rank."""

SPREAD = 0.28
"""How far the dots of units stand off their line."""


def draw_prediction(
    rows: pd.DataFrame, units: pd.DataFrame, families: Sequence[Family], *, label: str
) -> Figure:
    """Draw what is predicted of one region in one time bin by one method.

    Parameters
    ----------
    rows : DataFrame
        Of the table `predictions`: every layer, and every model at its chosen layers.
    units : DataFrame
        Of the table `units`, at chosen layers; empty where layers are predicted.
    families : sequence of Family
    label : str
        What is measured.

    Returns
    -------
    Figure
        Left, the estimate of every layer with its interval and the quartiles of the units; in the
        middle, where units are predicted, every unit at the chosen layer of each model; right,
        where both ways are known, regions predicted from layers against layers from regions.
    """
    paint, titles = painted(families)
    layers = rows[(rows["kind"] == "layer") & np.isfinite(rows["estimate"].astype(float))]
    models = [name for name in dict.fromkeys(rows["model"]) if (layers["model"] == name).any()]
    both = layers[np.isfinite(layers["asymmetry"].astype(float))]
    scored = units[np.isfinite(units["r"].astype(float))] if len(units) else units
    widths = [4.6, *([3.4] if len(scored) else []), *([3.2] if len(both) else [])]
    with styled():
        figure = Figure(
            figsize=(sum(widths), max(3.4, 1.6 + 0.32 * len(models))), layout="constrained"
        )
        axes = list(figure.subplots(1, len(widths), width_ratios=widths, squeeze=False)[0])
        _profile(axes.pop(0), layers, models, paint, titles, label)
        if len(scored):
            _units(axes.pop(0), scored, models, paint, titles)
        if len(both):
            _both_ways(axes.pop(0), both, models, paint)
    return figure


def _profile(
    ax: Any,
    rows: pd.DataFrame,
    models: Sequence[str],
    paint: dict[str, str],
    titles: dict[str, str],
    label: str,
) -> None:
    ax.axhline(0, color=FAINT, linewidth=0.7, zorder=1)
    for model in models:
        own = rows[rows["model"] == model].sort_values("depth", kind="stable")
        colour, n = paint.get(model, INK), len(own)
        x = np.linspace(0, 1, n) if n > 1 else np.array([1.06])
        low, high = (own[f"r_{end}"].to_numpy(float) for end in ("lower", "upper"))
        ax.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0, zorder=2)
        if n == 1:
            ax.plot([1.06] * 2, [low[0], high[0]], color=colour, alpha=0.25, linewidth=6)
        ends = own[["interval_low", "interval_high"]].to_numpy(float)
        ax.vlines(x, ends[:, 0], ends[:, 1], color=colour, linewidth=1.0, zorder=3)
        ax.plot(x, own["estimate"], color=colour, linewidth=1.6, zorder=4)
        face = np.where(significant(own), colour, "white")
        ax.scatter(x, own["estimate"], s=20, c=face, edgecolors=colour, linewidths=1.1, zorder=5)
    ax.set_xlabel("depth, from the first layer to the last")
    ax.set_ylabel(label)
    name_lines(ax, [(titles.get(one, one), paint.get(one, INK)) for one in models])


def _units(
    ax: Any,
    units: pd.DataFrame,
    models: Sequence[str],
    paint: dict[str, str],
    titles: dict[str, str],
) -> None:
    ax.axvline(0, color=FAINT, linewidth=0.7, zorder=1)
    for y, model in enumerate(models):
        r = np.sort(units.loc[units["model"] == model, "r"].to_numpy(float))
        if not len(r):
            continue
        colour = paint.get(model, INK)
        shown = r[np.linspace(0, len(r) - 1, min(len(r), MOST_DOTS)).round().astype(int)]
        # In rank order, so that neighbours stand apart; the same in every drawing.
        off = SPREAD * (2 * ((np.arange(len(shown)) * 0.618034) % 1) - 1)
        ax.scatter(shown, y + off, s=7, c=colour, alpha=0.45, linewidths=0, zorder=2)
        low, middle, high = np.percentile(r, [25, 50, 75])
        ax.plot([low, high], [y, y], color=colour, linewidth=3, zorder=3)
        ax.scatter(middle, y, s=34, c="white", edgecolors=colour, linewidths=1.4, zorder=4)
    ax.set_yticks(range(len(models)), [titles.get(one, one) for one in models])
    ax.set_ylim(len(models) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("held-out correlation of units")


def _both_ways(ax: Any, rows: pd.DataFrame, models: Sequence[str], paint: dict[str, str]) -> None:
    forward = rows["pooled"].to_numpy(float)
    reverse = forward - rows["asymmetry"].to_numpy(float)
    low = min(0.0, float(forward.min()), float(reverse.min()))
    high = max(0.1, float(forward.max()), float(reverse.max()))
    ax.plot([low, high], [low, high], color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
    for model in models:
        own = rows["model"].to_numpy() == model
        order = np.argsort(rows["depth"].to_numpy()[own], kind="stable")
        colour = paint.get(model, INK)
        ax.plot(forward[own][order], reverse[own][order], color=colour, linewidth=0.8, alpha=0.6)
        ax.scatter(forward[own], reverse[own], s=16, c=colour, zorder=3)
    ax.set_xlabel("region predicted from layer")
    ax.set_ylabel("layer predicted from region")
    ax.set_aspect("equal", adjustable="datalim")
