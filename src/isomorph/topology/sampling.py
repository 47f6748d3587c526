"""Sampling: few points that stand for many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isomorph.registry import Registry
from isomorph.topology.points import Floats, Whole

OUTLIERS = 0.1
"""Share of the points that is left out as outliers, where sampling is by density."""

NEIGHBOURS = 0.01
"""Share of the points that are a point's neighbours: the farthest of them says how dense it is."""

LOOKED_AT = 2000
"""Points by which density is estimated; of more, evenly spaced ones are."""


def farthest(points: Floats, number: int) -> Whole:
    """Return points each of which is as far as possible from those before.

    The first is farthest from the mean, so that neither the order of points nor chance matters.

    Parameters
    ----------
    points : array of shape (point, dimension)
        Euclidean.
    number : int

    Returns
    -------
    array of int of shape (chosen,)
        In the order they were chosen; all points where there are no more.
    """
    number = min(number, len(points))
    chosen = np.empty(number, dtype=np.intp)
    squares = (points**2).sum(axis=1)
    at = int(((points - points.mean(axis=0)) ** 2).sum(axis=1).argmax())
    nearest = np.full(len(points), np.inf)
    for place in range(number):
        chosen[place] = at
        np.minimum(nearest, squares + squares[at] - 2 * (points @ points[at]), out=nearest)
        nearest[at] = -np.inf
        at = int(nearest.argmax())
    return chosen


def dense(points: Floats, number: int) -> Whole:
    """Return the same of the points that lie densest: a tenth, the sparsest, is left out.

    Fewer are where otherwise too few were left, and none where there are no more than asked for.

    Parameters
    ----------
    points : array of shape (point, dimension)
    number : int

    Returns
    -------
    array of int of shape (chosen,)
    """
    from scipy.spatial import cKDTree

    every = -(-len(points) // LOOKED_AT)
    seen = points[::every]
    neighbours = max(2, round(NEIGHBOURS * len(seen)))
    distance = cKDTree(seen).query(points, k=[neighbours + 1])[0][:, 0]
    left = max(number, round((1 - OUTLIERS) * len(points)))
    inside = np.sort(np.argsort(distance, kind="stable")[:left])
    return inside[farthest(points[inside], number)]


SAMPLINGS: Registry[Callable[[Floats, int], Whole]] = Registry(
    "sampling", {"farthest": farthest, "density": dense}
)
"""Ways of choosing points, by name."""
