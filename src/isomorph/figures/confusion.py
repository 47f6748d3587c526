"""Confusions: which layer wins on data simulated from each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from isomorph.figures.main_rows import Family
from isomorph.figures.style import CEILING, FAINT, PAPER, STRONG, WIDEST, heat_map, styled

OTHERS = "another layer"
OTHER_OF_MODEL = "other\nlayer"
NOTHING = "no layer: stimuli shuffled"

Layer = tuple[str, str]


def draw_confusion(rows: pd.DataFrame, families: Sequence[Family]) -> Figure:
    """Draw planted layers against the layers that were found.

    Parameters
    ----------
    rows : DataFrame
        Confusions of one region under one distance and measure.
    families : sequence of Family
    """
    planted, found, share = matrix(rows, families)
    down, across = share.shape
    ramp = LinearSegmentedColormap.from_list("house", [PAPER, STRONG[0]])
    with styled():
        figure = Figure(
            figsize=(min(WIDEST, 3.6 + 0.62 * across), 1.3 + 0.36 * down), layout="constrained"
        )
        ax = figure.subplots()
        heat_map(ax, share, ramp=ramp, write=lambda one: f"{100 * one:.0f}" if one > 0.005 else "")
        for y, layer in enumerate(planted):
            if layer in found:
                place = (found.index(layer) - 0.5, y - 0.5)
                ax.add_patch(Rectangle(place, 1, 1, fill=False, edgecolor=FAINT, linewidth=1.4,
                                       clip_on=False))  # fmt: skip
        across_names, down_names = _names(planted, found, families)
        ax.set_xticks(range(across), across_names)
        ax.set_yticks(range(down), down_names)
        ax.set_xlabel("found, percent of simulations")
        ax.set_ylabel("planted")
        ax.set_xticks(np.arange(-0.5, across), minor=True)
        ax.set_yticks(np.arange(-0.5, down), minor=True)
        ax.grid(which="minor", color=CEILING, linewidth=0.8)
        ax.tick_params(which="minor", length=0)
    return figure


def matrix(
    rows: pd.DataFrame, families: Sequence[Family]
) -> tuple[list[Layer], list[Layer], np.ndarray]:
    """Return planted layers, found layers and shares `(planted, found)` of the simulations.

    Layers that were not planted count as other layers of their model, the seeds of a network
    being one model. Data in which nothing was planted are the last row.
    """
    owner = _owners(families)
    pairs = list(zip(rows["planted_model"], rows["planted_layer"], strict=True))
    planted = sorted(dict.fromkeys(pairs), key=lambda layer: layer[0] == "")
    first = [layer for layer in planted if layer[0]]
    shares = rows["count"].astype(float) / rows["n_simulations"].astype(float)
    columns = [
        layer if layer in first else (owner.get(layer[0], layer[0]), OTHERS)
        for layer in zip(rows["found_model"], rows["found_layer"], strict=True)
    ]
    # Each planted layer is followed by the others of its model.
    found: list[Layer] = []
    for family in dict.fromkeys(owner.get(model, model) for model, _ in [*first, *columns]):
        found += [layer for layer in first if owner.get(layer[0], layer[0]) == family]
        found += [(family, OTHERS)] if (family, OTHERS) in columns else []
    share = np.zeros((len(planted), len(found)))
    for one, other, value in zip(pairs, columns, shares, strict=True):
        share[planted.index(one), found.index(other)] += value
    return planted, found, share


def _owners(families: Sequence[Family]) -> dict[str, str]:
    """Return the model that each instance belongs to."""
    return {name: family.name for family in families for name in family.instances}


def _names(
    planted: Sequence[Layer], found: Sequence[Layer], families: Sequence[Family]
) -> tuple[list[str], list[str]]:
    """Return the names of columns and rows; a planted layer has the number of its row in both."""
    owner = _owners(families)
    titles = {name: one.title for one in families for name in (one.name, *one.instances)}
    rows = [
        f"{titles.get(model, model)}: {layer}\N{EM SPACE}{number}" if model else NOTHING
        for number, (model, layer) in enumerate(planted, 1)
    ]
    columns = []
    for before, (model, layer) in zip([("", ""), *found], found, strict=False):
        if (model, layer) in planted:
            columns.append(str(planted.index((model, layer)) + 1))
        else:
            of_model = owner.get(before[0]) == model
            columns.append(OTHER_OF_MODEL if of_model else f"{titles.get(model, model)}:\n{layer}")
    return columns, rows
