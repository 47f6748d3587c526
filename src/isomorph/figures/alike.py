"""Models against models: a heat map of best matches, and the layers of two models."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from isomorph.figures.main_rows import Family
from isomorph.figures.style import (
    ON_DARK,
    ON_LIGHT,
    SMALL,
    WIDEST,
    heat_map,
    painted,
    styled,
    thinned,
)
from isomorph.numerals import number

MOST_WRITTEN = 10
"""Models up to which the cells carry their numbers."""


def two_models(families: Sequence[Family], data: xr.Dataset) -> tuple[str, str] | None:
    """Return the two models whose layers are drawn: the first trained, and its control or the next.

    None where fewer than two models have several layers.
    """
    counts = pd.Series(data["model"].values.astype(str)).value_counts()
    several = [
        family.instances[0]
        for family in sorted(families, key=lambda family: family.kind != "trained")
        if counts.get(family.instances[0], 0) > 1
    ]
    if len(several) < 2:
        return None
    own = next(family.name for family in families if several[0] in family.instances)
    controls = [family.instances[0] for family in families if family.control_of == own]
    return several[0], next((name for name in controls if name in several), several[1])


def draw_alike(
    models: pd.DataFrame, data: xr.Dataset, families: Sequence[Family], *, measure: str, label: str
) -> Figure:
    """Draw how similar every two models are, and the layers of two of them.

    Parameters
    ----------
    models : DataFrame
        A models table.
    data : Dataset
        A representations artefact.
    families : sequence of Family
    measure : str
        A measure the artefact holds.
    label : str
        Its name for people.
    """
    _, titles = painted(families)
    known = models[models["status"] == "ok"]
    names = list(dict.fromkeys([*known["model_a"], *known["model_b"]]))
    pair = two_models(families, data)
    with styled():
        width = min(WIDEST, 3.4 + 0.5 * len(names) + (4.2 if pair else 0))
        figure = Figure(figsize=(width, max(3.6, 1.6 + 0.5 * len(names))), layout="constrained")
        axes = figure.subplots(1, 2 if pair else 1, squeeze=False)[0]
        matched = np.eye(len(names))
        for row in known.to_dict("records"):
            a, b = names.index(row["model_a"]), names.index(row["model_b"])
            matched[a, b], matched[b, a] = row["a_to_b"], row["b_to_a"]
        image = heat_map(axes[0], matched, write=number if len(names) <= MOST_WRITTEN else None)
        shown = [textwrap.fill(titles.get(name, name), 22) for name in names]
        axes[0].set_xticks(
            range(len(names)), shown, rotation=50, ha="right", rotation_mode="anchor"
        )
        axes[0].set_yticks(range(len(names)), shown)
        axes[0].set_title("best match of a row's layers in the column")
        if pair:
            _layers(axes[1], data.sel(measure=measure), pair, titles)
        bar = figure.colorbar(image, ax=list(axes), shrink=0.7, pad=0.01)
        bar.set_label(label)
    return figure


def _layers(ax: Any, data: xr.Dataset, pair: tuple[str, str], titles: dict[str, str]) -> None:
    """Draw the similarities of the layers of two models, both in depth order."""
    owner = data["model"].values.astype(str)
    depth = data["depth"].values
    first, second = (
        rows[np.argsort(depth[rows], kind="stable")]
        for rows in (np.flatnonzero(owner == name) for name in pair)
    )
    layers = data["layer"].values.astype(str)
    matrix = data["similarity"].values[np.ix_(first, second)]
    heat_map(ax, matrix, write=None)
    best = matrix.argmax(axis=1)
    ax.plot(best, np.arange(len(best)), marker="o", markersize=3, color=ON_DARK, linestyle="",
            markeredgecolor=ON_LIGHT, markeredgewidth=0.4)  # fmt: skip
    for axis, rows in ((ax.yaxis, first), (ax.xaxis, second)):
        kept = thinned(len(rows), 20)
        axis.set_ticks(kept, [layers[rows[place]] for place in kept], fontsize=SMALL)
    for text in ax.get_xticklabels():
        text.set(rotation=60, ha="right", rotation_mode="anchor")
    ax.set_ylabel(titles.get(pair[0], pair[0]))
    ax.set_xlabel(titles.get(pair[1], pair[1]))
    ax.set_title("layer by layer, dots: best match")
