"""A region's RDM beside a layer's, with the stimuli along the axes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures.geometry import square
from isomorph.figures.style import COLOUR_MAP, FAINT, INK, styled
from isomorph.measures.tied import rankdata

SIDE = 5.6
"""Side of one RDM, inches."""
SMALLEST_SIDE, WIDEST_CELL = 3.6, 0.45
"""An RDM of a few stimuli is drawn smaller, so that its cells stay small; inches."""
MOST_THUMBNAILS = 150
"""With more, thumbnails would be too small to tell apart."""
MOST_NAMES = 60
TITLE_LETTER, TITLE_LINE = 0.105, 0.2
"""Width of a wide letter and height of a line of a title, inches."""
THUMBNAIL = 44
"""Pixels of the side of a thumbnail."""


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
        The RDMs, over the same stimuli in the same order.
    titles : pair of str
        What each is.
    stimuli : DataFrame
        The stimulus table, a row per stimulus in the order of the RDMs.
    images : sequence of arrays of shape (pixel, pixel, 3), optional
        A thumbnail of each stimulus, `THUMBNAIL` pixels wide; without, or with more than
        `MOST_THUMBNAILS`, the axes carry category or stimulus names.
    """
    n = len(stimuli)
    images = images if n <= MOST_THUMBNAILS else ()
    extent = min(SIDE, max(SMALLEST_SIDE, WIDEST_CELL * n))
    cell, rows = extent / n, stagger(n)
    edge = cell * (rows**2 + 1) if images else 0.9
    wrapped = [title_lines(title, extent) for title in titles]
    gap, foot = 0.3, 0.75
    head = 0.25 + TITLE_LINE * max(map(len, wrapped))
    width = 2 * (edge + extent) + gap + 0.2
    height = head + edge + extent + foot
    with styled():
        figure = Figure(figsize=(width, height))
        for side, (pairs, lines) in enumerate(zip((left, right), wrapped, strict=True)):
            # Rows of both panels are the same stimuli: thumbnails stand on the outer flanks.
            x = 0.1 + edge if side == 0 else 0.1 + edge + extent + gap
            ax = figure.add_axes((x / width, foot / height, extent / width, extent / height))
            image = _draw_matrix(ax, pairs, n)
            figure.text(
                *(x / width, 1 - 0.12 / height), "\n".join(lines), va="top", fontsize=11,
                weight="bold", linespacing=1.2,
            )  # fmt: skip
            # A cell of air keeps the strips apart where both overhang the corner.
            over, deep = cell * (rows - 1) / 2, edge - cell
            flank = (0.1 if side == 0 else x + extent + cell, foot - over, deep, extent + 2 * over)
            top = (x - over, foot + extent + cell, extent + 2 * over, deep)
            if images:
                _thumbnails(figure, images, top, flank, (width, height), outward=side == 1)
            else:
                _labels(ax, stimuli, right=side == 1)
        bar = figure.add_axes(((width / 2 - 1.5) / width, 0.42 / height, 3 / width, 0.11 / height))
        colour_bar = figure.colorbar(image, cax=bar, orientation="horizontal")
        colour_bar.outline.set_visible(False)
        colour_bar.set_ticks([0, 0.5, 1], labels=["most similar pair", "median", "least similar"])
        bar.tick_params(length=0, labelsize=8)
    return figure


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


def _draw_matrix(ax: Any, pairs: np.ndarray, n: int) -> Any:
    matrix = square(percentile_ranks(pairs))
    np.fill_diagonal(matrix, np.nan)  # the diagonal is zero by definition and says nothing
    image = ax.imshow(matrix, cmap=COLOUR_MAP, vmin=0, vmax=1, interpolation="nearest")
    ax.set(xticks=[], yticks=[], xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5))
    for spine in ax.spines.values():
        spine.set_visible(False)
    return image


def _thumbnails(
    figure: Figure,
    images: Sequence[np.ndarray],
    top: tuple[float, float, float, float],
    flank: tuple[float, float, float, float],
    size: tuple[float, float],
    *,
    outward: bool,
) -> None:
    """Place a staggered strip of thumbnails above a matrix and one on its flank.

    `top` and `flank` are boxes `(left, bottom, width, height)` in inches. Each strip is one
    picture composed here: hundreds of separate artists would be slow.
    """
    strips = (
        (top, strip(images, vertical=False, nearest_first=False)),
        (flank, strip(images, vertical=True, nearest_first=outward)),
    )
    for (left, bottom, width, height), picture in strips:
        ax = figure.add_axes((left / size[0], bottom / size[1], width / size[0], height / size[1]))
        ax.imshow(picture, aspect="auto", interpolation="lanczos")
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


def _labels(ax: Any, stimuli: pd.DataFrame, *, right: bool) -> None:
    """Name runs of a category along the axes, or the stimuli themselves when they are few."""
    runs = category_runs(stimuli)
    if runs:
        places = [(first + last) / 2 for _, first, last in runs]
        names = [name for name, _, _ in runs]
        for _, _, last in runs[:-1]:
            ax.axhline(last + 0.5, color="white", linewidth=0.8)
            ax.axvline(last + 0.5, color="white", linewidth=0.8)
    else:
        step = -(-len(stimuli) // MOST_NAMES)
        names = [str(name) for name in stimuli["stimulus"].iloc[::step]]
        places = list(np.arange(0.0, len(stimuli), step))
    size = 7.5 if len(names) <= MOST_NAMES // 2 else 6
    names = [name if len(name) <= 18 else name[:17] + "…" for name in names]
    ax.xaxis.tick_top()
    ax.set_xticks(places, names, rotation=55, ha="left", rotation_mode="anchor", fontsize=size)
    if right:
        ax.yaxis.tick_right()
    ax.set_yticks(places, names, fontsize=size)
    ax.tick_params(length=0, colors=INK if len(names) <= MOST_NAMES else FAINT)


def category_runs(stimuli: pd.DataFrame) -> list[tuple[str, int, int]]:
    """Return `(name, first, last)` of each run of the first column that sorts the stimuli.

    A column qualifies when it has between 2 and 20 values, each in one unbroken run.
    """
    for column in stimuli.columns.difference(["stimulus", "file", "sha256"], sort=False):
        values = stimuli[column].astype(str).to_numpy()
        breaks = (np.flatnonzero(values[1:] != values[:-1]) + 1).tolist()
        starts, stops = [0, *breaks], [*breaks, len(values)]
        names = [values[start] for start in starts]
        if 2 <= len(names) <= 20 and len(set(names)) == len(names) < len(values):
            return [
                (str(name), int(first), int(stop) - 1)
                for name, first, stop in zip(names, starts, stops, strict=True)
            ]
    return []
