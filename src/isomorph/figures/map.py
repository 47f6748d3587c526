"""The map: regions and layers as points, near where their geometries are similar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from isomorph.figures.main_rows import Family
from isomorph.figures.notes import Note, write_notes
from isomorph.figures.style import (
    PAPER,
    REGION,
    SMALL,
    Look,
    looks,
    name_lines,
    styled,
    text_colour,
)
from isomorph.geometry.gram import gram_of_squares


def classical_mds(squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place points so that their squared distances are as given, as nearly as a plane allows.

    Parameters
    ----------
    squared : array of shape (point, point)
        Squared distances.

    Returns
    -------
    points : array of shape (point, 2)
        Centred coordinates; each axis is signed so that its largest entry is positive.
    share : array of shape (2,)
        Share of the positive eigenvalues' sum that each axis carries.

    Notes
    -----
    Torgerson (1952), Psychometrika 17, 401-419: the eigenvectors of the Gram matrix, scaled by the
    roots of their eigenvalues.
    """
    values, vectors = np.linalg.eigh(gram_of_squares(squared))
    order = np.argsort(values)[::-1][:2]
    total = values[values > 0].sum()
    kept = np.clip(values[order], 0, None)
    points = vectors[:, order] * np.sqrt(kept)
    largest = np.abs(points).argmax(axis=0)
    points = points * np.where(points[largest, np.arange(len(order))] < 0, -1.0, 1.0)
    return points, kept / total if total > 0 else np.zeros(len(order))


def second_order(rdms: np.ndarray) -> np.ndarray:
    """Return `1 - r` between RDMs `(rdm, pair)`, r the Pearson correlation over pairs.

    It is a squared Euclidean distance: half that between the standardised pair vectors.
    """
    return np.clip(1 - np.corrcoef(rdms), 0, None)


Places = tuple[list[tuple[str, str]], np.ndarray]
"""Model instance and layer of each point (no instance and the region), and squared distances."""


def places_of_rdms(
    regions: Mapping[str, np.ndarray], models: Mapping[str, Mapping[str, np.ndarray]]
) -> Places:
    """Return the points of a map of RDMs and the squared distances between them.

    Parameters
    ----------
    regions : mapping of str to array of shape (pair,)
        Group-mean RDM of each region.
    models : mapping of str to mapping of str to array of shape (pair,)
        RDM of each layer in depth order, by model instance.

    Returns
    -------
    owners : list of (str, str)
    squared : array of shape (owner, owner)
    """
    owners = [("", name) for name in regions]
    owners += [(instance, layer) for instance, layers in models.items() for layer in layers]
    vectors = [*regions.values(), *(rdm for layers in models.values() for rdm in layers.values())]
    varied = [i for i, rdm in enumerate(vectors) if np.ptp(rdm) > 0]  # r needs variance
    squared = second_order(np.array([vectors[i] for i in varied]))
    return [owners[i] for i in varied], squared


def places_of_representations(data: xr.Dataset, measure: str) -> Places:
    """Return the points of a map of similarities and the squared distances between them.

    Where a measure is the cosine of two vectors, 1 less it is half their squared distance.

    Parameters
    ----------
    data : Dataset
        A representations artefact.
    measure : str
        A measure it holds under which everything has similarity 1 with itself.

    Returns
    -------
    owners : list of (str, str)
    squared : array of shape (owner, owner)
    """
    names = {key: data[key].values.astype(str) for key in ("representation", "model", "layer")}
    order = np.argsort(data["depth"].values, kind="stable")
    squared = np.clip(1 - data["similarity"].sel(measure=measure).values, 0, None)
    owners = [(names["model"][i], names["layer"][i] or names["representation"][i]) for i in order]
    return owners, squared[np.ix_(order, order)]


def draw_places(
    owners: Sequence[tuple[str, str]], squared: np.ndarray, families: Sequence[Family]
) -> Figure:
    """Draw the classical MDS of anything between which squared distances are known.

    Parameters
    ----------
    owners : sequence of (str, str)
        Model instance and layer, in depth order within a model; no instance and the region.
    squared : array of shape (owner, owner)
    families : sequence of Family
    """
    points, share = classical_mds(squared)
    place = dict(zip(owners, points, strict=True))
    layers: dict[str, list[str]] = {}
    for instance, layer in owners:
        layers.setdefault(instance, []).append(layer)
    regions = layers.pop("", [])
    drawn = [family for family in families if any(name in layers for name in family.instances)]
    look = looks(families)
    notes: list[Note] = []
    with styled():
        figure = Figure(figsize=(7.6, 6.4), layout="constrained")
        ax = figure.subplots()
        covered = [points]
        for family in sorted(drawn, key=lambda family: family.kind != "untrained"):
            for name in family.instances:
                path = [(layer, place[name, layer]) for layer in layers.get(name, ())]
                if path:
                    notes += _path(ax, path, family, look[family.name])
                if family.kind != "baseline" and len(path) > 1:
                    covered.append(along(np.array([point for _, point in path])))
        for name in regions:
            x, y = place["", name]
            ax.scatter(x, y, s=110, marker="D", color=REGION, edgecolors=PAPER, zorder=8)
            notes.insert(0, Note(name, (x, y), REGION, 10.5))
        ax.set_aspect("equal", adjustable="datalim")
        ax.set_xlabel(f"dimension 1 ({share[0]:.0%} of squared distance)")
        ax.set_ylabel(f"dimension 2 ({share[1]:.0%})")
        ax.tick_params(length=0, labelbottom=False, labelleft=False)  # only distances mean anything
        ax.margins(0.08)
        named = [family for family in drawn if _is_path(family, layers)]
        name_lines(ax, [(_titled(family), look[family.name].colour) for family in named])
        write_notes(figure, ax, notes, np.vstack(covered))
    return figure


def along(path: np.ndarray) -> np.ndarray:
    """Return points at even distances along a line `(point, 2)`, for labels to keep clear of."""
    pieces = [
        first + (second - first) * np.linspace(0, 1, 12)[1:-1, None]
        for first, second in pairwise(path)
    ]
    return np.vstack(pieces)


def _is_path(family: Family, layers: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a model is named above the panel: single points carry their names."""
    most = max(len(layers.get(name, ())) for name in family.instances)
    return family.kind != "baseline" or most > 1


def _titled(family: Family) -> str:
    n = len(family.instances)
    return f"{family.title}: {n} seeds (dashed)" if n > 1 else family.title


def map_rows(owners: Sequence[tuple[str, str]], squared: np.ndarray) -> pd.DataFrame:
    """Return where the points of a map are.

    Parameters
    ----------
    owners, squared
        See `draw_places`.

    Returns
    -------
    DataFrame
        `model` (empty for a region), `layer` (or the region), `dimension_1` and `dimension_2`.
    """
    points, _ = classical_mds(squared)
    table = pd.DataFrame(owners, columns=["model", "layer"])
    return table.assign(dimension_1=points[:, 0], dimension_2=points[:, 1])


def _path(
    ax: Any, path: Sequence[tuple[str, np.ndarray]], family: Family, look: Look
) -> list[Note]:
    """Draw a model's layers, joined in depth order, and return the labels it asks for."""
    xy = np.array([point for _, point in path])
    baseline, thin = family.kind == "baseline", look.hollow
    if not baseline:
        ax.plot(*xy.T, color=look.colour, linewidth=0.7 if thin else 1.8, linestyle=look.line,
                alpha=0.75, zorder=2 + (not thin))  # fmt: skip
    if thin and len(family.instances) > 1:
        xy_marked, sizes = xy[-1:], np.array([14.0])  # of many alike lines the end is enough
    else:
        xy_marked = xy
        sizes = np.full(len(xy), 34.0) if baseline else np.linspace(8, 30, len(xy)) * 1.3
    ax.scatter(*xy_marked.T, s=sizes, c=look.face, edgecolors=look.colour, marker=look.form,
               linewidths=0.7, zorder=3 + (not thin))  # fmt: skip
    if thin:
        return []
    if baseline:
        texts = [family.title] if len(path) == 1 else [layer for layer, _ in path]
        named = list(zip(texts, xy, strict=True))
    else:
        named = [(path[0][0], xy[0]), (path[-1][0], xy[-1])]
    colour = text_colour(look.colour)
    return [Note(text, (float(x), float(y)), colour, SMALL + 0.5) for text, (x, y) in named]
