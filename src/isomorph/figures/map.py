"""The map: regions and layers as points, near where their geometries are similar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

from isomorph.figures.main_rows import Family
from isomorph.figures.style import FAINT, REGION, colours, name_lines, styled
from isomorph.geometry.gram import gram_of_squares


def classical_mds(squared: np.ndarray, n_dimensions: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Place points so that their squared distances are as given, as nearly as few axes allow.

    Parameters
    ----------
    squared : array of shape (point, point)
        Squared distances.
    n_dimensions : int
        Axes kept.

    Returns
    -------
    points : array of shape (point, axis)
        Centred coordinates; each axis is signed so that its largest entry is positive.
    share : array of shape (axis,)
        Share of the positive eigenvalues' sum that each axis carries.

    Notes
    -----
    Torgerson (1952), Psychometrika 17, 401-419: the eigenvectors of the Gram matrix, scaled by the
    roots of their eigenvalues.
    """
    values, vectors = np.linalg.eigh(gram_of_squares(squared))
    order = np.argsort(values)[::-1][:n_dimensions]
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


def draw_map(
    regions: Mapping[str, np.ndarray],
    models: Mapping[str, Mapping[str, np.ndarray]],
    families: Sequence[Family],
) -> Figure:
    """Draw the classical MDS of regions and layers from their RDMs.

    Parameters
    ----------
    regions : mapping of str to array of shape (pair,)
        Group-mean RDM of each region.
    models : mapping of str to mapping of str to array of shape (pair,)
        RDM of each layer in depth order, by model instance.
    families : sequence of Family
        For names and colours.
    """
    owners = [("", name) for name in regions]
    owners += [(instance, layer) for instance, layers in models.items() for layer in layers]
    vectors = [*regions.values(), *(rdm for layers in models.values() for rdm in layers.values())]
    varied = [i for i, rdm in enumerate(vectors) if np.ptp(rdm) > 0]  # r needs variance
    squared = second_order(np.array([vectors[i] for i in varied]))
    return draw_places([owners[i] for i in varied], squared, families)


def draw_representations(data: xr.Dataset, measure: str, families: Sequence[Family]) -> Figure:
    """Draw the classical MDS of regions and layers from their similarities.

    Where a measure is the cosine of two vectors, 1 less it is half their squared distance.

    Parameters
    ----------
    data : Dataset
        A representations artefact.
    measure : str
        A measure it holds under which everything has similarity 1 with itself.
    families : sequence of Family
    """
    names = {key: data[key].values.astype(str) for key in ("representation", "model", "layer")}
    order = np.argsort(data["depth"].values, kind="stable")
    squared = np.clip(1 - data["similarity"].sel(measure=measure).values, 0, None)
    owners = [(names["model"][i], names["layer"][i] or names["representation"][i]) for i in order]
    return draw_places(owners, squared[np.ix_(order, order)], families)


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
    paint = colours(families)
    notes: list[Note] = []
    with styled():
        figure = Figure(figsize=(7.6, 6.4), layout="constrained")
        ax = figure.subplots()
        for family in sorted(drawn, key=lambda family: family.kind != "untrained"):
            for name in family.instances:
                path = [(layer, place[name, layer]) for layer in layers.get(name, ())]
                if path:
                    notes += _path(ax, path, family, paint[family.name])
        for name in regions:
            x, y = place["", name]
            ax.scatter(x, y, s=120, marker="D", color=REGION, edgecolors="white", zorder=8)
            notes.insert(0, Note(name, (x, y), REGION, 10.5))
        ax.set_aspect("equal", adjustable="datalim")
        ax.set_xlabel(f"dimension 1 ({share[0]:.0%} of squared distance)")
        ax.set_ylabel(f"dimension 2 ({share[1]:.0%})")
        ax.tick_params(labelsize=7, colors=FAINT)
        ax.margins(0.08)
        name_lines(ax, [(f.title, paint[f.name]) for f in drawn if f.kind != "baseline"])
        _write(figure, ax, notes)
    return figure


@dataclass(frozen=True)
class Note:
    """A label of a point, not yet placed."""

    text: str
    at: tuple[float, float]
    colour: str
    size: float


def _path(
    ax: Any, path: Sequence[tuple[str, np.ndarray]], family: Family, colour: str
) -> list[Note]:
    """Draw a model's layers, joined in depth order, and return the labels it asks for."""
    xy = np.array([point for _, point in path])
    thin = family.kind == "untrained"
    baseline = family.kind == "baseline"
    if not baseline:
        width = 0.7 if thin else 1.8
        ax.plot(*xy.T, color=colour, linewidth=width, alpha=0.7, zorder=2 + (not thin))
    sizes = np.linspace(8, 30, len(xy)) * (0.5 if thin else 1.3)
    ax.scatter(
        *xy.T, s=24 if baseline else sizes, color=colour, marker="s" if baseline else "o",
        linewidths=0, alpha=0.75 if thin else 1, zorder=3 + (not thin),
    )  # fmt: skip
    if thin:
        return []
    if baseline:
        texts = [family.title] if len(path) == 1 else [layer for layer, _ in path]
        named = list(zip(texts, xy, strict=True))
    else:
        named = [(path[0][0], xy[0]), (path[-1][0], xy[-1])]
    return [Note(text, (float(x), float(y)), colour, 7.5) for text, (x, y) in named]


def _write(figure: Figure, ax: Any, notes: Sequence[Note]) -> None:
    """Place labels around their points where they cover no other; the last ones give way.

    Regions come first and are always written.
    """
    figure.draw_without_rendering()  # until then nothing knows where its pixels are
    figure.set_layout_engine("none")
    renderer = FigureCanvasAgg(figure).get_renderer()
    # A diamond is 11 points wide: no label may cover another region's.
    half = 0.5 * 12 * figure.dpi / 72
    marks = {
        note.text: Bbox.from_extents(*(ax.transData.transform(note.at) - half),
                                     *(ax.transData.transform(note.at) + half))
        for note in notes if note.colour == REGION
    }  # fmt: skip
    halo = [withStroke(linewidth=2.2, foreground="white")]
    taken: list[Any] = []
    for note in notes:
        others = [mark for name, mark in marks.items() if name != note.text]
        reach = 4 + note.size * 0.35
        for x, y, ha, va in PLACES:
            text = ax.annotate(
                note.text, note.at, xytext=(x * reach, y * reach), textcoords="offset points",
                ha=ha, va=va, color=note.colour, fontsize=note.size, zorder=9,
                fontweight="bold" if note.colour == REGION else "normal", path_effects=halo,
            )  # fmt: skip
            box = text.get_window_extent(renderer)
            inside = ax.bbox.containsx(box.x0) and ax.bbox.containsx(box.x1)
            if inside and not any(box.overlaps(other) for other in [*taken, *others]):
                taken.append(box)
                break
            text.remove()
        else:
            if note.colour == REGION:
                ax.annotate(note.text, note.at, color=note.colour, fontsize=note.size, zorder=9)


PLACES = (
    (1, 0, "left", "center"),
    (-1, 0, "right", "center"),
    (0, 1, "center", "bottom"),
    (0, -1, "center", "top"),
    (0.8, 0.8, "left", "bottom"),
    (-0.8, 0.8, "right", "bottom"),
    (0.8, -0.8, "left", "top"),
    (-0.8, -0.8, "right", "top"),
)
"""Where a label may stand around its point: direction and alignment, the best first."""
