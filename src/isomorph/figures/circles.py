"""Circular coordinates of a population over the variables of the stimuli, and a torus unfolded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from isomorph.figures.style import COLOUR_MAP, STRONG, axis_label, styled, thinned
from isomorph.geometry import Floats

JOINED = " × "
"""Stands between variables that are one place."""
MOST_DOTS = 1500
"""Points that are drawn; of more, evenly spaced ones."""
CYCLE = "twilight_shifted"
"""Colours that come back to where they began."""
BINS = 24
"""Of each side of an arena over which phases are averaged."""
TICKS = (0, np.pi, 2 * np.pi)
TICK_NAMES = ("0", "π", "2π")


def dots(points: pd.DataFrame) -> pd.DataFrame:
    """Return points as they are drawn: no more than can be told apart."""
    return points.iloc[thinned(len(points), MOST_DOTS)]


def draw_coordinates(points: pd.DataFrame, pairs: Sequence[tuple[str, str, str]]) -> Figure:
    """Draw coordinates over variables, a panel for each pair.

    Over one variable every point is a dot; over two, which are one place, the mean phase in each
    part of the arena is a colour.

    Parameters
    ----------
    points : DataFrame
        With a column for each coordinate and each variable.
    pairs : sequence of (str, str, str)
        Column of a coordinate, the variable, or two joined by `JOINED`, and the title of the panel.
    """
    with styled():
        size = (0.9 + 2.95 * len(pairs), 3.3)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(1, len(pairs), squeeze=False).ravel()
        for ax, (circle, variable, title) in zip(panels, pairs, strict=True):
            ax.set_title(title, fontsize=8)
            names = variable.split(JOINED)
            if len(names) == 2:
                _phases(figure, ax, points, circle, names)
                continue
            some = dots(points.dropna(subset=[circle, variable]))
            ax.scatter(some[variable], some[circle], s=4, color=STRONG[0], alpha=0.45,
                       linewidths=0)  # fmt: skip
            ax.set_ylim(-0.1, 2 * np.pi + 0.1)
            ax.set_yticks(TICKS, TICK_NAMES)
            ax.set_ylabel("coordinate, radians")
            ax.set_xlabel(axis_label(variable, 32))
    return figure


def _phases(
    figure: Figure, ax: Any, points: pd.DataFrame, circle: str, names: Sequence[str]
) -> None:
    """Draw the mean phase over an arena."""
    known = points[[circle, *names]].dropna()
    x, y = (known[name].to_numpy(float) for name in names)
    image = ax.imshow(
        phase_map(known, circle, *names), extent=(x.min(), x.max(), y.min(), y.max()),
        origin="lower", cmap=CYCLE, vmin=0, vmax=2 * np.pi, aspect="auto", interpolation="nearest",
    )  # fmt: skip
    ax.set_xlabel(axis_label(names[0], 28))
    ax.set_ylabel(axis_label(names[1], 28))
    bar = figure.colorbar(image, ax=ax, shrink=0.8, ticks=TICKS)
    bar.set_ticklabels(TICK_NAMES)
    bar.outline.set_visible(False)


def phase_map(points: pd.DataFrame, circle: str, x: str, y: str) -> Floats:
    """Return the mean phase in each bin of an arena, NaN where nobody was.

    Parameters
    ----------
    points : DataFrame
    circle, x, y : str
        Columns of the phase and of the two coordinates of the arena.

    Returns
    -------
    array of shape (y, x)
        Radians, 0 to 2π.
    """
    known = points[[circle, x, y]].dropna().to_numpy(float)
    places = [_binned(known[:, 1]), _binned(known[:, 2])]
    total = np.zeros((BINS, BINS), complex)
    np.add.at(total, (places[1], places[0]), np.exp(1j * known[:, 0]))
    mean: Floats = np.where(total == 0, np.nan, np.angle(total) % (2 * np.pi))
    return mean


def _binned(values: Floats) -> NDArray[np.intp]:
    low, high = values.min(), values.max()
    return np.minimum((BINS * (values - low) / ((high - low) or 1)).astype(np.intp), BINS - 1)


def draw_torus(points: pd.DataFrame, variables: Sequence[str]) -> Figure:
    """Draw a torus cut open: both coordinates against each other, coloured by variables.

    Parameters
    ----------
    points : DataFrame
        With `circle_1` and `circle_2`.
    variables : sequence of str
        Columns of two variables at most, a panel for each; without any the dots have one colour.
    """
    panels_of = list(variables) or [""]
    with styled():
        figure = Figure(figsize=(0.9 + 3.8 * len(panels_of), 3.9), layout="constrained")
        panels = figure.subplots(1, len(panels_of), sharey=True, squeeze=False).ravel()
        some = dots(points)
        for ax, name in zip(panels, panels_of, strict=True):
            colour = some[name] if name else STRONG[0]
            drawn = ax.scatter(some["circle_1"], some["circle_2"], c=colour, s=5, linewidths=0,
                               cmap=COLOUR_MAP)  # fmt: skip
            ax.set_xticks(TICKS, TICK_NAMES)
            ax.set_yticks(TICKS, TICK_NAMES)
            ax.set_xlabel("first circle, radians")
            ax.set_aspect("equal")
            if name:
                bar = figure.colorbar(drawn, ax=ax, shrink=0.8)
                bar.set_label(axis_label(name, 28), fontsize=8)
                bar.outline.set_visible(False)
        panels[0].set_ylabel("second circle, radians")
    return figure
