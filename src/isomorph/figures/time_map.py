"""The map of time and layers: which layers of a model a region is like, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import Stroke

from isomorph.figures.main_rows import SIGNIFICANT, Family, highest
from isomorph.figures.style import (
    COLOUR_MAP,
    FAINT,
    INK,
    PAPER,
    SMALL,
    axis_label,
    looks,
    shortened,
    styled,
    text_colour,
    thinned,
)
from isomorph.responses.times import EDGES

CORRECTED = "p_map"

MOST_MODELS = 6
"""Models in one figure."""

MOST_NAMES = 14
"""Names of layers beside one map."""


def map_cells(rows: pd.DataFrame, families: Sequence[Family]) -> pd.DataFrame:
    """Return every time bin of a region against every layer of the models that have several.

    Parameters
    ----------
    rows : DataFrame
        Comparisons of one region, a row per window, model instance and layer; layers in order.
    families : sequence of Family
        Those of several seeds are left out: each has a map of its own. So are untrained controls.

    Returns
    -------
    DataFrame
        Without rows where no model has several layers, or windows overlap. `family`, `layer`,
        `time_start` and `time_stop` (seconds from onset), `estimate`, `p_map` (NaN without a test)
        and `peak_time`: the middle of the window in which the layer is highest, NaN for a layer
        that is nowhere above chance.
    """
    wanted = [*EDGES, "layer", "estimate", CORRECTED]
    if any(after[0] < before[1] - 1e-9 for before, after in pairwise(windows_of(rows))):
        return pd.DataFrame()
    parts: list[pd.DataFrame] = []
    for family in families:
        if len(family.instances) > 1 or family.kind == "untrained" or len(parts) == MOST_MODELS:
            continue
        own = rows[rows["model"] == family.instances[0]].reindex(columns=wanted)
        if own["layer"].nunique() < 2:
            continue
        peaks = {str(layer): _peak(cells) for layer, cells in own.groupby("layer", sort=False)}
        parts.append(own.assign(family=family.name, peak_time=own["layer"].map(peaks)))
    if not parts:
        return pd.DataFrame()
    whole = pd.concat(parts, ignore_index=True).astype({CORRECTED: float, "peak_time": float})
    return whole[["family", "layer", *EDGES, "estimate", CORRECTED, "peak_time"]]


def windows_of(rows: pd.DataFrame) -> list[tuple[float, float]]:
    """Return start and stop of every window, by time."""
    known = rows[list(EDGES)].astype(float).drop_duplicates().to_numpy()
    return sorted((float(start), float(stop)) for start, stop in known)


def _peak(cells: pd.DataFrame) -> float:
    """Return when a layer is highest, NaN where it is nowhere above chance."""
    if not (cells[CORRECTED].astype(float) < SIGNIFICANT).any():
        return float("nan")
    return middle(highest(cells))


def middle(cell: Mapping[Any, Any]) -> float:
    """Return the middle of a cell's window, seconds from onset."""
    return sum(float(cell[edge]) for edge in EDGES) / 2


def draw_time_map(cells: pd.DataFrame, families: Sequence[Family], *, label: str) -> Figure:
    """Draw the similarity of a region with every layer of models over time.

    Parameters
    ----------
    cells : DataFrame
        See `map_cells`.
    families : sequence of Family
        The models, in order.
    label : str
        What the colours measure.

    Returns
    -------
    Figure
        A panel per model, layers upwards; lines enclose the cells whose `p_map` is below .05, a
        diamond marks the highest cell and circles when each layer is highest.
    """
    names = list(dict.fromkeys(cells["family"]))
    look, titles = looks(families), {one.name: one.title for one in families}
    across = min(2, len(names))
    down = -(-len(names) // across)
    low, high = float(cells["estimate"].min()), float(cells["estimate"].max())
    with styled():
        figure = Figure(figsize=(4.7 * across + 0.4, 3.6 * down + 0.3), layout="constrained")
        axes = figure.subplots(down, across, sharex=True, squeeze=False).ravel()
        for ax in axes[len(names) :]:
            ax.axis("off")
        mesh: Any = None
        for ax, name in zip(axes, names, strict=False):
            mesh = _panel(ax, cells[cells["family"] == name], low, high)
            ax.set_title(
                shortened(titles.get(name, name), 40), fontweight="bold",
                color=text_colour(look[name].colour),
            )  # fmt: skip
            ax.tick_params(axis="x", labelbottom=True)
            ax.set_xlabel("seconds after onset")
        bar = figure.colorbar(mesh, ax=axes.tolist(), shrink=0.7, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label(axis_label(label))
    return figure


def _panel(ax: Any, cells: pd.DataFrame, low: float, high: float) -> Any:
    """Draw the map of one model and return what carries its colours."""
    layers = list(dict.fromkeys(cells["layer"]))
    row = {layer: place for place, layer in enumerate(layers)}
    edges = np.arange(len(layers) + 1) - 0.5
    mesh: Any = None
    sure: dict[tuple[float, float], np.ndarray] = {}
    for window in windows_of(cells):
        own = cells[(cells[EDGES[0]] == window[0]) & (cells[EDGES[1]] == window[1])]
        column, marked = np.full(len(layers), np.nan), np.zeros(len(layers), dtype=bool)
        at = own["layer"].map(row).to_numpy(int)
        column[at] = own["estimate"].to_numpy(float)
        marked[at] = own[CORRECTED].to_numpy(float) < SIGNIFICANT
        sure[window] = marked
        mesh = ax.pcolormesh(
            list(window), edges, column[:, None], cmap=COLOUR_MAP, vmin=low, vmax=high,
            linewidth=0, rasterized=True,
        )  # fmt: skip
    ax.add_collection(
        LineCollection(outline(sure), colors=PAPER, linewidths=1.6, capstyle="projecting",
                       path_effects=[Stroke(linewidth=3.0, foreground=INK), Stroke()], zorder=4)
    )  # fmt: skip
    ax.axvline(0, color=FAINT, linewidth=0.7, zorder=3)
    peaks = cells.dropna(subset="peak_time").drop_duplicates("layer")
    ax.plot(
        peaks["peak_time"], peaks["layer"].map(row), color=PAPER, marker="o", markersize=3.6,
        markeredgecolor=INK, markeredgewidth=0.6, linewidth=0, zorder=5,
    )  # fmt: skip
    top = highest(cells)
    ax.scatter(
        middle(top), row[str(top["layer"])], marker="D", s=44, c=PAPER,
        edgecolors=INK, linewidths=1.2, zorder=6,
    )  # fmt: skip
    shown = thinned(len(layers), MOST_NAMES)
    ax.set_yticks(shown, [shortened(layers[at], 18) for at in shown], fontsize=SMALL)
    ax.tick_params(axis="y", length=0)
    ax.spines[:].set_visible(False)
    ax.set_ylim(-0.5, len(layers) - 0.5)
    return mesh


Segment = tuple[tuple[float, float], tuple[float, float]]


def outline(marked: dict[tuple[float, float], np.ndarray]) -> list[Segment]:
    """Return the lines that enclose marked cells, none between two marked neighbours.

    Parameters
    ----------
    marked : dict of (float, float) to array of bool of shape (layer,)
        By start and stop of a window.

    Returns
    -------
    list of ((x, y), (x, y))
    """
    found: list[Segment] = []
    windows = sorted(marked)
    for place, (start, stop) in enumerate(windows):
        own = marked[start, stop]
        none = np.zeros_like(own)
        before, after = none, none
        if place and windows[place - 1][1] >= start - 1e-9:
            before = marked[windows[place - 1]]
        if place + 1 < len(windows) and windows[place + 1][0] <= stop + 1e-9:
            after = marked[windows[place + 1]]
        for at in np.flatnonzero(own):
            bottom, top = at - 0.5, at + 0.5
            if not before[at]:
                found.append(((start, bottom), (start, top)))
            if not after[at]:
                found.append(((stop, bottom), (stop, top)))
            if at == 0 or not own[at - 1]:
                found.append(((start, bottom), (stop, bottom)))
            if at + 1 == len(own) or not own[at + 1]:
                found.append(((start, top), (stop, top)))
    return found
