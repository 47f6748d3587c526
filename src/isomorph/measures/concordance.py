r"""Concordant less discordant couples of distances, under many weights at once.

For two RDMs and weights :math:`w`, the sum over couples of pairs of
:math:`w_p w_q \mathrm{sign}(x_p - x_q) \mathrm{sign}(y_p - y_q)`. Sorting serves one weight at a
time; a matrix of couples serves all, but grows with the fourth power of the stimuli. In between:
cut the order of x, and that of y, into about :math:`\sqrt n` blocks. Couples in one block of x, or
in one of y, are few enough for small matrices. For all others the signs are those of the blocks,
so sums of weights over the grid of blocks are enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from isomorph.measures.pairs import Counts, Floats, blocks

CHUNK = 256
"""Resamples at once, a multiple of `FINE`: enough for a product of matrices to pay."""

FINE = 64
"""Resamples at once in the grid of blocks, so that its sums stay near the processor."""

EXACT = 2**24
"""Below this, float32 holds every whole number."""


@dataclass(frozen=True)
class Order:
    """The order of one RDM's distances, cut into blocks between distances that differ.

    Attributes
    ----------
    ranks : array of shape (pair,)
        Dense: equal distances have the same.
    block : array of shape (pair,)
        Which block each pair is in; later blocks have larger distances.
    members : array of shape (block, member)
        Pairs of every block of unequal distances, filled up with `len(ranks)`.
    """

    ranks: Counts
    block: Counts
    members: Counts

    @cached_property
    def n_blocks(self) -> int:
        """Number of blocks, those of equal distances too."""
        return int(self.block.max()) + 1


def order_of(distances: Floats) -> Order:
    """Return the order of distances `(pair,)`."""
    n = len(distances)
    order = np.argsort(distances, kind="stable")
    ordered = distances[order]
    new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    ranks = np.empty(n, dtype=np.int32)
    ranks[order] = np.cumsum(new) - 1
    edges = np.append(np.flatnonzero(new), n)
    size = int(np.ceil(np.sqrt(n)))
    nearest = edges[np.searchsorted(edges, np.arange(0, n, size), side="right") - 1]
    large = np.flatnonzero(np.diff(edges) > size)
    cuts = np.unique(np.concatenate([nearest, edges[large], edges[large + 1], [n]]))
    sizes = np.diff(cuts)
    block = np.empty(n, dtype=np.intp)
    block[order] = np.repeat(np.arange(len(sizes)), sizes)
    unequal = np.flatnonzero(np.diff(np.searchsorted(edges, cuts)) > 1)
    place = np.arange(sizes[unequal].max(initial=0))
    inside = place < sizes[unequal, None]
    members = np.full(inside.shape, n, dtype=np.intp)
    members[inside] = order[(cuts[unequal, None] + place)[inside]]
    return Order(ranks, block, members)


def concordance(first: list[Order], second: list[Order], weights: Counts) -> Floats:
    """Return the sum over ordered couples of pairs, for all RDMs and resamples.

    Parameters
    ----------
    first, second : list of Order
        `a` and `b` of them.
    weights : array of shape (resample, pair)
        Copies of each pair.

    Returns
    -------
    array of shape (resample, a, b)
    """
    chunks = _chunks(weights, [*first, *second])
    totals = np.zeros((len(first), len(second), len(chunks), chunks.shape[2]))
    for row, order in enumerate(first):
        totals[row] += _within_blocks(order, second, chunks, None)
    for row, order in enumerate(second):
        totals[:, row] += _within_blocks(order, first, chunks, [one.block for one in first])
    for row, order in enumerate(first):
        for column, other in enumerate(second):
            totals[row, column] += _across_blocks(order, other, chunks)
    flat = totals.reshape(len(first), len(second), -1)[:, :, : len(weights)]
    return 2 * flat.transpose(2, 0, 1)


def _within_blocks(
    order: Order, others: list[Order], chunks: NDArray, apart: list[Counts] | None
) -> Floats:
    """Return the sum over couples inside the blocks of an order: `(other, chunk, resample)`.

    All others at once, as one product of their signs with the weights of couples.

    Parameters
    ----------
    order : Order
    others : list of Order
    chunks : array of shape (chunk, pair + 1, resample)
    apart : list of arrays of shape (pair,), optional
        For each other, what must differ between the two of a couple for it to count.
    """
    totals = np.zeros((len(others), len(chunks), chunks.shape[2]))
    left, right = np.triu_indices(order.members.shape[1], 1)
    room = np.empty((2, len(left), chunks.shape[2]), chunks.dtype)
    for members in order.members:
        known = members[right] < len(order.ranks)  # what fills a block up comes last
        low, high = members[left[known]], members[right[known]]
        # Members are in order: the second of a couple is the larger, or ties.
        signs = np.empty((len(others), len(low)), chunks.dtype)
        for row, other in enumerate(others):
            np.sign(other.ranks[high] - other.ranks[low], out=signs[row], casting="unsafe")
            if apart is not None:
                signs[row] *= apart[row][high] != apart[row][low]
        signs *= order.ranks[high] > order.ranks[low]
        couples, partners = room[:, : len(low)]
        for chunk, weight in enumerate(chunks):
            # Indices are in range; "clip" only spares numpy a buffered copy.
            weight.take(low, axis=0, out=couples, mode="clip")
            weight.take(high, axis=0, out=partners, mode="clip")
            couples *= partners
            totals[:, chunk] += signs @ couples
    return totals


def _across_blocks(first: Order, second: Order, chunks: NDArray) -> Floats:
    """Return the sum over couples in different blocks of both: `(chunk, resample)`.

    Parameters
    ----------
    first, second : Order
    chunks : array of shape (chunk, pair + 1, resample)
    """
    n, grid = len(first.ranks), (first.n_blocks, second.n_blocks)
    cell = first.block * grid[1] + second.block
    gather = csr_array(
        (np.ones(n, chunks.dtype), (cell, np.arange(n))), shape=(grid[0] * grid[1], n)
    )
    totals = np.empty((len(chunks), chunks.shape[2]))
    above = np.empty((*grid, min(FINE, chunks.shape[2])), chunks.dtype)
    up_to, ones = np.empty_like(above), np.ones(grid[1], chunks.dtype)
    for chunk, weight in enumerate(chunks):
        for part in blocks(weight.shape[1], FINE):
            sums = (gather @ weight[:n, part]).reshape(above.shape)
            above[-1] = 0
            for row in range(grid[0] - 2, -1, -1):
                np.add(above[row + 1], sums[row + 1], out=above[row])
            # Right of a cell less left of it: the row's sum, less what is up to it, twice, plus it.
            up_to[:, 0] = above[:, 0]
            for column in range(1, grid[1]):
                np.add(up_to[:, column - 1], above[:, column], out=up_to[:, column])
            above += up_to[:, -1:]
            up_to *= 2
            above -= up_to
            above *= sums
            totals[chunk, part] = (ones @ above).sum(axis=0, dtype=float)
    return totals


def _chunks(weights: Counts, orders: list[Order]) -> NDArray:
    """Return weights `(resample, pair)` as `(chunk, pair + 1, resample)`.

    In float32 where every sum that is formed of them is exact in it, in float64 otherwise; the
    last chunk is filled up with resamples of nothing.

    Parameters
    ----------
    weights : array of shape (resample, pair)
    orders : list of Order
        Of all RDMs.
    """
    n_resamples, n_pairs = weights.shape
    widest = max(order.members.shape[1] for order in orders)
    # No block sums to more than the first, no grid of two rows or more to more than the second.
    largest = max(
        (widest * weights.max(initial=0)) ** 2, weights.sum(axis=1).max(initial=0) ** 2 / 4
    )
    exact = largest < EXACT
    n_chunks = -(-n_resamples // CHUNK)
    padded = np.zeros((n_chunks * CHUNK, n_pairs + 1), np.float32 if exact else float)
    padded[:n_resamples, :-1] = weights
    return np.ascontiguousarray(padded.reshape(n_chunks, CHUNK, -1).transpose(0, 2, 1))
