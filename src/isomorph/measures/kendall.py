"""Kendall's tau: concordant less discordant, over all couples of distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.measures.concordance import Order, concordance, order_of
from isomorph.measures.inversions import inversions
from isomorph.measures.pairs import Counts, Floats, pair_weights
from isomorph.measures.stack import Stackable, rdms_of


@dataclass(frozen=True)
class Tau:
    """Kendall's tau-a or tau-b.

    It is not an inner product of vectors as long as an RDM, so the inversions of each couple of
    RDMs are counted; prefer rho-a, which orders models alike and costs one GEMM.

    Attributes
    ----------
    ties_cost : bool
        True for tau-a, which divides by all couples, so that a model that predicts ties cannot
        reach 1 (Nili et al. 2014, https://doi.org/10.1371/journal.pcbi.1003553); False for
        tau-b, which divides by the couples that differ.
    """

    ties_cost: bool

    def compare(self, first: Stackable, second: Stackable) -> Floats:
        """Return tau between all RDMs: `(a, pair)` and `(b, pair)` give `(a, b)`.

        0 for an RDM with all distances tied.
        """
        rows = [_Ranked.of(row) for row in rdms_of(first)]
        columns = [_Ranked.of(row) for row in rdms_of(second)]
        found = np.array([[_concordant(x, y) for y in columns] for x in rows], dtype=float)
        untied = [np.array([one.untied for one in side], dtype=float) for side in (rows, columns)]
        couples = float(rows[0].couples) if rows else 0.0
        scale = np.full(found.shape, couples) if self.ties_cost else np.sqrt(np.outer(*untied))
        return np.divide(found, scale, out=np.zeros(found.shape), where=scale != 0)

    def resampled(self, first: Stackable, second: Stackable, counts: Counts) -> Floats:
        """Return tau in every resample: `(resample, a, b)`.

        NaN below two pairs, and for tau-b where a resample leaves no two different distances.
        """
        first, second = rdms_of(first), rdms_of(second)
        weights = pair_weights(counts.astype(np.int64))
        orders = [order_of(row) for row in (*first, *second)]
        sums = concordance(orders[: len(first)], orders[len(first) :], weights)
        total = weights.sum(axis=1).astype(float)
        if self.ties_cost:
            scale = (total**2 - total)[:, None, None]
        else:
            untied = np.stack([total**2 - _tied(weights, order) for order in orders], axis=1)
            scale = np.sqrt(untied[:, : len(first), None] * untied[:, None, len(first) :])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(scale > 0, sums / scale, np.nan)


@dataclass(frozen=True)
class _Ranked:
    """One RDM's distances, sorted once for all that it is compared with.

    Attributes
    ----------
    order : array of shape (pair,)
        Pairs by rising distance.
    dense : array of shape (pair,)
        Ranks from 0, of which equal distances share one.
    couples, untied : int or float
        How many couples of distances there are, and how many of them differ; NaN with a distance
        that is.
    """

    order: Counts
    dense: Counts
    couples: int
    untied: float

    @classmethod
    def of(cls, distances: Floats) -> _Ranked:
        """Return the ranks of distances `(pair,)`."""
        size = len(distances)
        order = np.argsort(distances)
        ordered = distances[order]
        rises = ordered[1:] != ordered[:-1]
        dense = np.zeros(size, dtype=np.int64)
        dense[order[1:]] = np.cumsum(rises)
        couples = size * (size - 1) // 2
        if np.isnan(ordered[-1:]).any():
            return cls(order, dense, couples, np.nan)
        return cls(order, dense, couples, couples - _equal(rises))

    @property
    def tied(self) -> bool:
        """Whether some distances are equal."""
        return self.untied < self.couples


def _concordant(x: _Ranked, y: _Ranked) -> float:
    """Return concordant less discordant couples of two RDMs."""
    if np.isnan(x.untied) or np.isnan(y.untied):
        return np.nan
    size, order, both = len(x.dense), x.order, 0
    if x.tied:  # what ties in x stands by rising y, so that it is not inverted
        keys = x.dense * size + y.dense
        order = np.argsort(keys)
        both = _equal(np.diff(keys[order]) > 0)
    ranks = y.dense[order]
    if y.tied:  # and what ties in y as it comes
        by_rank = np.argsort(ranks * size + np.arange(size))
        ranks[by_rank] = np.arange(size)
    # Of all couples those equal in x, in y or in both are neither.
    return x.untied + y.untied - x.couples + both - 2 * inversions(ranks)


def _equal(rises: NDArray[np.bool_]) -> int:
    """Return how many couples are equal, of values in order that rise or not: `(step,)`."""
    runs = np.diff(np.flatnonzero(np.concatenate([[True], rises, [True]])))
    return int((runs * (runs - 1) // 2).sum())


def _tied(weights: Counts, order: Order) -> Floats:
    """Return the ordered couples of copies that tie: `(resample,)`."""
    by_rank = np.argsort(order.ranks, kind="stable")
    starts = np.flatnonzero(np.diff(order.ranks[by_rank], prepend=-1))
    sizes = np.add.reduceat(weights[:, by_rank], starts, axis=1).astype(float)
    return (sizes**2).sum(axis=1)
