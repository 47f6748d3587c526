"""Rank correlations of RDMs whose distances are never sorted: their bins are ranked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from isomorph.measures.large.tiles import TILE, Representation, tiles
from isomorph.measures.linear import ROUNDING
from isomorph.measures.pairs import Counts, Floats

BINS = 2**16
"""Equal steps between the smallest and the largest distance. Distances in one bin count as tied,
which moves a correlation by some 1e-8."""


def rank_correlation(
    first: Representation, second: Representation, ties_cost: bool = False, size: int = TILE
) -> float:
    """Return Spearman's correlation of two RDMs, or rho-a.

    Every pair is looked at three times: for the range, for the number in each bin, and for the
    product of the midranks of its two bins.

    Parameters
    ----------
    first, second : Representation
    ties_cost : bool
        True for rho-a.
    size : int
        Stimuli on a side of a tile.

    Returns
    -------
    float
        NaN where all distances of one are the same.
    """
    ranges = np.array([[np.inf, -np.inf]] * 2)
    for above, both in _pairs_of(first, second, size):
        for place, distances in enumerate(both):
            held = distances[above] if above is not None else distances
            if held.size:
                ranges[place] = (
                    min(ranges[place, 0], held.min()),
                    max(ranges[place, 1], held.max()),
                )
    counts = np.zeros((2, BINS), dtype=np.int64)
    for above, both in _pairs_of(first, second, size):
        for place, distances in enumerate(both):
            counts[place] += np.bincount(_bins(distances, above, ranges[place]), minlength=BINS)
    ranks = [_midranks(row) for row in counts]
    cross = 0.0
    for above, both in _pairs_of(first, second, size):
        x, y = (
            rank.take(_bins(distances, above, span))
            for rank, distances, span in zip(ranks, both, ranges, strict=True)
        )
        cross += float(x @ y)
    n_pairs = float(counts[0].sum())
    if ties_cost:
        return 12 * cross / (n_pairs**3 - n_pairs)
    squares = [float((row * rank**2).sum()) for row, rank in zip(counts, ranks, strict=True)]
    scale = float(np.sqrt(squares[0] * squares[1]))
    return cross / scale if scale > 0 else float("nan")


def _pairs_of(
    first: Representation, second: Representation, size: int
) -> Iterator[tuple[NDArray[np.bool_] | None, tuple[Floats, Floats]]]:
    """Yield which entries of a tile are pairs (None for all) and both distances."""
    for rows, columns, d, e in tiles(first, second, size):
        above = None
        if rows.start == columns.start:
            above = np.triu(np.ones(d.shape, dtype=bool), 1)
        yield above, (d, e)


def _bins(distances: Floats, above: NDArray[np.bool_] | None, span: Floats) -> Counts:
    """Return the bin of every pair of a tile: `(pair,)`."""
    held = distances.ravel() if above is None else distances[above]
    width = span[1] - span[0]
    if width <= ROUNDING * abs(span[1]):
        return np.zeros(held.shape, dtype=np.int32)
    scaled = held - held.dtype.type(span[0])
    scaled *= held.dtype.type((BINS - 1) / width)
    scaled += held.dtype.type(0.5)  # equal up to rounding, so in one bin, at both ends too
    return scaled.astype(np.int32)


def _midranks(counts: Counts) -> Floats:
    """Return the midrank of each bin, less the mean of all ranks: `(bin,)`."""
    up_to = np.cumsum(counts)
    midranks: Floats = up_to - counts / 2 - up_to[-1] / 2
    return midranks
