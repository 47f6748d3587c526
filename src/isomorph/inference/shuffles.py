"""Inner products of representations with the stimuli of one side in many orders, all at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isomorph.inference.shifts import less_course, less_lag
from isomorph.measures import Counts, Floats
from isomorph.measures.pairs import blocks, pair_indices, pair_positions, squareform

SINGLE_FROM = 128
"""Stimuli from which values of pairs, which are dense, are multiplied in single precision."""

ROUNDING = 2e-5
"""Share of the largest inner product that vectors of their length can have within which two values
in single precision may be the same: some kernels of BLAS add one after the other, and err by 5e-6
where all products are positive. Of the deviation that chance has it is a thousandth."""

PAIRS = 2**14
"""Pairs looked at together, so that what is gathered stays in cache until it is multiplied."""

BLOCK = 2**22
"""Numbers gathered at once (16 MiB in single precision)."""

TABLE = 2**28
"""Numbers held at once by what is shuffled (1 GiB in single precision)."""


def compared_in_orders(
    moved: Floats,
    still: Floats,
    orders: Counts,
    observed: Floats,
    lag: NDArray[np.intp] | None = None,
    *,
    centred: bool = False,
) -> Floats:
    """Return inner products, summed over parts, with the stimuli of one side in other orders.

    Values of the same pair stand beside each other for all that is moved, so what is taken from a
    new place is taken for all of it, and multiplied with all that stands still. Where stimuli are
    many this is done in single precision, without the means, which no order changes. What rounding
    then cannot tell from the observed value is made equal to it, so an order that changes
    nothing counts as large. Matrices may have few values that are not 0, all the same, of which
    rounding errors add up, and stay in double precision.

    Parameters
    ----------
    moved : array of shape (a, part, pair) or (a, part, stimulus, stimulus)
    still : array of shape (b, part, pair) or (b, part, stimulus, stimulus)
        Matrices need not be symmetric, and their diagonals are looked at too.
    orders : array of shape (order, stimulus)
    observed : array of shape (a, b)
        The same in the order that stimuli have.
    lag : array of shape (pair,), optional
        Which pairs are as far apart along axes that stimuli follow one another on. What both sides
        share by their means at every distance is left as it is in every order, for it is no more
        than that both change slowly, and orders that break a film would take it for more.
    centred : bool, optional
        Whether vectors are kernels that are centred, in which distance alone stands beside numbers
        of the stimuli (`isomorph.inference.shifts.less_course`).

    Returns
    -------
    array of shape (order, a, b)
    """
    n_stimuli = orders.shape[1]
    if lag is not None:
        by = lag if moved.ndim == 3 else _of_matrices(lag, n_stimuli)
        flat = (side.reshape(*side.shape[:2], -1) for side in (moved, still))
        less = less_course if centred else less_lag
        left, right = (less(side, by) for side in flat)
        rest = np.einsum("akp,bkp->ab", left, right)
        found = compared_in_orders(
            left.reshape(moved.shape), right.reshape(still.shape), orders, rest
        )
        return found + (observed - rest)
    single = n_stimuli >= SINGLE_FROM and moved.ndim == 3
    kind = np.float32 if single else np.float64
    if moved.ndim == 4:
        first, second = (each.ravel() for each in np.indices((n_stimuli, n_stimuli)))
        still = still.reshape(*still.shape[:2], -1)
    else:
        first, second = pair_indices(n_stimuli)
    values = moved.reshape(*moved.shape[:2], -1)
    means, others = (side.mean(axis=2) if single else np.zeros(side.shape[:2])
                     for side in (values, still))  # fmt: skip
    unmoved = values.shape[2] * (means @ others.T)
    found = np.zeros((len(orders), *unmoved.shape))
    n_parts = moved.shape[1]
    for some in blocks(len(moved), TABLE // (n_parts * n_stimuli**2)):
        table = _table(moved[some], means[some], n_stimuli, kind)
        n_moved = table.shape[2]
        rows = max(1, BLOCK // (min(PAIRS, len(first)) * n_moved))
        for pairs in blocks(len(first), PAIRS):
            other = (still[:, :, pairs] - others[:, :, None]).astype(kind)
            for part in blocks(len(orders), rows):
                own = orders[part].T
                place = own[first[pairs]] * n_stimuli
                place += own[second[pairs]]
                for at in range(n_parts):
                    taken = table[at].take(place, axis=0).reshape(len(place), -1)
                    product = taken.T @ other[:, at].T
                    found[part, some] += product.reshape(-1, n_moved, len(still))
    found += unmoved
    if single and len(orders):
        lengths, reach = (
            np.sqrt(np.maximum(_power(side) - side.shape[2] * (mean**2).sum(axis=1), 0.0))
            for side, mean in ((values, means), (still, others))
        )
        alike = np.abs(found - observed) <= ROUNDING * np.multiply.outer(lengths, reach)
        np.copyto(found, observed, where=alike)
    return found


def _of_matrices(lag: NDArray[np.intp], n_stimuli: int) -> NDArray[np.intp]:
    """Return the lags of all places of a matrix, of which the diagonal has one of its own."""
    every = lag[pair_positions(n_stimuli)]
    np.fill_diagonal(every, int(lag.max()) + 1)
    return every.ravel()


def _power(vectors: Floats) -> Floats:
    """Return sums of squares over parts and pairs: `(representation,)`."""
    power: Floats = np.einsum("rkp,rkp->r", vectors, vectors)
    return power


def _table(moved: Floats, means: Floats, n_stimuli: int, kind: type[np.floating]) -> Floats:
    """Return what is moved by places of two stimuli: `(part, stimulus x stimulus, a)`."""
    n_moved, n_parts = moved.shape[:2]
    table = np.empty((n_parts, n_stimuli**2, n_moved), dtype=kind)
    for row in range(n_moved):
        square = moved[row] if moved.ndim == 4 else squareform(moved[row], n_stimuli)
        table[:, :, row] = square.reshape(n_parts, -1) - means[row, :, None]
    return table
