r"""Circular coordinates: the phase of each point on a loop.

A loop that lasts is a cocycle: numbers on the edges of the graph of neighbours that add up to zero
around every triangle, and to one around the loop. As integers :math:`z` they are the steps of a
phase that goes round; of all phases that step like it the smoothest is

.. math:: \theta = -f \bmod 1, \quad f = \arg\min_f \sum_{ij} w_{ij} (z_{ij} - f_j + f_i)^2

(de Silva, Morozov and Vejdemo-Johansson 2011, https://doi.org/10.1007/s00454-011-9344-x). Near
neighbours weigh more, and where there are many each weighs less (the normalisation of Coifman and
Lafon 2006, https://doi.org/10.1016/j.acha.2006.04.006), so that the phase runs evenly along the
loop however points lie on it. Of two loops any whole combination of one with the other is a loop as
well, so those are taken that step least, and least in common (lattice reduction, as in Scoccola et
al. 2023, https://doi.org/10.4230/LIPIcs.SoCG.2023.57). Points that were not chosen get the mean
phase of those that were, near ones weighing more, where Gardner et al. 2022 weigh by activity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.topology.points import Floats, Whole

WITHIN = 0.9
"""How far into the bar the scale lies, from birth to death."""

BLOCK = 2**22
"""Distances handled at once (32 MiB)."""


@dataclass(frozen=True)
class Graph:
    """Points and their neighbours, at a distance at which all loops are open.

    Attributes
    ----------
    scale : float
        Distance up to which points are neighbours.
    near : float
        Distance at which loops close, that weights fall off with.
    crowd : array of shape (point,)
        How many neighbours points have, near ones counting more.
    adjacent : array of bool of shape (point, point)
    weights : array of shape (point, point)
        0 where not adjacent.
    """

    scale: float
    near: float
    crowd: Floats
    adjacent: NDArray[np.bool_]
    weights: Floats

    @classmethod
    def of(cls, distances: Floats, bars: Floats) -> Graph:
        """Return the graph of distances `(point, point)` for the bars of loops `(loop, 2)`.

        Raises
        ------
        IsomorphError
            Without loops, or when they are never open together.
        """
        if not len(bars):
            raise IsomorphError(
                "there is no ring to have a coordinate on, as no loop is beyond chance"
            )
        birth, death = float(bars[:, 0].max()), float(bars[:, 1].min())
        if birth >= death:
            raise IsomorphError(
                f"loops are never open together, as one appears at {birth:.3g} when another is "
                f"filled at {death:.3g}, so they have no coordinates in common"
            )
        scale = birth + WITHIN * (death - birth)
        adjacent = distances <= scale
        np.fill_diagonal(adjacent, False)
        weights = np.where(adjacent, np.exp(-distances / birth), 0.0)
        crowd = weights.sum(axis=1)
        crowd[crowd == 0] = 1
        return cls(scale, birth, crowd, adjacent, weights / np.outer(crowd, crowd))


def lifted(cocycle: Whole, prime: int, adjacent: NDArray[np.bool_]) -> Whole:
    """Return a cocycle as whole steps along edges: `(point, point)`, antisymmetric.

    Parameters
    ----------
    cocycle : array of int of shape (edge, 3)
        Two points and a number modulo the prime.
    prime : int
    adjacent : array of bool of shape (point, point)

    Raises
    ------
    IsomorphError
        When the integers nearest zero do not add up to zero around every triangle.
    """
    first, second = cocycle[:, 0], cocycle[:, 1]
    number = cocycle[:, 2] % prime
    number = np.where(number > prime // 2, number - prime, number)
    steps = np.zeros(adjacent.shape, dtype=np.intp)
    steps[first, second] = number
    steps[second, first] = -number
    steps[~adjacent] = 0
    for i, j in zip(*np.nonzero(np.triu(steps)), strict=True):
        common = adjacent[i] & adjacent[j]
        if (steps[i, j] + steps[j, common] + steps[common, i]).any():
            raise IsomorphError(
                f"coefficient: numbers modulo {prime} on the edges of a loop are no whole steps "
                "around it, so it has no coordinate; try another prime, such as 43 or 53"
            )
    return steps


def smoothest(steps: Whole, graph: Graph) -> tuple[Floats, Floats]:
    """Return the smoothest phase with such steps, in turns.

    Parameters
    ----------
    steps : array of int of shape (point, point)
    graph : Graph

    Returns
    -------
    turns : array of shape (point,)
    change : array of shape (point, point)
        Of the phase along edges.
    """
    weights = graph.weights
    # One solution for each piece of the graph; of those that differ by a constant, the least.
    laplacian = np.diag(weights.sum(axis=1)) - weights
    f = np.linalg.lstsq(laplacian, (weights * steps).sum(axis=0), rcond=1e-13)[0]
    return -f, np.where(graph.adjacent, steps - f[None, :] + f[:, None], 0.0)


def reduced(products: Floats) -> Whole:
    """Return whole combinations of loops that step least, and least in common: `(loop, loop)`.

    The shortest basis of the lattice of two loops (Lagrange); of more, one that no loop shortens by
    being taken from another.

    Parameters
    ----------
    products : array of shape (loop, loop)
        Of what they step, summed over edges.
    """
    basis = np.eye(len(products), dtype=np.intp)
    while True:
        own = basis @ products @ basis.T
        size = np.diag(own)
        times = np.rint(own / size).astype(np.intp)
        np.fill_diagonal(times, 0)
        gain = 2 * times * own - times**2 * size
        if gain.max(initial=0) <= 1e-9 * size.max():
            return basis
        longer, shorter = np.unravel_index(gain.argmax(), gain.shape)
        basis[longer] -= times[longer, shorter] * basis[shorter]


def circular_coordinates(graph: Graph, cocycles: Sequence[Whole], prime: int) -> Floats:
    """Return the phase of each point on each loop, radians in [0, 2π): `(point, loop)`.

    Parameters
    ----------
    graph : Graph
    cocycles : sequence of arrays of int of shape (edge, 3)
    prime : int

    Raises
    ------
    IsomorphError
        When a cocycle cannot be lifted to integers.
    """
    found = [smoothest(lifted(one, prime, graph.adjacent), graph) for one in cocycles]
    turns = np.array([one for one, _ in found])
    along = np.array([np.sqrt(graph.weights) * change for _, change in found])
    basis = reduced(np.einsum("aij,bij->ab", along, along))
    return 2 * np.pi * ((basis @ turns) % 1).T % (2 * np.pi)


def extended(distances: Floats, phases: Floats, graph: Graph) -> Floats:
    """Return the mean phase of points that were chosen, for others: `(point, loop)`, radians.

    Parameters
    ----------
    distances : array of shape (point, chosen)
    phases : array of shape (chosen, loop)
    graph : Graph
        Of the points that were chosen.
    """
    nearest = distances.min(axis=1, keepdims=True)
    weights = np.exp((nearest - distances) / graph.near) / graph.crowd
    return np.angle(weights @ np.exp(1j * phases)) % (2 * np.pi)


def in_blocks(points: Floats, others: int) -> Iterator[Floats]:
    """Yield points few enough for their distances to so many others to be held at once."""
    size = max(1, BLOCK // others)
    for start in range(0, len(points), size):
        yield points[start : start + size]
