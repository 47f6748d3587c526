"""Rank measures: Spearman's correlation and rho-a, plain and under resampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from isomorph.measures.pairs import Counts, Floats, blocks, pair_weights

BLOCK = 2**22
"""Numbers held at once by the ranks of a block of resamples (32 MiB, so that the rows of one RDM
stay in cache while they are ranked)."""


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

    def compare(self, first: Floats, second: Floats) -> Floats:
        """Return the measure between all RDMs: `(a, pair)` and `(b, pair)` give `(a, b)`."""
        return self.embed(first) @ self.embed(second).T

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
        places = [_places(values) for values in both]
        rows = BLOCK // both.size
        return np.concatenate(
            [self._block(counts[part], places, len(first)) for part in blocks(len(counts), rows)]
        )

    def _block(self, counts: Counts, places: list[Places], n_first: int) -> Floats:
        weights = pair_weights(counts.astype(float))
        total = weights.sum(axis=1)
        ranks = np.empty((len(counts), len(places), weights.shape[1]))
        squares = np.empty(ranks.shape[:2])
        room = np.empty((3, len(counts), weights.shape[1] + 1))
        for row, place in enumerate(places):
            ranks[:, row] = own = _centred_midranks(weights, place, total, room)
            if not self.ties_cost:
                squares[:, row] = np.einsum("rp,rp,rp->r", own, own, weights)
        cross = (ranks[:, :n_first] * weights[:, None, :]) @ ranks[:, n_first:].transpose(0, 2, 1)
        if self.ties_cost:
            scale = (total**3 - total)[:, None, None] / 12
        else:
            scale = np.sqrt(squares[:, :n_first, None] * squares[:, None, n_first:])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(scale > 0, cross / scale, np.nan)


@dataclass(frozen=True)
class Places:
    """Where the distances of one RDM stand in its order, found once for all resamples.

    Attributes
    ----------
    order : (pair,)
        Pairs by rising distance.
    start, end : (pair,)
        For each pair, the positions in that order at which its group of ties begins and ends.
    """

    order: Counts
    start: Counts
    end: Counts


def _places(distances: Floats) -> Places:
    """Return the places of the distances `(pair,)` of one RDM."""
    order = np.argsort(distances, kind="stable")
    ordered = distances[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    ends = np.concatenate([starts[1:], [len(ordered)]])
    group = np.empty(len(order), dtype=np.intp)
    group[order] = np.repeat(np.arange(len(starts)), ends - starts)
    return Places(order, starts[group], ends[group])


def _centred_midranks(weights: Floats, places: Places, total: Floats, room: Floats) -> Floats:
    """Return weighted midranks less their mean: `(resample, pair)`, a view of `room`.

    `w` copies of a distance that come after `c` smaller ones have midrank `c + (w + 1) / 2`; the
    mean of all ranks is `(total + 1) / 2`.

    Parameters
    ----------
    weights : (resample, pair)
        Copies of each pair.
    places : Places
    total : (resample,)
        Sum of the weights.
    room : (3, resample, pair + 1)
        Scratch, so that no memory is asked for anew for each RDM.
    """
    below, sorted_weights, middle = room[0], room[1, :, 1:], room[2, :, 1:]
    # Indices are in range; "clip" only spares numpy a buffered copy.
    weights.take(places.order, axis=1, out=sorted_weights, mode="clip")
    below[:, 0] = 0
    np.cumsum(sorted_weights, axis=1, out=below[:, 1:])
    below.take(places.start, axis=1, out=middle, mode="clip")
    middle += below.take(places.end, axis=1, out=sorted_weights, mode="clip")
    middle -= total[:, None]
    middle /= 2
    return middle
