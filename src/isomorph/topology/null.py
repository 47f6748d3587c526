"""Null: what bars become when units do not know of one another.

Each unit is shifted in time against the others, by an amount of its own and around the end, so that
it keeps its rates and how smoothly they change; then everything is done again. A bar counts when
both its length, death less birth, and its ratio, death over birth, are more than those of the
shuffles. Length alone finds a ring in every curve that bends until its ends are about as near one
another as anything else is, such as the code of a line; a ratio alone finds one among the nearest
of points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from isomorph.topology.persistence import Persistence, lengths, ratios
from isomorph.topology.points import Floats, Whole

LEVEL = 0.05
"""Corrected p up to which a bar counts."""

SHORTEST = 1000
"""Points a stretch has that is shifted by itself; shorter ones are joined with those after."""


@dataclass(frozen=True)
class Null:
    """The longest bar of each dimension after each shuffle, and the largest ratio.

    Attributes
    ----------
    longest, widest : arrays of shape (shuffle, dimension)
        Death less birth, and death over birth. The ratio of dimension 0 says nothing.
    """

    longest: Floats
    widest: Floats

    @property
    def maximum(self) -> Floats:
        """The longest bar of all shuffles, by dimension; NaN without shuffles."""
        return self.longest.max(axis=0) if len(self.longest) else self.longest.sum(axis=0) * np.nan

    def p(self, bars: Floats, dimension: int) -> Floats:
        """Return p of bars against the most of their dimension: `(bar,)`.

        The chance that with independent units any bar of the dimension is both so long and so
        wide, or less than that: the larger p of the two. NaN of the bar that never dies.

        Parameters
        ----------
        bars : array of shape (bar, 2)
        dimension : int
        """
        if not len(self.longest):
            return np.full(len(bars), np.nan)
        p = _share(self.longest[:, dimension], lengths(bars))
        if dimension:
            p = np.maximum(p, _share(self.widest[:, dimension], ratios(bars)))
        return np.where(np.isfinite(bars[:, 1]), p, np.nan)

    def corrected(self, p: Floats, observed: Floats) -> Floats:
        """Return p corrected over dimensions: the chance that any of them has a p so small.

        By the smallest p of each shuffle among its dimensions (Westfall and Young 1993).

        Parameters
        ----------
        p : array of shape (bar,)
        observed : array of shape (dimension,)
            The longest bars as they were found.
        """
        if not len(self.longest):
            return np.full(len(p), np.nan)
        every = np.vstack([self.longest, observed])
        of_each = [_at_least(every[:, at], self.longest[:, at]) for at in range(every.shape[1])]
        smallest = np.min(of_each, axis=0) / len(every)
        corrected = (1 + (smallest <= p[:, None] * (1 + 1e-12)).sum(axis=1)) / len(every)
        return np.where(np.isnan(p), np.nan, corrected)


def _at_least(values: Floats, bounds: Floats) -> Whole:
    """Return how many values are not below each bound: `(bound,)`."""
    return len(values) - np.searchsorted(np.sort(values), bounds, side="left")


def _share(values: Floats, bounds: Floats) -> Floats:
    return (1 + _at_least(values, bounds)) / (1 + len(values))


def fewest_shuffles(dimensions: int) -> int:
    """Return shuffles with fewer than which no corrected p is sure to reach the level."""
    return round((dimensions + 1) / LEVEL) - 1


def stretches(segments: Whole, shortest: int = SHORTEST) -> list[slice]:
    """Return stretches of points that are shifted by themselves.

    Consecutive segments are joined until they are long enough: in a short one activity is nearly
    constant, and shifting it would leave units as they are to one another.

    Parameters
    ----------
    segments : array of int of shape (point,)
        The number of the contiguous stretch that each point belongs to.
    shortest : int
        Points.
    """
    starts = [0]
    for edge in (np.flatnonzero(np.diff(segments)) + 1).tolist():
        if edge - starts[-1] >= shortest and len(segments) - edge >= shortest:
            starts.append(edge)
    return [slice(*pair) for pair in zip(starts, [*starts[1:], len(segments)], strict=True)]


def shifted(values: Floats, parts: Iterable[slice], rng: np.random.Generator) -> Floats:
    """Return values with each unit shifted in time, around the end of each stretch.

    Parameters
    ----------
    values : array of shape (point, unit)
    parts : iterable of slice
    rng : Generator
    """
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


def null_of(bars: Callable[[], Persistence], shuffles: int, dimensions: int) -> Null:
    """Return the longest and widest bars after shuffles.

    Parameters
    ----------
    bars : callable
        Shuffles, does all that was done with what is not shuffled, and returns the bars.
    shuffles : int
    dimensions : int
        The highest.
    """
    longest = np.empty((shuffles, dimensions + 1))
    widest = np.empty_like(longest)
    for at in range(shuffles):
        found = bars()
        longest[at], widest[at] = found.longest(), found.widest()
    return Null(longest, widest)
