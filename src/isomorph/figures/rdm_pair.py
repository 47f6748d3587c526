"""A region's RDM beside a layer's, with the stimuli along the axes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from isomorph.figures.categories import Run, category_order
from isomorph.figures.geometry import square
from isomorph.figures.style import COLOUR_MAP, INK, ON_DARK, SMALL, WIDEST, shortened, styled
from isomorph.measures.tied import rankdata

SIDE = 3.75
"""Side of one RDM, inches."""
SMALLEST_SIDE, WIDEST_CELL = 3.2, 0.45
"""An RDM of a few stimuli is drawn smaller, so that its cells stay small; inches."""
MOST_THUMBNAILS = 150
"""With more, thumbnails would be too small to tell apart."""
MOST_NAMES, MOST_LETTERS = 40, 24
TITLE_LETTER, TITLE_LINE = 0.09, 0.18
"""Width of a wide letter and height of a line of a title, inches."""
LETTER, LINE = 0.06, 0.12
"""Width of a letter and height of a line of the name of a category, inches."""
NAME = 7.0
"""Points of these names."""
THUMBNAIL = 40
"""Pixels of the side of a thumbnail."""
BRACKET = 0.07
"""Room of a bracket, inches."""


class Box(NamedTuple):
    """A rectangle of the figure, inches from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float


def draw_rdm_pair(
    left: np.ndarray,
    right: np.ndarray,
    titles: tuple[str, str],
    stimuli: pd.DataFrame,
    images: Sequence[np.ndarray] = (),
) -> Figure:
    """Draw two RDMs side by side, each transformed to percentile ranks.

    Parameters
    ----------
    left, right : arrays of shape (pair,)
        The RDMs, over the same stimuli in the order of the table.
    titles : pair of str
        What each is.
    stimuli : DataFrame
        The stimulus table, a row per stimulus. Where it has categories, stimuli are put in their
        order; a bracket for each stands along both sides, unless stimuli can be named one by one.
    images : sequence of arrays of shape (pixel, pixel, 3), optional
        A thumbnail of each stimulus, `THUMBNAIL` pixels wide; without, or with more than
        `MOST_THUMBNAILS`, the axes carry the names of categories or stimuli.
    """
    order, runs = category_order(stimuli)
    n = len(stimuli)
    images = [images[place] for place in order] if images and n <= MOST_THUMBNAILS else []
    extent = min(SIDE, max(SMALLEST_SIDE, WIDEST_CELL * n))
    cell, rows = extent / n, stagger(n)
    names = [str(name) for name in stimuli["stimulus"].iloc[order]]
    bracketed = bool(runs) and (bool(images) or n > MOST_NAMES)
    beside = _room(runs if bracketed else [], names if not images else [], cell)
    # Names and images take their room from the matrices, so that no figure is wider than a page.
    share = (rows**2 + 1) / n if images else 0.0
    extent = min(extent, ((WIDEST - 0.5) / 2 - beside) / (1 + share))
    cell, strip_depth = extent / n, extent * share
    edge = strip_depth + beside
    wrapped = [title_lines(title, extent) for title in titles]
    gap, foot = 0.3, 0.62
    head = 0.2 + TITLE_LINE * max(map(len, wrapped))
    width = 2 * (edge + extent) + gap + 0.2
    height = head + edge + extent + foot
    with styled():
        figure = Figure(figsize=(width, height))
        for side, (pairs, lines) in enumerate(zip((left, right), wrapped, strict=True)):
            # Rows of both panels are the same stimuli: names and images stand on the outer flanks.
            x = 0.1 + edge if side == 0 else 0.1 + edge + extent + gap
            box = Box(x, foot, extent, extent)
            ax = figure.add_axes(_shares(box, width, height))
            image = _draw_matrix(ax, pairs, order, runs)
            figure.text(
                *(x / width, 1 - 0.08 / height), "\n".join(lines), va="top", fontsize=10,
                weight="bold", linespacing=1.2,
            )  # fmt: skip
            if images:
                _thumbnails(figure, images, box, (width, height), outward=side == 1)
            if bracketed:
                _brackets(ax, runs, cell, strip_depth, right=side == 1)
            elif not images:
                _names(ax, names, right=side == 1)
        bar = figure.add_axes(_shares(Box(width / 2 - 1.3, 0.34, 2.6, 0.1), width, height))
        colour_bar = figure.colorbar(image, cax=bar, orientation="horizontal")
        colour_bar.outline.set_visible(False)
        colour_bar.set_ticks([0, 0.5, 1], labels=["most similar pair", "median", "least similar"])
        bar.tick_params(length=0, labelsize=8)
    return figure


def rdm_pair_rows(left: np.ndarray, right: np.ndarray, stimuli: pd.DataFrame) -> pd.DataFrame:
    """Return what a pair of RDMs shows: every pair of stimuli with both dissimilarities.

    Parameters
    ----------
    left, right : arrays of shape (pair,)
    stimuli : DataFrame

    Returns
    -------
    DataFrame
        `stimulus_a`, `stimulus_b`, `region`, `layer` (as given) and their percentile ranks.
    """
    names = stimuli["stimulus"].to_numpy()
    first, second = np.triu_indices(len(names), 1)
    return pd.DataFrame(
        {"stimulus_a": names[first], "stimulus_b": names[second], "region": left, "layer": right,
         "region_rank": percentile_ranks(left), "layer_rank": percentile_ranks(right)}
    )  # fmt: skip


def _shares(box: Box, width: float, height: float) -> tuple[float, float, float, float]:
    """Return a rectangle in shares of the figure."""
    return (box.left / width, box.bottom / height, box.width / width, box.height / height)


def _room(runs: Sequence[Run], names: Sequence[str], cell: float) -> float:
    """Return the room that names need beside a matrix, inches."""
    if runs:
        lines = _wrapped(runs, cell)
        if _fit(runs, lines, cell):
            return BRACKET + 0.08 + LINE * max(map(len, lines))
        return BRACKET + 0.1 + max(_width(line) for name in lines for line in name)
    return 0.15 + LETTER * min(MOST_LETTERS, max(map(len, names))) if names else 0.0


def title_lines(title: str, width: float) -> list[str]:
    """Break a title into lines no wider than a matrix of `width` inches, three at most."""
    return textwrap.wrap(
        title, int(width / TITLE_LETTER), max_lines=3, placeholder=" …", break_on_hyphens=False
    )


def stagger(n: int) -> int:
    """Return the rows of thumbnails for a number of stimuli: each may be as many cells wide."""
    return 1 if n <= 20 else 2 if n <= 45 else 3


def percentile_ranks(pairs: np.ndarray) -> np.ndarray:
    """Return the ranks of pairs scaled to [0, 1], ties sharing their mean rank."""
    ranks = rankdata(pairs)
    return (ranks - 1) / max(len(pairs) - 1, 1)


def _draw_matrix(ax: Any, pairs: np.ndarray, order: np.ndarray, runs: Sequence[Run]) -> Any:
    n = len(order)
    matrix = square(percentile_ranks(pairs))[np.ix_(order, order)]
    np.fill_diagonal(matrix, np.nan)  # the diagonal is zero by definition and says nothing
    image = ax.imshow(matrix, cmap=COLOUR_MAP, vmin=0, vmax=1, interpolation="nearest")
    ax.set(xticks=[], yticks=[], xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5))
    for run in runs[:-1]:
        ax.axhline(run.last + 0.5, color=ON_DARK, linewidth=0.6)
        ax.axvline(run.last + 0.5, color=ON_DARK, linewidth=0.6)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return image


def _thumbnails(
    figure: Figure,
    images: Sequence[np.ndarray],
    matrix: Box,
    size: tuple[float, float],
    *,
    outward: bool,
) -> None:
    """Place a staggered strip of thumbnails above a matrix and one on its flank.

    A cell of air keeps the strips apart where both overhang the corner. Each strip is one picture
    composed here: hundreds of separate artists would be slow.
    """
    cell, rows = matrix.width / len(images), stagger(len(images))
    over, deep = cell * (rows - 1) / 2, cell * rows**2
    x, y, extent = matrix.left, matrix.bottom, matrix.width
    flank = x + extent + cell if outward else x - cell - deep
    boxes = {False: Box(x - over, y + extent + cell, extent + 2 * over, deep),
             True: Box(flank, y - over, deep, extent + 2 * over)}  # fmt: skip
    for vertical, box in boxes.items():
        ax = figure.add_axes(_shares(box, *size))
        picture = strip(images, vertical=vertical, nearest_first=vertical and outward)
        ax.imshow(picture, aspect="auto", interpolation="lanczos" if len(images) > 45 else "none")
        ax.axis("off")


def strip(images: Sequence[np.ndarray], *, vertical: bool, nearest_first: bool) -> np.ndarray:
    """Compose thumbnails into one picture `(pixel, pixel, 3)` that runs along an axis of an RDM.

    Thumbnail i is centred on cell i and neighbours stand in different rows (columns when
    `vertical`), so that each may be wider than a cell; the strip overhangs the matrix by half of
    what a thumbnail exceeds a cell. The first row is the one nearest to the matrix, on the
    picture's low side when `nearest_first`.
    """
    rows = stagger(len(images))
    cell = -(-(THUMBNAIL + 2) // rows)
    pitch = cell * rows
    margin = (pitch - THUMBNAIL) // 2
    canvas = np.full(((len(images) + rows - 1) * cell, pitch * rows, 3), 255, np.uint8)
    for i, image in enumerate(images):
        row = i % rows if nearest_first else rows - 1 - i % rows
        along, across = i * cell + margin, row * pitch + margin
        turned = image if vertical else np.swapaxes(image, 0, 1)
        canvas[along : along + THUMBNAIL, across : across + THUMBNAIL] = turned
    return canvas if vertical else np.swapaxes(canvas, 0, 1)


def _wrapped(runs: Sequence[Run], cell: float) -> list[list[str]]:
    """Return the name of each category in lines as long as its bracket, or as a word needs."""
    return [
        textwrap.wrap(
            shortened(run.name, MOST_LETTERS),
            max(6, int(cell * (run.last - run.first + 1) / LETTER)),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for run in runs
    ]


def _fit(runs: Sequence[Run], wrapped: Sequence[Sequence[str]], cell: float) -> bool:
    """Tell whether all names of categories fit along their brackets, in three lines at most."""
    return all(
        len(lines) <= 3 and max(map(_width, lines)) + 0.04 <= cell * (run.last - run.first + 1)
        for run, lines in zip(runs, wrapped, strict=True)
    )


def _width(line: str) -> float:
    """Return how wide a line of the name of a category is, inches."""
    return float(TextPath((0, 0), line, size=NAME).get_extents().width) / 72


def _brackets(ax: Any, runs: Sequence[Run], cell: float, away: float, *, right: bool) -> None:
    """Draw a bracket with its name for each category, along the top and the outer flank.

    Parameters
    ----------
    ax : Axes
        A matrix.
    runs : sequence of Run
    cell : float
        Side of a cell, inches.
    away : float
        Depth of the thumbnails between matrix and brackets, inches.
    right : bool
        Whether the outer flank is the right one.
    """
    n = runs[-1].last + 1
    line = (away + 0.05) / cell
    wrapped = _wrapped(runs, cell)
    fit = _fit(runs, wrapped, cell)
    for run, lines in zip(runs, wrapped, strict=True):
        first, last, middle = run.first - 0.32, run.last + 0.32, (run.first + run.last) / 2
        name = "\n".join(lines)
        top, outer = -0.5 - line, n - 0.5 + line if right else -0.5 - line
        tick = 0.03 / cell
        inward = -tick if right else tick
        ax.plot([first, first, last, last], [top + tick, top, top, top + tick], color=INK,
                linewidth=0.9, clip_on=False)  # fmt: skip
        ax.plot([outer + inward, outer, outer, outer + inward], [first, first, last, last],
                color=INK, linewidth=0.9, clip_on=False)  # fmt: skip
        above: dict[str, Any] = {"ha": "center", "va": "bottom"} if fit else {
            "ha": "left", "va": "bottom", "rotation": 45, "rotation_mode": "anchor",
        }  # fmt: skip
        flank: dict[str, Any] = {"ha": "left" if right else "right", "va": "center"}
        if fit:
            flank |= {"rotation": -90 if right else 90, "rotation_mode": "anchor", "ha": "center",
                      "va": "bottom"}  # fmt: skip
        ax.text(middle, top - tick, name, fontsize=NAME, linespacing=1.05, **above)
        ax.text(outer - inward, middle, name, fontsize=NAME, linespacing=1.05, **flank)


def _names(ax: Any, names: Sequence[str], *, right: bool) -> None:
    """Name stimuli along the axes, thinned where they are many."""
    step = -(-len(names) // MOST_NAMES)
    shown = [shortened(name, MOST_LETTERS) for name in names[::step]]
    places = np.arange(0.0, len(names), step)
    ax.xaxis.tick_top()
    ax.set_xticks(places, shown, rotation=55, ha="left", rotation_mode="anchor", fontsize=SMALL)
    if right:
        ax.yaxis.tick_right()
    ax.set_yticks(places, shown, fontsize=SMALL)
    ax.tick_params(length=0, colors=INK)
