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

CHUNK = 64
"""Resamples at once, so that what they need stays near the processor."""

SIGNS = 2**22
"""Numbers held at once by the matrices of signs (16 MiB)."""

EXACT = 2**24
"""Below this, float32 holds every whole number."""


@dataclass(frozen=True)
class Order:
    """The order of one RDM's distances, cut into blocks between distances that differ.

    Attributes
    ----------
    ranks : (pair,)
        Dense: equal distances have the same.
    block : (pair,)
        Which block each pair is in; later blocks have larger distances.
    members : (block, member)
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


def concordance(first: Order, second: Order, weights: NDArray, room: Room) -> Floats:
    """Return the sum over ordered couples of pairs, for each resample.

    Parameters
    ----------
    first, second : Order
    weights : (chunk, pair + 1, resample)
        Copies of each pair, the last row 0; from `weights_for`.
    room : Room

    Returns
    -------
    (chunk, resample)
    """
    total = np.zeros((len(weights), weights.shape[2]))
    for own, apart in ((first, None), (second, first.block)):
        width = max(1, own.members.shape[1])
        for part in blocks(len(own.members), SIGNS // width**2):
            members = own.members[part]
            signs = _signs(first.ranks, second.ranks, members, apart).astype(weights.dtype)
            inside = room.take(0, (*members.shape, weights.shape[2]))
            met = room.take(1, inside.shape)
            for chunk, weight in enumerate(weights):
                weight.take(members, axis=0, out=inside, mode="clip")
                np.matmul(signs, inside, out=met)
                met *= inside
                total[chunk] += (room.ones[:width] @ met).sum(axis=0, dtype=float)
    n = len(first.ranks)
    grid = (first.n_blocks, second.n_blocks)
    cell = first.block * grid[1] + second.block
    gather = csr_array(
        (np.ones(n, weights.dtype), (cell, np.arange(n))), shape=(grid[0] * grid[1], n)
    )
    right = np.sign(np.subtract.outer(*2 * [np.arange(grid[1])])).astype(weights.dtype)
    for chunk, weight in enumerate(weights):
        sums = (gather @ weight[:n]).reshape(*grid, -1)
        above = room.take(0, sums.shape)
        above[-1] = 0
        for row in range(grid[0] - 2, -1, -1):
            np.add(above[row + 1], sums[row + 1], out=above[row])
        # Above and to the right of a cell, less above and to the left.
        met = np.matmul(right.T, above, out=room.take(1, sums.shape))
        met *= sums
        total[chunk] += 2 * (room.ones[: grid[1]] @ met).sum(axis=0, dtype=float)
    return total


class Room:
    """Scratch, so that no memory is asked for anew for each couple of RDMs.

    Parameters
    ----------
    dtype : dtype
    """

    def __init__(self, dtype: np.dtype) -> None:
        self._held = [np.empty(0, dtype), np.empty(0, dtype)]
        self.ones = np.ones(0, dtype)

    def take(self, place: int, shape: tuple[int, ...]) -> NDArray:
        """Return an array of a shape, of any content, in one of two places."""
        size = int(np.prod(shape))
        if self._held[place].size < size:
            self._held[place] = np.empty(size, self._held[place].dtype)
        if self.ones.size < max(shape):
            self.ones = np.ones(max(shape), self.ones.dtype)
        return self._held[place][:size].reshape(shape)


def weights_for(weights: Counts, orders: list[Order]) -> NDArray:
    """Return weights `(resample, pair)` as `(chunk, pair + 1, resample)`.

    In float32 where every sum that is formed of them is exact in it, in float64 otherwise; the
    last chunk is filled up with resamples of nothing.

    Parameters
    ----------
    weights : (resample, pair)
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


def _signs(first: Counts, second: Counts, members: Counts, apart: Counts | None) -> NDArray:
    """Return the product of signs for couples in each block: `(block, member, member)`.

    Parameters
    ----------
    first, second : (pair,)
        Ranks.
    members : (block, member)
    apart : (pair,), optional
        Couples that agree in this are left out.
    """
    inside = np.minimum(members, len(first) - 1)  # what fills up has no weight
    products = np.ones((), np.int8)
    for ranks in (first, second):
        of_block = ranks[inside]
        left, right = of_block[:, :, None], of_block[:, None, :]
        products = products * ((left > right).view(np.int8) - (left < right).view(np.int8))
    if apart is not None:
        of_block = apart[inside]
        products *= of_block[:, :, None] != of_block[:, None, :]
    return products
