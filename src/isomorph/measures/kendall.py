"""Kendall's tau: concordant less discordant, over all couples of distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isomorph.measures.concordance import Order, concordance, order_of
from isomorph.measures.pairs import Counts, Floats, pair_weights
from isomorph.measures.stack import Stackable, rdms_of


@dataclass(frozen=True)
class Tau:
    """Kendall's tau-a or tau-b.

    It is not an inner product of vectors as long as an RDM, so each couple of RDMs is a sort, by
    scipy's merge-sort count; prefer rho-a, which orders models alike and costs one GEMM.

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
        from scipy.stats import kendalltau

        first, second = rdms_of(first), rdms_of(second)
        untied_first = np.array([_untied_share(row) for row in first])
        untied_second = np.array([_untied_share(row) for row in second])
        scale = np.sqrt(np.outer(untied_first, untied_second))
        tau_b = np.array(
            [
                [
                    kendalltau(x, y).statistic if known else 0.0
                    for y, known in zip(second, row, strict=True)
                ]
                for x, row in zip(first, scale > 0, strict=True)
            ]
        )
        return tau_b * scale if self.ties_cost else tau_b

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


def _untied_share(values: Floats) -> float:
    """Return the share of couples of values that differ."""
    _, sizes = np.unique(values, return_counts=True)
    couples = len(values) * (len(values) - 1) / 2
    return float(1 - (sizes * (sizes - 1) / 2).sum() / couples)


def _tied(weights: Counts, order: Order) -> Floats:
    """Return the ordered couples of copies that tie: `(resample,)`."""
    by_rank = np.argsort(order.ranks, kind="stable")
    starts = np.flatnonzero(np.diff(order.ranks[by_rank], prepend=-1))
    sizes = np.add.reduceat(weights[:, by_rank], starts, axis=1).astype(float)
    return (sizes**2).sum(axis=1)
