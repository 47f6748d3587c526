"""The nearest neighbours of every stimulus, and who they are once any one stimulus is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from isomorph.measures.jackknifed import FEWEST, Jackknifed
from isomorph.measures.pairs import (
    Counts,
    Floats,
    blocks,
    pair_positions,
    squareform,
    stimulus_count,
)
from isomorph.measures.stack import Stack
from isomorph.measures.tied import rankdata

NEARER, TIED, NEXT, BEYOND = range(4)
"""Where a stimulus stands: nearer than the k-th nearest, as far, the first farther, or beyond."""

TOO_MANY = "it asks for more neighbours than so few stimuli have to choose from"
"""Why there is no value where there are not k other stimuli, or for some not more."""

BLOCK = 2**22
"""Numbers held at once by a temporary array (32 MiB)."""

NONE_GONE = 2
"""In place of the level of the stimulus that is gone. One farther than the k-th changes nothing
either."""


@dataclass(frozen=True)
class Nearest:
    """The k nearest neighbours of every stimulus in several representations.

    Stimuli as far as the k-th nearest share what is left of k evenly, so that the order of the
    stimuli never matters. Without a stimulus among the k, the next ones move up; who they are
    follows from levels and shares alone, without sorting anew.

    Attributes
    ----------
    level : array of shape (representation, stimulus, other)
        `NEARER`, `TIED`, `NEXT` or `BEYOND`; of a stimulus and itself `BEYOND`.
    share : array of shape (representation, stimulus, gone, level)
        How much of a neighbour one of each level is, once one of level `NEARER` or `TIED` is gone
        or, at the end, none. NaN where there are not k others.
    """

    level: NDArray[np.int8]
    share: Floats

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return self.level.shape[1]

    def moved(self, order: Counts) -> Nearest:
        """Return them with the stimuli in another order."""
        return Nearest(self.level[:, order[:, None], order], self.share[:, order])

    def weights(self, rows: slice = slice(None), gone: int = NONE_GONE) -> Floats:
        """Return how much of a neighbour each other one is: `(representation, row, other)`.

        Parameters
        ----------
        rows : slice
            Which stimuli's neighbours.
        gone : int
            The level of a stimulus that is gone; its own weight stands as if it were not.
        """
        found: Floats = np.take_along_axis(
            self.share[:, rows, gone], self.level[:, rows].astype(np.intp), axis=2
        )
        return found

    def gone(self, rows: slice = slice(None)) -> NDArray[np.intp]:
        """Return the place in `share` of each other one's loss: `(representation, row, other)`."""
        return np.minimum(self.level[:, rows], NONE_GONE).astype(np.intp)

    def without(self, stimulus: int, weights: Floats) -> Floats:
        """Return the weights without a stimulus, 0 in its row and column: as `weights`.

        Parameters
        ----------
        stimulus : int
        weights : array of shape (representation, stimulus, other)
            All `weights`; only rows that have the stimulus among their neighbours change.
        """
        found = weights.copy()
        gone = self.level[:, :, stimulus]
        changed = np.nonzero(gone < NONE_GONE)
        share = self.share[*changed, gone[changed]]
        found[changed] = np.take_along_axis(share, self.level[changed].astype(np.intp), axis=1)
        found[:, :, stimulus] = 0
        found[:, stimulus] = 0
        return found


@dataclass(frozen=True)
class OfNeighbours(Jackknifed):
    """A measure of the k nearest neighbours of every stimulus.

    Attributes
    ----------
    k : int
        Neighbours; there is no value with fewer other stimuli than that.
    by_set : bool
        Whether nothing counts but who the neighbours are. Then there is no value either where every
        other stimulus is one, as any two representations agree on that.
    """

    k: int = 10
    by_set: ClassVar[bool] = False
    parameter: ClassVar[str] = "k"
    meaning: ClassVar[str] = "a whole number of neighbours, 1 or more"
    allowed: ClassVar[tuple[float, float]] = (0.0, np.inf)

    def nearest(self, stack: Stack) -> Nearest:
        """Return the k nearest neighbours, NaN in place of shares where they say nothing."""
        found = nearest(stack, self.k)
        spare = stack.n_stimuli - 1 - self.k
        if not self.by_set or spare > 1:
            return found
        share = found.share.copy()
        share[:, :, : NONE_GONE + 1 if spare < 1 else NONE_GONE] = np.nan
        return Nearest(found.level, share)


def nearest(stack: Stack, k: int) -> Nearest:
    """Return the k nearest neighbours of every stimulus, found once per stack.

    NaN in place of shares where an RDM is not finite, or there are not k others.
    """
    return stack.reordered(
        ("nearest", k), lambda one: _nearest(one.rdms, one.n_stimuli, k), Nearest.moved
    )


def ranks(stack: Stack) -> Floats:
    """Return the rank of each other one, ties in their middle: `(representation, n, n)`.

    1 is the nearest; halves of whole numbers, exact in float32. Of a stimulus and itself it is n.
    """
    return stack.reordered(
        "ranks of neighbours",
        lambda one: rankdata(_square(one.rdms, one.n_stimuli), axis=2).astype(np.float32),
        lambda found, order: found[:, order[:, None], order],
    )


def distances_of(rdms: Floats, rows: slice) -> Floats:
    """Return distances to each other one, 0 to itself: `(representation, row, other)`.

    Parameters
    ----------
    rdms : array of shape (representation, pair)
    rows : slice
        Which stimuli, start and stop given.
    """
    found: Floats = rdms[:, pair_positions(stimulus_count(rdms.shape[1]))[rows]]
    own = np.arange(rows.start, rows.stop)
    found[:, own - rows.start, own] = 0
    return found


def rows_of(n: int, times: int) -> Iterator[slice]:
    """Yield slices of stimuli so few that `times` their rows can be held in 18 copies."""
    return blocks(n, BLOCK // (18 * times * n))


def influences(without: Floats) -> Floats:
    """Return influences of values without each stimulus `(a, b, stimulus)`."""
    n = without.shape[-1]
    if n <= FEWEST:
        return np.full_like(without, np.nan)
    added: Floats = -(n - 1) * (without - without.mean(axis=-1, keepdims=True))
    return added


def _square(rdms: Floats, n: int) -> Floats:
    """Return RDMs as matrices in which no stimulus is near itself."""
    square = squareform(rdms, n)
    square[:, np.arange(n), np.arange(n)] = np.inf
    return square


def _nearest(rdms: Floats, n: int, k: int) -> Nearest:
    level = np.full((len(rdms), n, n), BEYOND, dtype=np.int8)
    share = np.full((len(rdms), n, NONE_GONE + 1, BEYOND + 1), np.nan)
    if k < n:
        for part in blocks(len(rdms), BLOCK // n**2):
            level[part] = _levels(_square(rdms[part], n), k)
            share[part] = _shares(level[part], k)
    share[~np.isfinite(rdms).all(axis=1)] = np.nan
    return Nearest(level, share)


def _levels(square: Floats, k: int) -> NDArray[np.int8]:
    """Return where each other one stands: `(representation, n, n)`."""
    edge = np.partition(square, k - 1, axis=2)[:, :, k - 1 : k]
    after = np.where(square > edge, square, np.inf).min(axis=2, keepdims=True)
    level = np.full(square.shape, BEYOND, dtype=np.int8)
    level[square == after] = NEXT
    level[square == edge] = TIED
    level[square < edge] = NEARER
    own = np.arange(square.shape[1])
    level[:, own, own] = BEYOND
    return level


def _shares(level: NDArray[np.int8], k: int) -> Floats:
    """Return how much of a neighbour each level is: `(representation, n, gone, level)`."""
    many = [(level == one).sum(axis=2) for one in (NEARER, TIED, NEXT)]
    share = np.zeros((*level.shape[:2], NONE_GONE + 1, BEYOND + 1))
    share[..., NEARER] = 1
    for gone in range(NONE_GONE + 1):
        left = k - (many[NEARER] - (gone == NEARER))
        tied = many[TIED] - (gone == TIED)
        missing = np.maximum(left - tied, 0)
        share[:, :, gone, TIED] = np.where(missing > 0, 1.0, left / np.maximum(tied, 1))
        # Of the next there may be none: then there are not k others any more.
        found = np.where(many[NEXT] > 0, missing / np.maximum(many[NEXT], 1), np.nan)
        share[:, :, gone, NEXT] = np.where(missing > 0, found, 0.0)
        share[np.isnan(share[:, :, gone, NEXT]), gone] = np.nan
    return share
