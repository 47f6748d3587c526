"""Features of which distances are those of a shape: values in, features out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from isomorph.simulation.navigation import grid_cells, hexagonal_waves

Floats = NDArray[np.float64]

SIDE = 12
"""Phases of an ideal module of grid cells along each edge of the rhombus between four peaks."""
MARGIN = 3.0
"""Standard deviations beyond the values that places of fields go on."""
FEWEST = 8
"""Fields around a period, however wide they are."""

OfPlane = Callable[[Floats, float, float], Floats]
"""From positions `(stimulus, 2)`, a spacing and an orientation in radians to features."""


def circle(angles: Floats, turns: int = 1) -> Floats:
    r"""Return the two features of a ring, whose Euclidean distances are chords.

    $d_{ij} = 2 \, |\sin (k (\theta_i - \theta_j) / 2)|$ with $k$ turns.

    Parameters
    ----------
    angles : array of shape (stimulus,)
        Radians.
    turns : int
        How often the circle is gone round while the angle turns once.

    Returns
    -------
    array of shape (stimulus, 2)

    Examples
    --------
    >>> import numpy as np
    >>> from isomorph.models.geometry.codes import circle
    >>> circle(np.array([0, np.pi / 2, np.pi])).round(6).tolist()
    [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]
    """
    return np.stack([np.cos(turns * angles), np.sin(turns * angles)], axis=1)


def sphere(azimuth: Floats, elevation: Floats) -> Floats:
    """Return unit vectors, whose Euclidean distances are chords of a sphere.

    Parameters
    ----------
    azimuth, elevation : arrays of shape (stimulus,)
        Radians, the elevation in [-pi/2, pi/2].

    Returns
    -------
    array of shape (stimulus, 3)
    """
    level = np.cos(elevation)
    return np.stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)], axis=1)


def lattice(position: Floats, spacing: float, orientation: float) -> Floats:
    """Return the features of the torus that a plane is wound around by a hexagonal lattice.

    Cosine and sine of three plane waves: all places that a vector of the lattice carries into each
    other are one point.

    Parameters
    ----------
    position : array of shape (stimulus, 2)
    spacing : float
        Between neighbouring points of the lattice, in the unit of the position.
    orientation : float
        Of a line of them against the first axis, radians.

    Returns
    -------
    array of shape (stimulus, 6)
    """
    phases = position @ hexagonal_waves(spacing, orientation).T
    return np.concatenate([np.cos(phases), np.sin(phases)], axis=1)


def module(position: Floats, spacing: float, orientation: float) -> Floats:
    """Return the rates of an ideal module of grid cells, with a peak of 1.

    Phases are on a lattice within the rhombus between four peaks, so that the whole module fires as
    much at one place as at another. Parameters are those of `lattice`.

    Returns
    -------
    array of shape (stimulus, 144)
    """
    angles = orientation + np.array([0.0, np.pi / 3])
    edges = spacing * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    phases = np.array(list(product(np.arange(SIDE) / SIDE, repeat=2))) @ edges
    return grid_cells(position, phases, spacing, orientation=orientation, peak=1.0)


def n_fields(values: Floats, widths: Sequence[float], periods: Sequence[float | None]) -> int:
    """Return how many features `fields` gives."""
    return int(
        np.prod([
            len(_places(column, width, period))
            for column, width, period in zip(values.T, widths, periods, strict=True)
        ])
    )  # fmt: skip


def fields(values: Floats, widths: Sequence[float], periods: Sequence[float | None]) -> Floats:
    r"""Return the answers of Gaussian fields that cover the values evenly.

    The places of the fields are one standard deviation apart, which is as good as everywhere:
    squared distances are in proportion to $1 - \exp(-\sum_c d_c^2 / 4 w_c^2)$, with $d_c$ how far
    two stimuli are apart in a column and $w_c$ the width there. A column with a period has fields
    of von Mises shape, as wide as the Gaussian where that is narrow.

    Parameters
    ----------
    values : array of shape (stimulus, column)
    widths : sequence of float
        Standard deviation in each column.
    periods : sequence of float or None
        Of each column.

    Returns
    -------
    array of shape (stimulus, field)
    """
    found = np.ones((len(values), 1))
    for column, width, period in zip(values.T, widths, periods, strict=True):
        away = column[:, None] - _places(column, width, period)[None, :]
        if period is None:
            answers = np.exp(-(away**2) / (2 * width**2))
        else:
            radius = period / (2 * np.pi)
            answers = np.exp((radius / width) ** 2 * (np.cos(away / radius) - 1))
        found = (found[:, :, None] * answers[:, None, :]).reshape(len(values), -1)
    return found


def _places(column: Floats, width: float, period: float | None) -> Floats:
    """Return where the fields of a column are, one standard deviation apart or closer."""
    if period is not None:
        n = max(int(np.ceil(period / width)), FEWEST)
        return period * np.arange(n) / n
    first = column.min() - MARGIN * width
    return first + width * np.arange(int(np.ceil(np.ptp(column) / width + 2 * MARGIN)) + 1)


def branches(paths: Sequence[Sequence[str]]) -> list[Floats]:
    r"""Return the features of a tree, level by level: one for each branch, 1 for what grows on it.

    Branches at one level differ where they, or any below them, do. Over all levels the squared
    Euclidean distance of two stimuli is the number of branches on the way from one to the other,
    which is ultrametric where all paths are equally long.

    Parameters
    ----------
    paths : sequence of sequence of str
        The branches of each stimulus from the trunk on.

    Returns
    -------
    list of array of shape (stimulus, branch)
        By level; of a stimulus whose path is shorter all are 0.

    Examples
    --------
    >>> from isomorph.models.geometry.codes import branches
    >>> outer, inner = branches([("animal", "cat"), ("animal", "dog"), ("plant", "oak")])
    >>> outer.tolist(), inner.shape
    ([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], (3, 3))
    """
    found = []
    for level in range(1, max(map(len, paths)) + 1):
        here = [tuple(path[:level]) if len(path) >= level else None for path in paths]
        known = {one: place for place, one in enumerate(sorted({*filter(None, here)}))}
        features = np.zeros((len(paths), len(known)))
        for row, one in enumerate(here):
            if one is not None:
                features[row, known[one]] = 1
        found.append(features)
    return found
