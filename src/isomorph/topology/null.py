"""Null: how long bars become when units do not know of one another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isomorph.topology.points import Floats, Whole

LEVEL = 0.05
"""Corrected p up to which a bar counts."""

SHORTEST = 1000
"""Points a stretch has that is shifted by itself; shorter ones are joined with those after."""


@dataclass(frozen=True)
class Null:
    """The longest bar of each dimension after each shuffle.

    Attributes
    ----------
    longest : array of shape (shuffle, dimension)
    """

    longest: Floats

    @property
    def maximum(self) -> Floats:
        """The longest bar of all shuffles, by dimension; NaN without shuffles."""
        if not len(self.longest):
            return np.full(self.longest.shape[1], np.nan)
        return self.longest.max(axis=0)

    def p(self, lengths: Floats, dimension: int) -> Floats:
        """Return p of bars against the longest of their dimension: `(bar,)`.

        The chance that any bar of the dimension is so long when units are independent.
        """
        n = len(self.longest)
        if not n:
            return np.full(len(lengths), np.nan)
        ordered = np.sort(self.longest[:, dimension])
        as_long = n - np.searchsorted(ordered, lengths, side="left")
        return (1 + as_long) / (1 + n)

    def corrected(self, p: Floats, observed: Floats) -> Floats:
        """Return p corrected over dimensions: the chance that any has a p so small.

        By the smallest p of each shuffle among its dimensions (Westfall and Young 1993).

        Parameters
        ----------
        p : array of shape (bar,)
        observed : array of shape (dimension,)
            Longest bars as they were found.
        """
        n = len(self.longest)
        if not n:
            return np.full(len(p), np.nan)
        every = np.vstack([self.longest, observed])
        ordered = np.sort(every, axis=0)
        smallest = np.min(
            [
                (n + 1 - np.searchsorted(ordered[:, at], self.longest[:, at], side="left"))
                for at in range(every.shape[1])
            ],
            axis=0,
        ) / (n + 1)
        as_small = np.searchsorted(np.sort(smallest), p, side="right")
        return (1 + as_small) / (1 + n)


def stretches(segments: Whole, shortest: int = SHORTEST) -> list[slice]:
    """Return stretches of points that are shifted by themselves.

    Consecutive segments are joined until they are long enough: in a short one activity is nearly
    constant, and shifting it would leave units as they are to one another.

    Parameters
    ----------
    segments : array of int of shape (point,)
    shortest : int
    """
    edges = np.r_[0, np.flatnonzero(np.diff(segments)) + 1, len(segments)]
    starts = [0]
    for edge in edges[1:-1]:
        if edge - starts[-1] >= shortest and len(segments) - edge >= shortest:
            starts.append(int(edge))
    return [slice(*pair) for pair in zip(starts, [*starts[1:], len(segments)], strict=True)]


def shifted(values: Floats, parts: list[slice], rng: np.random.Generator) -> Floats:
    """Return values with each unit shifted in time, around the end of each stretch."""
    shuffled = np.empty_like(values)
    for part in parts:
        own = values[part]
        by = rng.integers(len(own), size=own.shape[1])
        at = (np.arange(len(own))[:, None] - by) % len(own)
        shuffled[part] = np.take_along_axis(own, at, axis=0)
    return shuffled


def independent(values: Floats, rng: np.random.Generator) -> Floats:
    """Return values with those of each unit permuted over points."""
    return rng.permuted(values, axis=0)


def null_of(
    values: Floats,
    shuffle: Callable[[Floats, np.random.Generator], Floats],
    longest: Callable[[Floats], Floats],
    shuffles: int,
    dimensions: int,
    rng: np.random.Generator,
) -> Null:
    """Return the longest bars after shuffles.

    Parameters
    ----------
    values : array of shape (point, unit)
    shuffle : callable
        Returns the values shuffled.
    longest : callable
        Does all that was done with the values, and returns the longest bars `(dimension,)`.
    shuffles : int
    dimensions : int
        The highest.
    rng : Generator
    """
    found = [longest(shuffle(values, rng)) for _ in range(shuffles)]
    return Null(np.array(found).reshape(shuffles, dimensions + 1))
