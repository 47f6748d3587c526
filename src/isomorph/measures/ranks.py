"""Rank measures: Spearman's correlation and rho-a, plain and under resampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from isomorph.measures.pairs import Counts, Floats, blocks, pair_weights

BLOCK = 2**25
"""Numbers held at once by the ranks of a block of resamples (256 MiB)."""


@dataclass(frozen=True)
class RankForm:
    """A cosine between centred ranks.

    Attributes
    ----------
    ties_cost : bool
        True for rho-a, the expectation of Spearman's correlation when ties are broken at random
        (Schütt et al. 2023, https://doi.org/10.7554/eLife.82566), so that a model that predicts
        ties gains nothing from them; False for Spearman's correlation.
    """

    ties_cost: bool

    def embed(self, rdms: Floats) -> Floats:
        """Return vectors `(rdm, pair)` whose inner products are the measure.

        An RDM with all distances tied is a zero vector, so it scores 0.
        """
        ranks = rankdata(rdms, axis=1)
        ranks -= (rdms.shape[1] + 1) / 2
        if self.ties_cost:
            size = float(rdms.shape[1])
            return ranks * np.sqrt(12 / (size**3 - size))
        norms = np.linalg.norm(ranks, axis=1, keepdims=True)
        return ranks / np.where(norms > 0, norms, 1.0)

    def resampled(self, first: Floats, second: Floats, counts: Counts) -> Floats:
        """Return the measure in every resample, ranks taken afresh in each.

        Parameters
        ----------
        first : (a, pair)
        second : (b, pair)
        counts : (resample, stimulus)

        Returns
        -------
        (resample, a, b)
            NaN where a resample leaves no two different distances.
        """
        both = np.concatenate([first, second])
        order = np.argsort(both, axis=1, kind="stable")
        groups = [_tie_groups(values[by]) for values, by in zip(both, order, strict=True)]
        rows = BLOCK // both.size
        parts = [
            self._block(counts[part], order, groups, len(first))
            for part in blocks(len(counts), rows)
        ]
        return np.concatenate(parts)

    def _block(
        self,
        counts: Counts,
        order: Counts,
        groups: list[tuple[Counts, Counts] | None],
        n_first: int,
    ) -> Floats:
        weights = pair_weights(counts.astype(float))
        total = weights.sum(axis=1)
        by_pair = np.ascontiguousarray(weights.T)
        ranks = np.empty((len(counts), len(order), order.shape[1]))
        for row, (by, ties) in enumerate(zip(order, groups, strict=True)):
            ranks[:, row, by] = _centred_midranks(by_pair[by], ties, total).T
        weighted = ranks[:, :n_first] * weights[:, None, :]
        cross = weighted @ ranks[:, n_first:].transpose(0, 2, 1)
        if self.ties_cost:
            scale = (total**3 - total)[:, None, None] / 12
        else:
            squares = (ranks**2 @ weights[:, :, None])[:, :, 0]
            norms = np.sqrt(squares)
            scale = norms[:, :n_first, None] * norms[:, None, n_first:]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(scale > 0, cross / scale, np.nan)


def _tie_groups(ordered: Floats) -> tuple[Counts, Counts] | None:
    """Return where each sorted value's group of ties starts and ends, None without ties."""
    new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    if new.all():
        return None
    group = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    ends = np.concatenate([starts[1:], [len(ordered)]])
    return starts[group], ends[group]


def _centred_midranks(weights: Floats, ties: tuple[Counts, Counts] | None, total: Floats) -> Floats:
    """Return weighted midranks of sorted values, less their mean: `(pair, resample)`.

    A value that stands for `w` equal copies after `c` smaller ones has midrank `c + (w + 1) / 2`.

    Parameters
    ----------
    weights : (pair, resample)
        Copies of each sorted value.
    ties : pair of (pair,), optional
        Start and end of each value's group of ties.
    total : (resample,)
        Sum of the weights.
    """
    below = np.zeros((len(weights) + 1, weights.shape[1]), dtype=weights.dtype)
    np.cumsum(weights, axis=0, out=below[1:])
    if ties is None:
        middle = below[:-1] + below[1:]
    else:
        starts, ends = ties
        middle = below[starts] + below[ends]
    # (c + c + w + 1) / 2 - (total + 1) / 2
    middle /= 2
    middle -= total / 2
    return middle
