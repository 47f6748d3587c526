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


def cosine(points: Floats) -> Floats:
    """Return 1 less the cosine between points: `(point, point)`."""
    units = unit_length(points)
    squares = (units[:, None] - units[None]) ** 2
    return squares.sum(axis=2) / 2


def euclidean(points: Floats) -> Floats:
    """Return Euclidean distances between points: `(point, point)`."""
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))


@dataclass(frozen=True)
class Metric:
    """A distance between points, and the Euclidean space in which it ranks them alike."""

    distances: Callable[[Floats], Floats]
    space: Callable[[Floats], Floats]


METRICS: Registry[Metric] = Registry(
    "metric",
    {
        "cosine": Metric(cosine, unit_length),
        "euclidean": Metric(euclidean, lambda points: points),
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
        Of each bar of dimension 1: two points and a number modulo the prime; empty unless asked for.
    """

    bars: tuple[Floats, ...]
    cocycles: tuple[Whole, ...] = ()

    def longest(self) -> Floats:
        """Return the length of the longest bar that dies, by dimension; 0 where there is none."""
        return np.array([_lengths(one)[np.isfinite(one[:, 1])].max(initial=0) for one in self.bars])


def _lengths(bars: Floats) -> Floats:
    return bars[:, 1] - bars[:, 0]


def prime(number: int) -> bool:
    """Whether a number is prime."""
    return number > 1 and all(number % by for by in range(2, int(number**0.5) + 1))


def persistence(
    distances: Floats, dimensions: int, coefficient: int, cocycles: bool = False
) -> Persistence:
    """Return the persistent cohomology of the Vietoris-Rips complex of distances.

    Ripser computes in single precision: births and deaths are right to about seven digits.

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
    orders = [np.lexsort((one[:, 0], -_lengths(one))) for one in bars]
    loops = tuple(np.asarray(found["cocycles"][1][at]) for at in orders[1]) if cocycles else ()
    return Persistence(tuple(one[at] for one, at in zip(bars, orders, strict=True)), loops)
