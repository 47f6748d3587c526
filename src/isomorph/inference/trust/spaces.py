"""Spaces in which RDMs are brought for many measures at once: of linear measures, ranks, one's own.

From `FINE` stimuli on pairs are in float32, and ranks are read off the cumulative counts of
`LEVELS` levels, which correlates with them to 1e-8. Both err by less than `winners.TIE`.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np

from isomorph.inference.shifts import by_lag, less_lag
from isomorph.inference.ties import Indices
from isomorph.measures import Counts, Floats, Measure
from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import (
    blocks,
    pair_indices,
    pair_positions,
    pair_sums,
    stimulus_count,
)
from isomorph.measures.ranks import RankForm, midranks
from isomorph.simulation.gaussian import FINE

LEVELS = 2**16
"""Of distances, of which ranks are read off where stimuli are many."""

POOR = 1e-4
"""Share of a sum of squares below which too little is left of it for what is found in float32."""

ROUNDING, SINGLE = 1e-24, 1e-12
"""Share of a sum of squares below which what is left is rounding error, in float64 and float32."""

UNTIED = 1e-6
"""Share of the squared length of ranks that those of `LEVELS` levels may lack; where more is, there
are ties, or a few distances are so large that levels are too wide."""

CHUNK = 2**13
"""Numbers of float32 that are summed without loss of digits that count."""

BLOCK = 2**24
"""Numbers held at once by what is shuffled (64 MiB), or looked at together."""


@dataclass(frozen=True)
class Rows:
    """RDMs in one space.

    Attributes
    ----------
    vectors : array of shape (row, pair)
    sums : array of shape (row, stimulus)
        Over the pairs of a stimulus, in a space of linear measures.
    mean : array of shape (row,)
        What was taken off, likewise.
    power : array of shape (row,)
        Squared lengths of the vectors.
    reach : array of shape (row,)
        What inner products are multiplied by where ties cost, in a space of ranks.
    """

    vectors: Floats
    sums: Floats
    mean: Floats
    power: Floats
    reach: Floats

    def __len__(self) -> int:
        return len(self.vectors)

    def some(self, places: Indices | slice) -> Rows:
        """Return some of the rows."""
        return Rows(
            self.vectors[places], self.sums[places], self.mean[places], self.power[places],
            self.reach[places],
        )  # fmt: skip

    def moved(self, orders: Counts, lag: Indices | None = None) -> Rows:
        """Return every row with its stimuli in the order `(row, stimulus)` that belongs to it.

        Parameters
        ----------
        orders : array of shape (row, stimulus)
        lag : array of shape (pair,), optional
            See `isomorph.inference.shuffles.compared_in_orders`; lengths are left as they are.
        """
        sums = self.sums
        if lag is not None:
            turned = less_lag(moved(less_lag(self.vectors, lag), orders), lag)
            vectors = (by_lag(self.vectors, lag) + turned).astype(self.vectors.dtype)
            if sums.shape[1]:
                sums = pair_sums(vectors)
                sums = sums - sums.mean(axis=1, keepdims=True)
            return replace(self, vectors=vectors, sums=sums)
        if sums.shape[1]:
            sums = np.take_along_axis(sums, orders, axis=1)
        return replace(self, vectors=moved(self.vectors, orders), sums=sums)


def moved(rdms: Floats, orders: Counts) -> Floats:
    """Return RDMs `(row, pair)`, each with its stimuli in an order of its own `(row, stimulus)`."""
    n_stimuli = orders.shape[1]
    first, second = pair_indices(n_stimuli)
    pairs, position = first * n_stimuli + second, pair_positions(n_stimuli)
    found = np.empty_like(rdms)
    for row, order in enumerate(orders):
        # By whole rows and then within them, which stay in cache.
        square = rdms[row].take(position)[order]
        found[row] = square.take(order, axis=1).ravel().take(pairs)
    return found


class Space:
    """A space in which some measures are cosines.

    Attributes
    ----------
    key : hashable
        What a measure's space is known by.
    """

    def rows(self, rdms: Floats) -> Rows:
        """Return RDMs `(row, pair)` in the space."""
        raise NotImplementedError

    def inner(self, measure: Measure, products: Floats, first: Rows, second: Rows) -> Floats:
        """Return a measure `(a, b)`, given the products of all vectors `(a, b)`."""
        raise NotImplementedError

    def mean(self, measure: Measure, rows: Rows) -> Floats:
        """Return the mean over pairs of the vectors whose inner products a measure is: `(row,)`."""
        raise NotImplementedError

    def shape(self, measure: Measure) -> Hashable:
        """Return what measures share whose vectors differ in mean and length alone."""
        raise NotImplementedError


def _kind(rdms: Floats) -> type[np.floating]:
    return np.float64 if stimulus_count(rdms.shape[1]) <= FINE else np.float32


def _nothing(rdms: Floats) -> Floats:
    return np.zeros((len(rdms), 0))


class Linear(Space):
    """RDMs less their mean: the space of all measures that are cosines of them."""

    def rows(self, rdms: Floats) -> Rows:
        kind = _kind(rdms)
        vectors = np.empty(rdms.shape, dtype=kind)
        mean = np.empty(len(rdms))
        sums = np.empty((len(rdms), stimulus_count(rdms.shape[1])))
        for part in blocks(len(rdms), BLOCK // rdms.shape[1]):
            own = rdms[part]
            mean[part] = own.mean(axis=1, dtype=float)
            vectors[part] = own - mean[part, None].astype(own.dtype)
            sums[part] = pair_sums(vectors[part])
        sums -= sums.mean(axis=1, keepdims=True)
        return Rows(vectors, sums, mean, _power(vectors), np.ones(len(rdms)))

    def inner(self, measure: Measure, products: Floats, first: Rows, second: Rows) -> Floats:
        form, n = _linear(measure), first.sums.shape[1]
        found = products.astype(float)
        found -= _lost(form, n) * (first.sums @ second.sums.T)
        found += _kept(form, n) * np.multiply.outer(first.mean, second.mean)
        scale = [_over(self.lengths(measure, side)) for side in (first, second)]
        found *= scale[0][:, None]
        found *= scale[1]
        return found

    def lengths(self, measure: Measure, rows: Rows) -> Floats:
        """Return the lengths of what a measure sees, 0 where that is rounding error."""
        return np.sqrt(self._squares(measure, rows))

    def _squares(self, measure: Measure, rows: Rows) -> Floats:
        form, n = _linear(measure), rows.sums.shape[1]
        whole = rows.power + rows.vectors.shape[1] * rows.mean**2
        squares = rows.power - _lost(form, n) * np.square(rows.sums).sum(axis=1)
        squares += _kept(form, n) * rows.mean**2
        least = ROUNDING if rows.vectors.dtype == np.float64 else SINGLE
        return np.where(squares > least * whole, squares, 0.0)

    def poor(self, measure: Measure, rows: Rows) -> bool:
        """Tell whether so little is left of a row that it must be looked at more carefully."""
        squares = self._squares(measure, rows)
        whole = rows.power + rows.vectors.shape[1] * rows.mean**2
        least = ROUNDING if rows.vectors.dtype == np.float64 else SINGLE
        return bool(np.any((squares < POOR * rows.power) & (rows.power > least * whole)))

    def mean(self, measure: Measure, rows: Rows) -> Floats:
        _, of_mean = _linear(measure).kept(rows.sums.shape[1])
        return rows.mean * of_mean * _over(self.lengths(measure, rows))

    def shape(self, measure: Measure) -> Hashable:
        return "linear", _linear(measure).ridge


def _power(vectors: Floats) -> Floats:
    """Return squared lengths `(row,)`, from sums of few in float32."""
    found = np.zeros(len(vectors))
    for part in blocks(vectors.shape[1], CHUNK):
        found += np.einsum("rp,rp->r", vectors[:, part], vectors[:, part])
    return found


def _over(lengths: Floats) -> Floats:
    return np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)


def _linear(measure: Measure) -> LinearForm:
    assert isinstance(measure.form, LinearForm)
    return measure.form


def _lost(form: LinearForm, n: int) -> float:
    """Return what an inner product loses per product of sums, as the additive part is shrunk."""
    return (1 - form.kept(n)[0] ** 2) / (n - 2)


def _kept(form: LinearForm, n: int) -> float:
    """Return what an inner product has per product of means."""
    return form.kept(n)[1] ** 2 * n * (n - 1) / 2


class Ranks(Space):
    """Centred ranks of unit length."""

    def rows(self, rdms: Floats) -> Rows:
        kind, size = _kind(rdms), float(rdms.shape[1])
        vectors = np.empty(rdms.shape, dtype=kind)
        power = np.empty(len(rdms))
        longest = (size**3 - size) / 12
        for part in blocks(len(rdms), BLOCK // (8 * rdms.shape[1])):
            if kind == np.float32:
                ranks = _counted_ranks(rdms[part])
                power[part] = _power(ranks)
                tied = np.flatnonzero(power[part] < (1 - UNTIED) * longest)
                ranks[tied] = midranks(rdms[part][tied]) - (size + 1) / 2
                power[part.start + tied] = _power(ranks[tied])
            else:
                ranks = midranks(rdms[part]) - (size + 1) / 2
                power[part] = _power(ranks)
            vectors[part] = ranks * _over(np.sqrt(power[part]))[:, None].astype(kind)
        # Levels hold several distances each, which are no ties.
        reach = np.sqrt(np.where(power < (1 - UNTIED) * longest, power / longest, 1.0))
        return Rows(vectors, _nothing(rdms), np.zeros(len(rdms)), (reach > 0).astype(float), reach)

    def inner(self, measure: Measure, products: Floats, first: Rows, second: Rows) -> Floats:
        found = products.astype(float)
        if measure.form == RankForm(ties_cost=True):
            found *= np.multiply.outer(first.reach, second.reach)
        return found

    def mean(self, measure: Measure, rows: Rows) -> Floats:
        return np.zeros(len(rows))

    def shape(self, measure: Measure) -> Hashable:
        return "ranks"


def _counted_ranks(rdms: Floats) -> Floats:
    """Return centred ranks `(row, pair)` from how many distances are on lower levels."""
    ranks = np.empty(rdms.shape, dtype=np.float32)
    for row, values in enumerate(rdms):
        low, high = values.min(), values.max()
        step = (LEVELS - 1) / (float(high - low) or 1.0)
        level = ((values - low) * values.dtype.type(step)).astype(np.int32)
        count = np.bincount(level, minlength=LEVELS)
        middle = np.cumsum(count) - (count + len(values)) / 2
        middle.astype(np.float32).take(level, out=ranks[row], mode="clip")
    return ranks


class Embedded(Space):
    """The vectors of one measure alone."""

    def __init__(self, measure: Measure) -> None:
        assert measure.embed is not None, "only such measures have a space"
        self.embed, self.name = measure.embed, measure.name

    def rows(self, rdms: Floats) -> Rows:
        kind = _kind(rdms)
        parts = blocks(len(rdms), BLOCK // (4 * rdms.shape[1]))
        vectors = np.concatenate([self.embed(rdms[part]).astype(kind) for part in parts])
        ones = np.ones(len(rdms))
        mean = vectors.mean(axis=1, dtype=float)
        return Rows(vectors, _nothing(rdms), mean, _power(vectors), ones)

    def inner(self, measure: Measure, products: Floats, first: Rows, second: Rows) -> Floats:
        return products.astype(float)

    def mean(self, measure: Measure, rows: Rows) -> Floats:
        return rows.mean

    def shape(self, measure: Measure) -> Hashable:
        return self.name
