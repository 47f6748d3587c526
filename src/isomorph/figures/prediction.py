"""Prediction: layers of each model along depth, single units, and regions against layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures import depth
from isomorph.figures.distributions import draw_units
from isomorph.figures.main_rows import Family
from isomorph.figures.profile import draw_depth, finish
from isomorph.figures.score_panel import draw_scores
from isomorph.figures.style import FAINT, WIDEST, Look, looks, styled

LOWEST = -1.0
"""The lowest correlation there is."""
ROW = 0.34
"""Height of the units of a model, inches."""


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
        Above, the estimate of every layer with its interval beside every model at the layer chosen
        within the stimuli that predict. Below, where units are predicted, every unit at that
        layer; beside it, where both ways are known, regions predicted from layers against layers
        from regions.
    """
    points, held_out = prediction_points(rows, families)
    layers = rows[rows["kind"] == "layer"]
    both = layers[np.isfinite(layers["asymmetry"].astype(float))]
    scored = units[np.isfinite(units["r"].astype(float))] if len(units) else units
    groups = depth.groups(families, set(points["model"]))
    present = [one for one in families if scored["model"].isin(one.instances).any()] \
        if len(scored) else []  # fmt: skip
    below = max(2.8 if len(both) else 0.0, 1.0 + ROW * len(present) if present else 0.0)
    columns = len(held_out["family"].unique())
    with styled():
        wide = float(np.clip(2.0 + 0.28 * (points["layer"].nunique() + columns), 5.6, WIDEST))
        figure = Figure(figsize=(wide, 4.2 + below), layout="constrained")
        above, lower = (
            figure.subfigures(2, 1, height_ratios=[4.2, below], squeeze=False)[:, 0]
            if below else (figure, None)
        )  # fmt: skip
        widths = [wide - 1 - 0.4 * columns, 0.4 * columns] if columns else [1.0]
        axes = list(above.subplots(1, len(widths), sharey=True, width_ratios=widths,
                                      squeeze=False)[0])  # fmt: skip
        draw_depth(axes[0], points, families, groups)
        if columns:
            draw_scores(axes[1], held_out, families)
        finish(axes, points, held_out, families, label=label)
        if lower is not None:
            shown = [bool(present), bool(len(both))]
            ratios = [ratio for ratio, one in zip((3.4, 2.8), shown, strict=True) if one]
            rest = list(lower.subplots(1, len(ratios), width_ratios=ratios, squeeze=False)[0])
            if present:
                _units(rest[0], scored, present, families)
            if len(both):
                _both_ways(rest[-1], both, families)
    return figure


def prediction_points(
    rows: pd.DataFrame, families: Sequence[Family]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the layers that a figure of prediction shows, and models at their chosen layers.

    Parameters
    ----------
    rows : DataFrame
        See `draw_prediction`.
    families : sequence of Family

    Returns
    -------
    points, scores : DataFrame
        See `isomorph.figures.depth.layer_points` and `score_points`.
    """
    layers = rows[rows["kind"] == "layer"]
    chosen = rows[rows["kind"] == "chosen"].assign(
        score=lambda table: table["estimate"], chosen_layer=lambda table: table["layer"],
    )  # fmt: skip
    highest = layers.groupby("model", sort=False)["estimate"].max()
    chosen = chosen.assign(maximum=chosen["model"].map(highest))
    return (
        depth.layer_points(layers, families),
        depth.score_points(chosen, layers, families, otherwise=()),
    )


def _units(
    ax: Any, units: pd.DataFrame, present: Sequence[Family], families: Sequence[Family]
) -> None:
    """Draw the units of every model in a row, those of several seeds together."""
    look, titles = looks(families), depth.score_names(families)
    ax.axvline(0, color=FAINT, linewidth=0.7, zorder=1)
    lowest = float(units["r"].min())
    low = max(LOWEST, lowest - 0.05)
    for y, family in enumerate(present):
        values = units.loc[units["model"].isin(family.instances), "r"].to_numpy(float)
        draw_units(ax, values, y, look[family.name].colour, low)
    ax.set_yticks(range(len(present)), [titles[family.name] for family in present])
    ax.set_ylim(len(present) - 0.4, -0.6)
    ax.set_xlim(low, min(1.0, float(units["r"].max()) + 0.05))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("held-out correlation of units")


def _both_ways(ax: Any, rows: pd.DataFrame, families: Sequence[Family]) -> None:
    """Draw what a region holds of layers against what layers hold of the region."""
    forward = rows["pooled"].to_numpy(float)
    reverse = forward - rows["asymmetry"].to_numpy(float)
    low = min(0.0, float(forward.min()), float(reverse.min()))
    high = max(0.1, float(forward.max()), float(reverse.max()))
    ax.plot([low, high], [low, high], color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
    known = looks(families)
    for family in families:
        for name in family.instances:
            own = np.flatnonzero(rows["model"].to_numpy() == name)
            if len(own):
                order = own[np.argsort(rows["depth"].to_numpy()[own], kind="stable")]
                _path(ax, forward[order], reverse[order], known[family.name])
    ax.set_xlabel("region predicted from layer")
    ax.set_ylabel("layer predicted from region")
    ax.set_aspect("equal", adjustable="datalim")


def _path(ax: Any, x: Any, y: Any, look: Look) -> None:
    ax.plot(x, y, color=look.colour, linewidth=0.8, alpha=0.6, linestyle=look.line)
    ax.scatter(x, y, s=14, c=look.face, edgecolors=look.colour, marker=look.form, zorder=3,
               linewidths=0.8)  # fmt: skip
