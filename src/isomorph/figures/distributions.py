"""A row of a panel that shows one number of every unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.figures.style import INK, PAPER

MOST_DOTS = 150
"""Units drawn one by one; more are drawn as a density."""
BINS = 50
"""Bins of a density, from the lowest end of the panel to 1."""


def draw_units(
    ax: Any, values: npt.NDArray[np.floating], y: float, colour: Any, low: float
) -> None:
    """Draw units as dots or, where they are many, as a density, with quartiles and median.

    Parameters
    ----------
    ax : Axes
    values : array of shape (unit,)
        None below `low`.
    y : float
        The row.
    colour : Any
    low : float
        The lowest value of the panel.
    """
    draw = _dots if len(values) <= MOST_DOTS else _density
    draw(ax, values, y, colour, low)
    first, median, third = np.quantile(values, [0.25, 0.5, 0.75])
    ax.plot([first, third], [y, y], color=INK, linewidth=2.2, zorder=4)
    ax.scatter(median, y, s=30, c=PAPER, edgecolors=INK, linewidths=1.2, zorder=5)


def _dots(ax: Any, values: npt.NDArray[np.floating], y: float, colour: Any, low: float) -> None:
    """Draw units as dots, those side by side in the order of their values spread over the row."""
    del low
    # Multiples of the golden ratio fill a row evenly and are the same in every run.
    spread = 0.56 * ((np.arange(len(values)) * 0.618034) % 1 - 0.5)
    ax.scatter(np.sort(values), y + spread, s=9, color=colour, alpha=0.55, linewidths=0, zorder=2)


def _density(ax: Any, values: npt.NDArray[np.floating], y: float, colour: Any, low: float) -> None:
    """Draw units as a mirrored histogram, whose tallest bin fills the row."""
    edges = np.linspace(low, 1, BINS + 1)
    counts, _ = np.histogram(values, edges)
    half = 0.38 * counts / counts.max()
    ax.fill_between(
        edges, y - np.append(half, half[-1]), y + np.append(half, half[-1]), step="post",
        color=colour, alpha=0.45, linewidth=0, zorder=2,
    )  # fmt: skip
