"""Stimuli as points, near where their responses are similar: a region beside a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from isomorph.figures.categories import category_of_each, category_order
from isomorph.figures.geometry import square
from isomorph.figures.map import classical_mds
from isomorph.figures.style import FORMS, INK, SMALL, STRONG, WIDEST, styled

MARKS = FORMS["trained"][:10]
"""Fewer than there are colours, so that a colour that comes again has another form."""
MOST_NAMED = 30
"""Stimuli named one by one where there is neither category nor image."""
PICTURE = 0.3
"""Side of a stimulus drawn as its image, inches."""


def stimulus_places(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where classical MDS of an RDM puts the stimuli.

    Parameters
    ----------
    pairs : array of shape (pair,)
        Dissimilarities; those below 0, which cross-validated ones can be, count as 0. They are
        taken as squared distances.

    Returns
    -------
    points : array of shape (stimulus, 2)
    share : array of shape (2,)
        Share of the squared distances that each axis carries.
    """
    return classical_mds(square(np.clip(pairs, 0, None)))


def stimulus_map_rows(left: np.ndarray, right: np.ndarray, stimuli: pd.DataFrame) -> pd.DataFrame:
    """Return what a map of stimuli shows: `stimulus`, `category`, and places in both panels."""
    found = pd.DataFrame(
        {"stimulus": stimuli["stimulus"].to_numpy(), "category": category_of_each(stimuli)}
    )
    for of, pairs in (("region", left), ("layer", _facing(left, right))):
        points = pairs if pairs.ndim == 2 else stimulus_places(pairs)[0]
        found[f"{of}_1"], found[f"{of}_2"] = points.T
    return found


def _facing(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the right panel's places, turned and mirrored to lie as the left one's do.

    Orientation of an MDS is arbitrary: the best rotation or reflection makes panels comparable.
    """
    first, second = (stimulus_places(pairs)[0] for pairs in (left, right))
    u, _, v = np.linalg.svd(second.T @ first)
    return np.asarray(second @ (u @ v))


def draw_stimulus_map(
    left: np.ndarray,
    right: np.ndarray,
    titles: tuple[str, str],
    stimuli: pd.DataFrame,
    images: Sequence[np.ndarray] = (),
) -> Figure:
    """Draw the classical MDS of two RDMs over the same stimuli side by side.

    Parameters
    ----------
    left, right : arrays of shape (pair,)
        The RDMs.
    titles : pair of str
        What each is.
    stimuli : DataFrame
        The stimulus table, a row per stimulus. Categories, where it has any, are told apart by
        colour and form.
    images : sequence of arrays of shape (pixel, pixel, 3), optional
        Thumbnails, which stand for stimuli without categories.
    """
    table = stimulus_map_rows(left, right, stimuli)
    _, runs = category_order(stimuli)
    with styled():
        side = (WIDEST - 0.4) / 2
        figure = Figure(figsize=(WIDEST, side + 0.3 + 0.2 * -(-len(runs) // 4)),
                        layout="constrained")  # fmt: skip
        axes = figure.subplots(1, 2)
        for ax, of, title in zip(axes, ("region", "layer"), titles, strict=True):
            xy = table[[f"{of}_1", f"{of}_2"]].to_numpy(float)
            ax.scatter(*xy.T, s=0)
            _points(ax, xy, table, [run.name for run in runs], images)
            ax.set_title(title, fontsize=10, fontweight="bold", wrap=True)
            ax.set_aspect("equal", adjustable="datalim")
            ax.margins(0.06)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        if runs:
            handles = [
                Line2D([], [], linestyle="", marker=form, color=colour, label=run.name)
                for run, (colour, form) in zip(runs, _looks(len(runs)), strict=True)
            ]
            figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False,
                          fontsize=8)  # fmt: skip
    return figure


def _looks(n: int) -> list[tuple[str, str]]:
    """Return a colour and a form for each of so many categories."""
    return [(STRONG[at % len(STRONG)], MARKS[at % len(MARKS)]) for at in range(n)]


def _points(
    ax: Any,
    xy: np.ndarray,
    table: pd.DataFrame,
    categories: Sequence[str],
    images: Sequence[np.ndarray],
) -> None:
    """Draw stimuli by their category, or as images, or as dots with their names where few."""
    if categories:
        for name, (colour, form) in zip(categories, _looks(len(categories)), strict=True):
            own = (table["category"] == name).to_numpy()
            ax.scatter(*xy[own].T, s=26, c=colour, marker=form, linewidths=0, alpha=0.9)
        return
    if len(images):
        for place, image in zip(xy, images, strict=True):
            box = OffsetImage(image, zoom=72 * PICTURE / len(image))
            ax.add_artist(AnnotationBbox(box, place, frameon=False))
        return
    ax.scatter(*xy.T, s=22, c=INK, linewidths=0)
    if len(xy) <= MOST_NAMED:
        for place, name in zip(xy, table["stimulus"], strict=True):
            ax.annotate(str(name), place, xytext=(5, 0), textcoords="offset points",
                        fontsize=SMALL, va="center")  # fmt: skip
