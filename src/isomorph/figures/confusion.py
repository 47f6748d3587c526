"""Confusions: which layer wins on data simulated from each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from isomorph.figures.selection import Family
from isomorph.figures.style import FAINT, STRONG, heat_map, styled

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
    ramp = LinearSegmentedColormap.from_list("house", ["#ffffff", STRONG[0]])
    with styled():
        figure = Figure(figsize=(3.2 + 0.62 * across, 1.2 + 0.36 * down), layout="constrained")
        ax = figure.subplots()
        heat_map(ax, share, ramp=ramp, write=lambda one: f"{100 * one:.0f}" if one > 0.005 else "")
        for y, layer in enumerate(planted):
            if layer in found:
                place = (found.index(layer) - 0.5, y - 0.5)
                ax.add_patch(Rectangle(place, 1, 1, fill=False, edgecolor=FAINT, linewidth=1.4,
                                       clip_on=False))  # fmt: skip
        ax.set_xticks(range(across), _columns(planted, found, families))
        ax.set_yticks(range(down), _rows(planted, families))
        ax.set_xlabel("found, percent of simulations")
        ax.set_ylabel("planted")
        ax.set_xticks(np.arange(-0.5, across), minor=True)
        ax.set_yticks(np.arange(-0.5, down), minor=True)
        ax.grid(which="minor", color="#eceef1", linewidth=0.8)
        ax.tick_params(which="minor", length=0)
    return figure


def matrix(
    rows: pd.DataFrame, families: Sequence[Family]
) -> tuple[list[Layer], list[Layer], np.ndarray]:
    """Return planted layers, found layers and shares `(planted, found)` of the simulations.

    Layers that were not planted count as other layers of their model, the seeds of a network
    being one model. Data in which nothing was planted are the last row.
    """
    pairs = list(zip(rows["planted_model"], rows["planted_layer"], strict=True))
    planted = sorted(dict.fromkeys(pairs), key=lambda layer: layer[0] == "")
    first = [layer for layer in planted if layer[0]]
    shares = rows["count"].astype(float) / rows["n_simulations"].astype(float)
    columns = [
        layer if layer in first else (_family(layer[0], families), OTHERS)
        for layer in zip(rows["found_model"], rows["found_layer"], strict=True)
    ]
    # Each planted layer is followed by the others of its model.
    found: list[Layer] = []
    for family in dict.fromkeys(_family(model, families) for model, _ in [*first, *columns]):
        found += [layer for layer in first if _family(layer[0], families) == family]
        found += [(family, OTHERS)] if (family, OTHERS) in columns else []
    share = np.zeros((len(planted), len(found)))
    for one, other, value in zip(pairs, columns, shares, strict=True):
        share[planted.index(one), found.index(other)] += value
    return planted, found, share


def _family(model: str, families: Sequence[Family]) -> str:
    return next((family.name for family in families if model in family.instances), model)


def _name(layer: Layer, families: Sequence[Family]) -> str:
    model, name = layer
    if not model:
        return NOTHING
    known = (family for family in families if model in {family.name, *family.instances})
    title = next((family.title for family in known), model)
    return f"{title}: {name}"


def _rows(planted: Sequence[Layer], families: Sequence[Family]) -> list[str]:
    """Return the names of planted layers, each with the number that its column carries."""
    return [
        f"{_name(layer, families)}   {number}" if layer[0] else NOTHING
        for number, layer in enumerate(planted, 1)
    ]


def _columns(
    planted: Sequence[Layer], found: Sequence[Layer], families: Sequence[Family]
) -> list[str]:
    """Return the numbers of planted layers; other layers of the model of the column before."""
    labels = []
    for place, layer in enumerate(found):
        if layer in planted:
            labels.append(str(planted.index(layer) + 1))
            continue
        before = _family(found[place - 1][0], families) if place else None
        of_model = before == layer[0]
        labels.append(OTHER_OF_MODEL if of_model else _name(layer, families).replace(": ", ":\n"))
    return labels
