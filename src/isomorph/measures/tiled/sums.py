"""What has to be known of all pairs before any can be compared: their sums, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.measures.pairs import Counts, Floats
from isomorph.measures.tiled.roots import Representation, clear_diagonal
from isomorph.measures.tiled.values import Tile, Values, rows_for, tiles

BINS = 2**16
"""Equal steps between the smallest and the largest value. Values in one bin count as tied, which
moves a correlation by some 1e-8."""

TIED = 16
"""Where no more than one bin in so many is filled, and there are as many times more pairs, values
are a few levels, and bins that touch hold one that rounding has spread."""

LOST = 32
"""Units of the last place within which values are the same."""


@dataclass
class Sums:
    """Of the values of all pairs.

    Attributes
    ----------
    by_stimulus : array of shape (stimulus,)
        Over the pairs of each.
    squares : float
        Sum over pairs of squares, their mean taken off.
    low, high : float
        The smallest and the largest.
    same : float
        By how much equal values may differ.
    """

    by_stimulus: Floats
    squares: float
    low: float
    high: float
    same: float

    @property
    def n_pairs(self) -> float:
        """Number of pairs."""
        n = len(self.by_stimulus)
        return n * (n - 1) / 2

    @property
    def mean(self) -> float:
        """Over pairs."""
        return float(self.by_stimulus.sum() / (2 * self.n_pairs))


def sums_of(
    representations: Sequence[Representation], values: Sequence[Values]
) -> dict[Values, Sums]:
    """Return the sums of values, in one pass over the distances."""
    n = len(representations[0])
    found = {one: Sums(np.empty(n), 0.0, np.inf, -np.inf, 0.0) for one in dict.fromkeys(values)}
    about: dict[Values, float] = {}
    for tile in tiles(representations, rows_for(n, len(representations) + 1)):
        for one, sums in found.items():
            rows = one.rows(tile).copy()
            sums.by_stimulus[tile.some] = rows.sum(axis=1, dtype=float)
            # Squares about a value near the mean lose no digits.
            about.setdefault(one, float(sums.by_stimulus[tile.some].mean() / (n - 1)))
            clear_diagonal(rows, tile.some, np.inf)
            sums.low = min(sums.low, float(rows.min()))
            clear_diagonal(rows, tile.some, -np.inf)
            sums.high = max(sums.high, float(rows.max()))
            clear_diagonal(rows, tile.some, about[one])
            rows -= rows.dtype.type(about[one])
            sums.squares += float(np.einsum("ij,ij->i", rows, rows).sum(dtype=float)) / 2
            sums.same = LOST * float(np.finfo(rows.dtype).eps)
    for one, sums in found.items():
        off = sums.mean - float(np.float32(about[one]))
        sums.squares = max(sums.squares - sums.n_pairs * off**2, 0.0)
        sums.same *= max(abs(sums.low), abs(sums.high))
    return found


@dataclass(frozen=True, eq=False)
class Order:
    """The order of the values of all pairs, to the nearest of `BINS` steps.

    Attributes
    ----------
    low, step : float
    midranks : array of shape (bin,)
        Less the mean of all ranks.
    length : float
        Of the vector of all midranks.
    n_pairs : float
    """

    low: float
    step: float
    midranks: Floats
    length: float
    n_pairs: float

    def ranks(self, rows: Floats, some: slice, out: Floats | None = None) -> Floats:
        """Return the midranks of rows `(some, stimulus)` over their length, 0 on the diagonal."""
        scale = 1 / self.length if self.length > 0 else 0.0
        table = (self.midranks * scale).astype(np.float32)
        found = table.take(bins(rows, self.low, self.step), mode="clip", out=out)
        clear_diagonal(found, some)
        return found


def bins(rows: Floats, low: float, step: float) -> NDArray[np.intp]:
    """Return the bin of every value."""
    # Equal up to rounding, so in one bin, at both ends too.
    scaled = rows * rows.dtype.type(1 / step)
    scaled += rows.dtype.type(0.5 - low / step)
    return scaled.astype(np.intp)


def orders_of(
    representations: Sequence[Representation], sums: Mapping[Values, Sums]
) -> dict[Values, Order]:
    """Return the order of values whose ranges are known, in one pass over the distances."""
    counts = {one: np.zeros(BINS, dtype=np.int64) for one in sums}
    spans = {one: _span(own) for one, own in sums.items()}
    n = len(representations[0])
    for tile in tiles(representations, rows_for(n, len(representations) + 1)) if sums else ():
        for one, count in counts.items():
            for held in _pairs(one.rows(tile), tile):
                count[:] += np.bincount(bins(held, *spans[one]).clip(0, BINS - 1), minlength=BINS)
    return {one: _order(own, *spans[one]) for one, own in counts.items()}


def _span(sums: Sums) -> tuple[float, float]:
    """Return where bins begin, and how wide they are."""
    width = sums.high - sums.low
    return (sums.low, width / (BINS - 1)) if width > sums.same else (sums.low, np.inf)


def _pairs(rows: Floats, tile: Tile) -> Iterable[Floats]:
    """Yield the values above the diagonal."""
    some = tile.some
    yield rows[:, some.stop :].ravel()
    yield rows[:, some][np.triu_indices(some.stop - some.start, 1)]


def _order(counts: Counts, low: float, step: float) -> Order:
    filled = counts > 0
    n_pairs = counts.sum()
    midranks = np.cumsum(counts) - counts / 2 - n_pairs / 2
    if filled.sum() * TIED < min(BINS, n_pairs):
        # Bins that touch are one level, as are those beside, where rounding may put a value.
        near = filled | np.roll(filled, 1) | np.roll(filled, -1)
        level = np.cumsum(near & ~np.roll(near, 1)) * near
        own = np.bincount(level, weights=counts * near)
        midranks = np.where(near, (np.cumsum(own) - own / 2 - n_pairs / 2)[level], midranks)
    length = float(np.sqrt((counts * midranks**2).sum()))
    return Order(low, step, midranks, length, float(n_pairs))
