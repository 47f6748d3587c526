"""Rank measures: Spearman's correlation and rho-a, plain and under resampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isomorph.measures.first_order import Sides
from isomorph.measures.pairs import (
    Counts,
    Floats,
    blocks,
    pair_indices,
    pair_positions,
    pair_weights,
)
from isomorph.measures.stack import Stackable, rdms_of

BLOCK = 2**22
"""Numbers held at once by the ranks of a block of resamples (32 MiB, so that the rows of one RDM
stay in cache while they are ranked)."""

FEW = 3
"""Where each resample holds at most one in so many of the stimuli, as the scored side of a split
does, their pairs are ranked again; of more, it is quicker to count along the order of all."""


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
        ranks = midranks(rdms)
        ranks -= (rdms.shape[1] + 1) / 2
        if self.ties_cost:
            size = float(rdms.shape[1])
            ranks *= np.sqrt(12 / (size**3 - size))
            return ranks
        norms = np.linalg.norm(ranks, axis=1, keepdims=True)
        ranks /= np.where(norms > 0, norms, 1.0)
        return ranks

    def sides(self, rdms: Floats) -> Sides:
        """Return what the measure is an inner product of: ranks, as if they were values.

        rho-a too varies as Spearman's correlation does, times what ties cost: with its scale held
        fixed, its standard errors would be off by a factor of .75 to 1.86.

        Parameters
        ----------
        rdms : array of shape (rdm, pair)
        """
        vectors = self.embed(np.asarray(rdms, dtype=float))
        if not self.ties_cost:
            return Sides(vectors)
        length = np.linalg.norm(vectors, axis=1)
        vectors /= np.where(length > 0, length, 1.0)[:, None]
        return Sides(vectors, reach=length)

    def compare(self, first: Stackable, second: Stackable) -> Floats:
        """Return the measure between all RDMs: `(a, pair)` and `(b, pair)` give `(a, b)`."""
        return self.embed(rdms_of(first)) @ self.embed(rdms_of(second)).T

    def resampled(self, first: Stackable, second: Stackable, counts: Counts) -> Floats:
        """Return the measure in every resample, ranks taken afresh in each.

        Parameters
        ----------
        first : array of shape (a, pair)
        second : array of shape (b, pair)
        counts : array of shape (resample, stimulus)

        Returns
        -------
        array of shape (resample, a, b)
            NaN where a resample leaves no two different distances.
        """
        first, second = rdms_of(first), rdms_of(second)
        both = np.concatenate([first, second])
        n_kept = max(2, int((counts > 0).sum(axis=1).max(initial=0)))
        if n_kept * FEW <= counts.shape[1]:
            rows = max(1, BLOCK // (len(both) * n_kept**2))
            return np.concatenate(
                [
                    self._few(counts[part], both, len(first), n_kept)
                    for part in blocks(len(counts), rows)
                ]
            )
        places = [_places(values) for values in both]
        rows = min(len(counts), max(1, BLOCK // both.size))
        buffers = RankBuffers(rows, len(both), both.shape[1])
        return np.concatenate(
            [
                self._block(counts[part], places, len(first), buffers)
                for part in blocks(len(counts), rows)
            ]
        )

    def _block(
        self, counts: Counts, places: list[RankPlaces], n_first: int, buffers: RankBuffers
    ) -> Floats:
        # All whole numbers: sums of weights are exact, and quicker than in floating point.
        weights = pair_weights(counts.astype(np.int32))
        untied = (weights.astype(float) ** 3).sum(axis=1)
        ranks = buffers.ranks[:, : len(counts)]
        cubes = np.empty((len(counts), len(places)))
        for row, place in enumerate(places):
            tied = _double_midranks(weights, place, buffers, ranks[row])
            if not self.ties_cost:
                cubes[:, row] = untied if tied is None else (tied.astype(float) ** 3).sum(axis=1)
        return self._cosines(ranks, weights, cubes, n_first)

    def _few(self, counts: Counts, both: Floats, n_first: int, n_kept: int) -> Floats:
        """Rank the pairs of the stimuli that each resample holds and look at no others."""
        kept = np.argsort(counts == 0, axis=1, kind="stable")[:, :n_kept]
        one, other = pair_indices(n_kept)
        own = np.take_along_axis(counts, kept, axis=1)
        weights = own[:, one] * own[:, other]
        position = pair_positions(counts.shape[1])[kept[:, one], kept[:, other]]
        values = both[:, position]  # (rdm, resample, pair)
        order = values.argsort(axis=2)
        ordered = np.take_along_axis(values, order, axis=2)
        copies = np.take_along_axis(np.broadcast_to(weights, values.shape), order, axis=2)
        up_to = copies.cumsum(axis=2)
        rises = ordered[:, :, 1:] > ordered[:, :, :-1]
        edge = np.ones((*values.shape[:2], 1), dtype=bool)
        starts, ends = np.concatenate([edge, rises], axis=2), np.concatenate([rises, edge], axis=2)
        below = np.maximum.accumulate(np.where(starts, up_to - copies, 0), axis=2)
        last = np.where(ends, up_to, up_to[:, :, -1:])[:, :, ::-1]
        above = np.minimum.accumulate(last, axis=2)[:, :, ::-1]
        ranks = np.empty(values.shape)
        np.put_along_axis(ranks, order, (below + above).astype(float), axis=2)
        tied = np.where(ends, above - below, 0).astype(float)
        return self._cosines(ranks, weights, (tied**3).sum(axis=2).T, n_first)

    def _cosines(self, ranks: Floats, weights: Counts, cubes: Floats, n_first: int) -> Floats:
        """Return the measure `(resample, a, b)` from ranks; changes `ranks`.

        Parameters
        ----------
        ranks : array of shape (rdm, resample, pair)
            Twice the midranks, less 1.
        weights : array of shape (resample, pair)
        cubes : array of shape (resample, rdm)
            Sums over ties of the cube of how many tie; not looked at where ties cost.
        n_first : int
        """
        size = weights.sum(axis=1).astype(float)
        ranks[:n_first] *= weights
        cross = ranks[:n_first].transpose(1, 0, 2) @ ranks[n_first:].transpose(1, 2, 0)
        # The mean of twice the midranks, less 1 each, is the total; up to here all is exact.
        cross -= (size**3)[:, None, None]
        cross /= 4
        if self.ties_cost:
            scale = (size**3 - size)[:, None, None] / 12
        else:
            squares = (size[:, None] ** 3 - cubes) / 12
            scale = np.sqrt(squares[:, :n_first, None] * squares[:, None, n_first:])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(scale > 0, cross / scale, np.nan)


class RankBuffers:
    """Scratch, so that no memory is asked for again for each RDM and block of resamples.

    Parameters
    ----------
    n_resamples, n_rdms, n_pairs : int
        Of a block.
    """

    def __init__(self, n_resamples: int, n_rdms: int, n_pairs: int) -> None:
        self.ranks = np.empty((n_rdms, n_resamples, n_pairs))
        self.below = np.zeros((n_resamples, n_pairs + 1), np.int32)
        self.ordered = np.empty((n_resamples, n_pairs), np.int32)
        self.taken = np.empty((n_resamples, n_pairs), np.int32)


@dataclass(frozen=True)
class RankPlaces:
    """Where the distances of one RDM stand in its order, found once for all resamples.

    Attributes
    ----------
    order : array of shape (pair,)
        Pairs by rising distance.
    starts, ends : arrays of shape (group,) or slice
        Positions in that order at which each group of ties begins and ends.
    group : array of shape (pair,)
        Which group each pair is in.
    """

    order: Counts
    starts: Counts | slice
    ends: Counts | slice
    group: Counts


def _places(distances: Floats) -> RankPlaces:
    """Return the places of the distances `(pair,)` of one RDM."""
    order = np.argsort(distances)  # among ties any order does
    ordered = distances[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    ends = np.concatenate([starts[1:], [len(ordered)]])
    group = np.empty(len(order), dtype=np.intp)
    group[order] = np.repeat(np.arange(len(starts)), ends - starts)
    if len(starts) == len(order):
        return RankPlaces(order, slice(0, -1), slice(1, None), group)
    return RankPlaces(order, starts, ends, group)


def midranks(values: Floats) -> Floats:
    """Return ranks from 1 within each row, `(row, value)`; ties share the mean of theirs.

    A row with NaN has no order: all its ranks are NaN. One sort gives the order, and only what
    ties in it is looked at again: among hundreds of thousands of noisy distances some do.
    """
    ranks = np.empty(values.shape)
    plain = np.arange(1.0, values.shape[1] + 1)
    for row, own in zip(ranks, values, strict=True):
        order = np.argsort(own)
        ordered = own.take(order)
        row[order] = _shared(plain, np.flatnonzero(ordered[1:] == ordered[:-1]))
        if np.isnan(ordered[-1:]).any():  # NaN sorts last
            row[:] = np.nan
    return ranks


def _shared(ranks: Floats, tied: Counts) -> Floats:
    """Return rising ranks `(value,)` with those of ties replaced by their mean.

    Parameters
    ----------
    ranks : array of shape (value,)
    tied : array of shape (tie,)
        Places, rising, whose value the next place has too.
    """
    if not len(tied):
        return ranks
    breaks = np.flatnonzero(np.diff(tied) > 1)
    first = tied[np.concatenate([[0], breaks + 1])]
    last = tied[np.concatenate([breaks, [len(tied) - 1]])] + 1
    sizes = last - first + 1
    places = np.repeat(first - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
    shared = ranks.copy()
    shared[places] = np.repeat((ranks[first] + ranks[last]) / 2, sizes)
    return shared


def _double_midranks(
    weights: Counts, places: RankPlaces, buffers: RankBuffers, out: Floats
) -> Counts | None:
    """Write twice the weighted midranks, less 1, for one RDM.

    `w` copies of a distance that come after `c` smaller ones have midrank `c + (w + 1) / 2`.

    Parameters
    ----------
    weights : array of shape (resample, pair)
        Copies of each pair.
    places : RankPlaces
    buffers : RankBuffers
    out : array of shape (resample, pair)

    Returns
    -------
    array of shape (resample, group) or None
        How many copies each group of ties holds; None where no two distances tie.
    """
    n_resamples = len(weights)
    below, ordered = buffers.below[:n_resamples], buffers.ordered[:n_resamples]
    # Indices are in range; "clip" only spares numpy a buffered copy.
    weights.take(places.order, axis=1, out=ordered, mode="clip")
    np.cumsum(ordered, axis=1, dtype=np.int32, out=below[:, 1:])
    if isinstance(places.starts, slice):
        tied = None
        middle = np.add(below[:, 1:], below[:, :-1], out=ordered)
        out[:] = middle.take(places.group, axis=1, out=buffers.taken[:n_resamples], mode="clip")
    else:
        start, end = below[:, places.starts], below[:, places.ends]
        tied, middle = end - start, end + start
        out[:] = middle.take(places.group, axis=1, mode="clip")
    return tied
