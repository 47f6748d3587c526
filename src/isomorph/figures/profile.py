"""The layer profile: how similar each layer of each model is to one region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures.main_rows import Family, ceiling, significant
from isomorph.figures.style import (
    CEILING,
    FAINT,
    axis_label,
    colours,
    name_lines,
    styled,
    thinned,
)

MOST_BASELINE_LAYERS = 9


def draw_profile(rows: pd.DataFrame, families: Sequence[Family], *, label: str) -> Figure:
    """Draw the profile of one region under one distance and one measure.

    Parameters
    ----------
    rows : DataFrame
        Comparisons of the region, one row per model instance and layer.
    families : sequence of Family
        The models, in order; an architecture and its untrained control share a panel.
    label : str
        What the ordinate measures.

    Returns
    -------
    Figure
        A panel per architecture: the trained model as a strong line with its interval, seeds
        of a control as thin lines with their mean; baselines as dashes at the right; the ceiling
        as a grey band. Filled dots are significant after correction.
    """
    paint = colours(families)
    groups = _groups(rows, families)
    dashes = _baselines(rows, families)
    panels = groups or [[]]
    depths = [_layers(rows, group) for group in panels]
    width = min(11.0, max(5.2, 2.2 + 0.3 * max(map(len, depths)) + 0.42 * len(dashes)))
    with styled():
        figure = Figure(figsize=(width, 0.5 + 4.2 * len(panels)), layout="constrained")
        axes = figure.subplots(len(panels), 1, sharey=True, squeeze=False)[:, 0]
        for ax, group, layers in zip(axes, panels, depths, strict=True):
            _frame(ax, rows, label)
            for family in group:
                several = family.kind == "untrained" and len(family.instances) > 1
                draw = _seeds if several else _single
                draw(ax, rows, family, layers, paint[family.name])
            _dashes(ax, dashes, start=len(layers) + 0.8 * bool(layers), paint=paint)
            _abscissa(ax, layers, dashes)
            _names(ax, group, paint)
    return figure


def _groups(rows: pd.DataFrame, families: Sequence[Family]) -> list[list[Family]]:
    """Return the families drawn as lines, controls in the panel of their network."""
    present = set(rows["model"])
    lines = [f for f in families if f.kind != "baseline" and present & set(f.instances)]
    heads = {f.name for f in lines if f.kind == "trained"}
    groups = []
    for family in lines:
        if family.control_of not in heads:
            controls = [f for f in lines if f.control_of == family.name and f is not family]
            groups.append([*controls, family])  # the trained line is drawn last, on top
    return groups


def _layers(rows: pd.DataFrame, group: Sequence[Family]) -> list[str]:
    """Return the layers of a panel in depth order."""
    names = [name for family in group for name in family.instances]
    inside = rows[rows["model"].isin(names)].sort_values("depth", kind="stable")
    return list(dict.fromkeys(inside["layer"]))


def _baselines(rows: pd.DataFrame, families: Sequence[Family]) -> pd.DataFrame:
    """Return the rows drawn as dashes: every layer when there are few, else each model's best."""
    named = {name: f for f in families if f.kind == "baseline" for name in f.instances}
    inside = rows[rows["model"].isin(list(named))]
    counts = inside["model"].value_counts()
    if len(inside) > MOST_BASELINE_LAYERS:
        inside = inside.loc[inside.groupby("model", sort=False)["estimate"].idxmax()]
    names, texts = [], []
    for model, layer in zip(inside["model"], inside["layer"], strict=True):
        family = named[model]
        names.append(family.name)
        texts.append(family.title if counts[model] == 1 else f"{_short(family.title)}: {layer}")
    return inside.assign(family=names, text=texts)


def _short(title: str) -> str:
    """Return the head of a title, without what follows "of"; a list of names stays whole."""
    return _wrapped(title.split(" of ", maxsplit=1)[0], 32)


def _frame(ax: Any, rows: pd.DataFrame, label: str) -> None:
    """Draw what stands behind the lines: zero and the noise ceiling."""
    ax.axhline(0, color=FAINT, linewidth=0.7, zorder=1)
    bounds = ceiling(rows)
    if isinstance(bounds, str):
        ax.text(
            *(0.008, 0.985), f"ceiling undefined: {_wrapped(bounds)}", transform=ax.transAxes,
            va="top", fontsize=7.5, color=FAINT, style="italic",
        )  # fmt: skip
    else:
        ax.axhspan(bounds.low, bounds.high, color=CEILING, linewidth=0, zorder=0)
        ax.annotate(
            "noise ceiling", (0.0, bounds.high), xycoords=("axes fraction", "data"),
            xytext=(4, -3), textcoords="offset points", va="top", fontsize=7.5, color=FAINT,
        )  # fmt: skip
    ax.set_ylabel(axis_label(label))
    ax.margins(y=0.1)


def _wrapped(text: str, most: int = 70) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _single(
    ax: Any, rows: pd.DataFrame, family: Family, layers: Sequence[str], colour: str
) -> None:
    """Draw one model as a strong line with the band of its interval."""
    own = _ordered(rows, family.instances[0], layers)
    x = own["x"].to_numpy()
    low, high = own["interval_low"].to_numpy(float), own["interval_high"].to_numpy(float)
    ax.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0, zorder=3)
    ax.plot(x, own["estimate"], color=colour, linewidth=1.8, zorder=5)
    sure = significant(own)
    face = np.where(sure, colour, "white")
    ax.scatter(x, own["estimate"], s=22, c=face, edgecolors=colour, linewidths=1.1, zorder=6)


def _seeds(ax: Any, rows: pd.DataFrame, family: Family, layers: Sequence[str], colour: str) -> None:
    """Draw every seed as a thin line and their mean as a firmer one."""
    each = [_ordered(rows, name, layers).set_index("x")["estimate"] for name in family.instances]
    for line in each:
        ax.plot(line.index, line, color=colour, linewidth=0.7, alpha=0.6, zorder=2)
    mean = pd.concat(each, axis=1).mean(axis=1).sort_index()
    ax.plot(mean.index, mean, color=colour, linewidth=1.8, zorder=4)


def _ordered(rows: pd.DataFrame, instance: str, layers: Sequence[str]) -> pd.DataFrame:
    own = rows[rows["model"] == instance]
    place = {layer: x for x, layer in enumerate(layers)}
    return own.assign(x=[place[layer] for layer in own["layer"]]).sort_values("x")


def _dashes(ax: Any, dashes: pd.DataFrame, *, start: float, paint: dict[str, str]) -> None:
    """Draw baselines beside the profile, which have no depth to stand along."""
    sure = significant(dashes)
    for x, (filled, row) in enumerate(zip(sure, dashes.itertuples(), strict=True)):
        at, colour = start + x, paint[str(row.family)]
        ax.plot([at, at], [row.interval_low, row.interval_high], color=colour, linewidth=1.0)
        ax.scatter(at, row.estimate, s=240, marker="_", c=colour, linewidths=2.2)
        ax.scatter(
            at, row.estimate, s=22, c=colour if filled else "white", edgecolors=colour, zorder=6
        )


def _abscissa(ax: Any, layers: Sequence[str], dashes: pd.DataFrame) -> None:
    """Name the layers, thinned where they are many, and the baselines after a gap."""
    kept = thinned(len(layers))
    start = len(layers) + 0.8 * bool(layers)
    places = [*kept, *(start + np.arange(len(dashes)))]
    texts = [*(layers[i] for i in kept), *dashes["text"]]
    ax.set_xticks(places, texts, rotation=50, ha="right", rotation_mode="anchor", fontsize=7.5)
    ax.set_xlim(-0.6, start + len(dashes) - 0.4)
    if len(layers) and len(dashes):
        ax.axvline(len(layers) - 0.1, color=FAINT, linewidth=0.5, linestyle=(0, (1, 3)))


def _names(ax: Any, group: Sequence[Family], paint: dict[str, str]) -> None:
    texts = []
    for family in reversed(group):
        n = len(family.instances)
        what = f"{family.title}: {n} seeds (thin) and their mean" if n > 1 else family.title
        texts.append((what, paint[family.name]))
    name_lines(ax, texts)
