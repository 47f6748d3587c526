"""The layer profile: how similar each layer of each model is to one region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures import depth
from isomorph.figures.main_rows import Family, ceiling, significant
from isomorph.figures.score_panel import TURNED, draw_scores
from isomorph.figures.style import (
    CEILING,
    FAINT,
    INK,
    PAPER,
    SMALL,
    SOFT,
    WIDEST,
    Look,
    axis_label,
    looks,
    name_lines,
    short_titles,
    shortened,
    styled,
    thinned,
)
from isomorph.numerals import number

MOST_BANDS = 2
"""Networks up to which the intervals of all layers are drawn as bands."""
MOST_NAMED = 24
"""Layers named below a panel; of more, so many at even distances."""
COLUMN = 0.28
"""Width of a layer or a model, inches."""
LETTER = 0.088
"""Width of a bold letter of a name above a panel, inches."""
SHARED = 8.0
"""Width of a figure in which several networks share a panel, inches."""
TALL = 4.3
"""Height of the figure, inches; of several networks, whose names need more room, a little more."""


def draw_profile(
    rows: pd.DataFrame,
    families: Sequence[Family],
    *,
    label: str,
    scores: pd.DataFrame | None = None,
) -> Figure:
    """Draw the profile of one region under one distance and one measure.

    Parameters
    ----------
    rows : DataFrame
        Comparisons of the region, one row per model instance and layer.
    families : sequence of Family
        The models, in order.
    label : str
        What the ordinate measures.
    scores : DataFrame, optional
        The region's scores at layers chosen on other stimuli, a row per model instance.

    Returns
    -------
    Figure
        Left the layers: of one network by name, of several along relative depth, so that all share
        one panel. Trained networks are full lines, untrained controls dashed ones (the mean of
        their seeds, which are thin). Filled dots are the layers in the confidence set, open ones
        those outside. Right every model at its held-out score with its interval, a tick at its
        highest estimate. Behind both the noise ceiling and the score of the best baseline.
    """
    points, held_out = profile_points(rows, families, scores)
    groups = depth.groups(families, set(rows["model"]))
    with styled():
        figure, axes = panels(points, held_out, families, groups)
        draw_depth(axes[0], points, families, groups)
        if len(axes) > 1:
            draw_scores(axes[1], held_out, families)
        for ax in axes:
            _ceiling(ax, rows, named=ax is axes[0])
        bounds = ceiling(rows)
        top = np.nan if isinstance(bounds, str) else bounds.high
        finish(axes, points, held_out, families, label=label, ceiling_top=top)
    return figure


def profile_points(
    rows: pd.DataFrame, families: Sequence[Family], scores: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what a profile shows: its layers, and its models at their scores.

    Parameters
    ----------
    rows, families, scores
        See `draw_profile`.

    Returns
    -------
    points, scores : DataFrame
        See `isomorph.figures.depth.layer_points` and `score_points`.
    """
    points = depth.layer_points(rows, families)
    own = scores if scores is not None else pd.DataFrame(columns=["model", "score"])
    held_out = depth.score_points(own, rows, families)
    if len(points) and set(points["kind"]) == {"baseline"}:
        held_out = held_out[held_out["shown"] == "held-out score"]  # the others are on the left
    return points, held_out


def panels(
    points: pd.DataFrame,
    held_out: pd.DataFrame,
    families: Sequence[Family],
    groups: Sequence[Sequence[Family]],
) -> tuple[Figure, list[Any]]:
    """Return a figure with a panel for layers and, where there are scores, one for these."""
    columns = len(set(depth.columns_of(held_out, families).values()))
    if len(groups) > 1:
        layers, models, tall = SHARED - 0.8 - 0.21 * columns, 0.21 * columns, TALL + 0.7
    else:
        layers = COLUMN * (points["layer"].nunique() if groups else len(points))
        models = max(1.55, 0.4 + COLUMN * columns) * (columns > 0)
        named = [_said(family) for family in groups[0]] if groups else []
        least = max(2.2, LETTER * max(map(len, named), default=0))
        layers, tall = float(np.clip(layers, least, max(least, WIDEST - 0.8 - models))), TALL
    figure = Figure(figsize=(0.8 + layers + models, tall), layout="constrained")
    if not columns:
        return figure, [figure.subplots()]
    return figure, list(figure.subplots(1, 2, sharey=True, width_ratios=[layers, models]))


def draw_depth(
    ax: Any,
    points: pd.DataFrame,
    families: Sequence[Family],
    groups: Sequence[Sequence[Family]],
) -> None:
    """Draw layers along depth, or, where there is no network, those of baselines side by side.

    Parameters
    ----------
    ax : Axes
    points : DataFrame
        See `isomorph.figures.depth.layer_points`.
    families : sequence of Family
    groups : sequence of sequence of Family
        See `isomorph.figures.depth.groups`.
    """
    look = looks(families)
    if not groups:
        _side_by_side(ax, points, families, look)
        return
    several = len(groups) > 1
    names = list(dict.fromkeys(points.sort_values("depth", kind="stable")["layer"]))
    at = {name: place for place, name in enumerate(names)}
    x = points["relative_depth"] if several else points["layer"].map(at)
    placed = points.assign(x=x.astype(float))
    for family in (one for group in groups for one in group):
        own = placed[placed["family"] == family.name]
        if family.kind == "untrained" and len(family.instances) > 1:
            _seeds(ax, own, look[family.name], thin=not several)
        else:
            _line(ax, own, look[family.name], band=len(groups) <= MOST_BANDS, crowd=several)
    if several:
        ax.set_xlim(-0.03, 1.03)
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["first\nlayer", "", "half-way", "", "last\nlayer"])
        ax.set_xlabel("relative depth")
        return
    kept = thinned(len(names), MOST_NAMED)
    ax.set_xticks(kept, [names[place] for place in kept], **TURNED)
    ax.set_xlim(-0.6, len(names) - 0.4)
    texts = [(_said(family), look[family.name].colour) for family in reversed(groups[0])]
    name_lines(ax, texts)


def _said(family: Family) -> str:
    n = len(family.instances)
    return f"{family.title}: mean of {n} seeds (dashed)" if n > 1 else family.title


def _line(ax: Any, own: pd.DataFrame, look: Look, *, band: bool, crowd: bool) -> None:
    """Draw a model as a line, its layers as dots, filled where they are in the confidence set."""
    ends = own[["interval_low", "interval_high"]].to_numpy(float)
    if band:
        ax.fill_between(own["x"], *ends.T, color=look.colour, alpha=0.14, linewidth=0, zorder=3)
    width = 1.1 if crowd or look.hollow else 1.8
    ax.plot(own["x"], own["estimate"], color=look.colour, linewidth=width, linestyle=look.line,
            alpha=0.85 if crowd else 1, zorder=4 + (not look.hollow))  # fmt: skip
    inside = in_set(own)
    shown = own[inside] if crowd else own
    face = np.where(in_set(shown), look.colour, PAPER)
    ax.scatter(shown["x"], shown["estimate"], s=17 if crowd else 24, c=face, marker=look.form,
               edgecolors=look.colour, linewidths=1.1, zorder=6)  # fmt: skip


def _seeds(ax: Any, own: pd.DataFrame, look: Look, *, thin: bool) -> None:
    """Draw the mean of seeds as a dashed line, and every seed as a thin one."""
    if thin:
        for _, line in own.groupby("model", sort=False):
            ax.plot(line["x"], line["estimate"], color=look.colour, linewidth=0.6, alpha=0.55,
                    zorder=2)  # fmt: skip
    mean = own.groupby("x")["estimate"].mean()
    ax.plot(mean.index, mean, color=look.colour, linewidth=1.6 if thin else 1.0,
            linestyle=look.line, zorder=4)  # fmt: skip


def _side_by_side(
    ax: Any, points: pd.DataFrame, families: Sequence[Family], look: Mapping[str, Look]
) -> None:
    """Draw layers that have no depth as dots with intervals."""
    titles = short_titles(families)
    several = points["family"].nunique() > 1
    texts = []
    for x, row in enumerate(points.to_dict("records")):
        own, title = look[row["family"]], shortened(titles[row["family"]], 20)
        ax.plot(
            [x, x], [row["interval_low"], row["interval_high"]], color=own.colour, linewidth=1.6
        )
        filled = in_set(points.iloc[[x]])[0]
        ax.scatter(x, row["estimate"], s=30, c=own.colour if filled else PAPER, marker=own.form,
                   edgecolors=own.colour, linewidths=1.2, zorder=6)  # fmt: skip
        one = (points["family"] == row["family"]).sum() == 1
        texts.append(title if one else f"{title}: {row['layer']}" if several else row["layer"])
    ax.set_xticks(range(len(texts)), texts, **TURNED)
    ax.set_xlim(-0.6, len(texts) - 0.4)
    if not several and len(points):
        name = points["family"].iloc[0]
        title = next(one.title for one in families if one.name == name)
        name_lines(ax, [(title, look[name].colour)])


def in_set(rows: pd.DataFrame) -> np.ndarray:
    """Return which layers are in the confidence set of their model `(row,)`.

    Where no set was computed, they are those that differ from chance after correction.
    """
    known = rows["in_set"].astype(str) if "in_set" in rows else pd.Series(dtype=str)
    if known.isin(["yes", "no"]).any():
        return (known == "yes").to_numpy()
    return significant(rows)


def finish(
    axes: Sequence[Any],
    points: pd.DataFrame,
    held_out: pd.DataFrame,
    families: Sequence[Family],
    *,
    label: str,
    ceiling_top: float = np.nan,
) -> None:
    """Draw zero and the best baseline behind all panels, and say what the ordinate measures.

    Parameters
    ----------
    axes : sequence of Axes
        Of layers and, where there are any, of scores.
    points, held_out : DataFrame
        See `profile_points`.
    families : sequence of Family
    label : str
    ceiling_top : float, optional
        The upper end of the noise ceiling, below which its name stands.
    """
    axes[0].set_ylabel(axis_label(label))
    axes[0].margins(y=0.1)
    best = depth.best_baseline(held_out)
    networks = len(points) and set(points["kind"]) != {"baseline"}
    for ax in axes:
        ax.axhline(0, color=FAINT, linewidth=0.7, zorder=1)
        if best and networks:
            ax.axhline(best["estimate"], color=SOFT, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    if best and networks and len(depth.groups(families, set(points["model"]))) == 1:
        title = short_titles(families)[best["family"]]
        text = f"best baseline: {title} {number(float(best['estimate']))}"
        _beside(axes[0], points, float(best["estimate"]), text, ceiling_top)


def _beside(ax: Any, points: pd.DataFrame, y: float, text: str, taken: float) -> None:
    """Write above a level line, at an end where no layer is near it; nowhere if there is none.

    The left end just below `taken` belongs to the name of the noise ceiling.
    """
    low, high = ax.get_ylim()
    above = y + 0.08 * (high - low)
    near = (points["estimate"] < above) & (points["estimate"] > y - 0.01 * (high - low))
    left = int((near & (points["relative_depth"] < 0.45)).sum())
    right = int((near & (points["relative_depth"] > 0.55)).sum())
    left += abs(taken - y - 0.05 * (high - low)) < 0.08 * (high - low)
    if min(left, right):
        return
    at_right = right < left
    ax.annotate(
        text, (float(at_right), y), xycoords=("axes fraction", "data"),
        xytext=(-4 if at_right else 4, 2), textcoords="offset points", fontsize=SMALL, color=SOFT,
        ha="right" if at_right else "left", va="bottom", zorder=7,
    )  # fmt: skip


def _ceiling(ax: Any, rows: pd.DataFrame, *, named: bool) -> None:
    """Draw the noise ceiling, or say why there is none."""
    bounds = ceiling(rows)
    if isinstance(bounds, str):
        if named:
            ax.text(
                *(0.008, 0.985), f"ceiling undefined: {shortened(bounds, 60)}",
                transform=ax.transAxes, va="top", fontsize=SMALL, color=SOFT, style="italic",
            )  # fmt: skip
        return
    ax.axhspan(bounds.low, bounds.high, color=CEILING, linewidth=0, zorder=0)
    if named:
        ax.annotate(
            "noise ceiling", (0.0, bounds.high), xycoords=("axes fraction", "data"),
            xytext=(4, -3), textcoords="offset points", va="top", fontsize=SMALL, color=INK,
        )  # fmt: skip
