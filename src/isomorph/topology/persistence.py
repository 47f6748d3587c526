"""Persistence: at which distances loops and voids appear and are filled in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isomorph.errors import IsomorphError, how_to_install
from isomorph.registry import Registry
from isomorph.topology.points import Floats, Whole


def unit_length(points: Floats) -> Floats:
    """Return points at length 1, between which Euclidean and cosine distance go together."""
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def cosine(points: Floats, others: Floats) -> Floats:
    """Return 1 less the cosine between points: `(point, other)`."""
    return np.maximum(1 - unit_length(points) @ unit_length(others).T, 0)


def euclidean(points: Floats, others: Floats) -> Floats:
    """Return Euclidean distances between points: `(point, other)`."""
    from scipy.spatial.distance import cdist

    return cdist(points, others)


@dataclass(frozen=True)
class Metric:
    """A distance between points.

    Attributes
    ----------
    distances : callable
        Of points and others: `(point, other)`.
    space : callable
        Places points where Euclidean distance ranks them alike.
    angular : bool
        Whether a point at the origin has no distance to any.
    """

    distances: Callable[[Floats, Floats], Floats]
    space: Callable[[Floats], Floats]
    angular: bool

    def between(self, points: Floats) -> Floats:
        """Return distances between points, 0 from each to itself: `(point, point)`."""
        found = self.distances(points, points)
        np.fill_diagonal(found, 0)
        return found


METRICS: Registry[Metric] = Registry(
    "metric",
    {
        "cosine": Metric(cosine, unit_length, angular=True),
        "euclidean": Metric(euclidean, lambda points: points, angular=False),
    },
)
"""Distances between points, by name."""


@dataclass(frozen=True)
class Persistence:
    """Bars by dimension, the longest first.

    Attributes
    ----------
    bars : tuple of arrays of shape (bar, 2)
        Birth and death, by dimension from 0. The first of dimension 0 never dies.
    cocycles : tuple of arrays of int of shape (edge, 3)
        Of each bar of dimension 1: two points and a number modulo the prime; empty unless asked
        for.
    """

    bars: tuple[Floats, ...]
    cocycles: tuple[Whole, ...] = ()

    def longest(self) -> Floats:
        """Return the length of the longest bar that dies, by dimension; 0 where there is none."""
        return np.array([lengths(one).max(initial=0) for one in self.bars])

    def widest(self) -> Floats:
        """Return the largest ratio of death to birth, by dimension; 1 where there is no bar."""
        return np.array([ratios(one).max(initial=1) for one in self.bars])


def lengths(bars: Floats) -> Floats:
    """Return death less birth, 0 of the bar that never dies: `(bar,)`."""
    return np.where(np.isfinite(bars[:, 1]), bars[:, 1] - bars[:, 0], 0.0)


def ratios(bars: Floats) -> Floats:
    """Return death over birth, infinite of bars that are there from the start: `(bar,)`."""
    born = bars[:, 0] > 0
    return np.where(born, bars[:, 1] / np.where(born, bars[:, 0], 1.0), np.inf)


def prime(number: int) -> bool:
    """Whether a number is prime."""
    return number > 1 and all(number % by for by in range(2, int(number**0.5) + 1))


def persistence(
    distances: Floats, dimensions: int, coefficient: int, cocycles: bool = False
) -> Persistence:
    """Return the persistent cohomology of the Vietoris-Rips complex of distances.

    Ripser computes in single precision: births and deaths are right to about seven digits. It
    stops where some point is near all others, after which there are no more loops or voids.

    Parameters
    ----------
    distances : array of shape (point, point)
    dimensions : int
        The highest.
    coefficient : int
        A prime.
    cocycles : bool
        Whether those of dimension 1 are wanted.

    Raises
    ------
    IsomorphError
        Without ripser, or when the coefficient is no prime.
    """
    try:
        from ripser import ripser
    except ModuleNotFoundError as error:
        raise IsomorphError(
            f"topology needs {error.name}, which is not installed; {how_to_install('topology')}"
        ) from error
    if not prime(coefficient):
        raise IsomorphError(
            f"coefficient: {coefficient} is no prime, and homology needs the numbers modulo a "
            "prime; 47 is usual"
        )
    found = ripser(
        distances, maxdim=dimensions, coeff=coefficient, distance_matrix=True, do_cocycles=cocycles
    )
    bars = [np.asarray(one, dtype=float) for one in found["dgms"]]
    orders = [np.lexsort((one[:, 0], one[:, 0] - one[:, 1])) for one in bars]
    loops = tuple(np.asarray(found["cocycles"][1][at]) for at in orders[1]) if cocycles else ()
    return Persistence(tuple(one[at] for one, at in zip(bars, orders, strict=True)), loops)


SECONDS = {1: (0.139, 2.5), 2: (4.0, 3.4)}
"""Seconds one core takes for the bars of 300 points of noise, and the power of the number of points
they grow with, by the highest dimension."""


def seconds(points: int, dimensions: int, shuffles: int) -> float:
    """Return about how long one core takes for the bars of a population and of its shuffles.

    Parameters
    ----------
    points : int
        That are chosen.
    dimensions : int
        The highest.
    shuffles : int
    """
    of_300, power = SECONDS[dimensions]
    return (1 + shuffles) * of_300 * (points / 300) ** power
