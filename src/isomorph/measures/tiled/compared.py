"""Regions against layers without their RDMs: values, how they vary with stimuli, and by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.measures._measure import Measure
from isomorph.measures.dependence import RootForm
from isomorph.measures.first_order import FirstOrder, Signs
from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import Floats
from isomorph.measures.ranks import RankForm
from isomorph.measures.tiled.graphs import GraphSums, graph_sums
from isomorph.measures.tiled.roots import Representation
from isomorph.measures.tiled.seen import Seen, SeenLinear, SeenRanks
from isomorph.measures.tiled.sums import Order, Sums, orders_of, sums_of
from isomorph.measures.tiled.values import (
    Constant,
    Mean,
    Own,
    Tile,
    Values,
    rows_for,
    tiles,
)

Pooling = Literal["spread", "rms", "length", "ranks"]


@dataclass(frozen=True)
class Kind:
    """What is computed alike for measures.

    Attributes
    ----------
    linear : LinearForm or None
        None for ranks.
    root : bool
        Whether roots of the distances are compared.
    pooling : str
        What subjects have alike when their RDMs are averaged.
    """

    linear: LinearForm | None
    root: bool
    pooling: Pooling


def kind_of(measure: Measure) -> Kind | None:
    """Return what is computed for a measure, None where it takes whole RDMs."""
    form = measure.form
    if isinstance(form, RankForm):
        return Kind(None, False, "ranks")
    linear = form.linear if isinstance(form, RootForm) else form
    if not isinstance(linear, LinearForm):
        return None
    root = isinstance(form, RootForm)
    if measure.pool == linear.pool:
        return Kind(linear, root, "length")
    return Kind(linear, root, "spread" if linear.centre and not root else "rms")


@dataclass(frozen=True, eq=False)
class TiledComparison:
    """What a measure says of regions and layers.

    Attributes
    ----------
    value, calibrated : FirstOrder
        Of all subjects of all regions, one after the other, against layers; one and the same where
        values are not set against chance.
    chance : array of shape (subject, layer)
    within : sequence of FirstOrder or None
        Of each region with several subjects these against themselves, against the others pooled
        (of each), and everyone pooled: `(subject, 2 subjects + 1)`.
    layers, regions : sequence of GraphSums
        Of the vectors whose inner products are the measure; of a region, of their mean over
        subjects.
    """

    value: FirstOrder
    calibrated: FirstOrder
    chance: Floats
    within: Sequence[FirstOrder | None]
    layers: Sequence[GraphSums]
    regions: Sequence[GraphSums]


def compared(
    layers: Sequence[Representation],
    regions: Sequence[Sequence[Representation]],
    measures: Sequence[Measure],
    signs: Signs,
) -> dict[str, TiledComparison]:
    """Compare all subjects of all regions with all layers under some measures of one distance.

    Distances are computed in passes that all measures share: for the sums of all pairs, for ranks,
    for products. Nothing is held that grows with the square of the stimuli, but for one matrix at a
    time that goes into moments over all orders.

    Parameters
    ----------
    layers : sequence of Representation
    regions : sequence of sequence of Representation
        By subject.
    measures : sequence of Measure
        Those that have a kind, see `kind_of`.
    signs : Signs

    Returns
    -------
    dict of str to TiledComparison
        By measure.

    Raises
    ------
    IsomorphError
        When a measure takes whole RDMs, or representations are of different stimuli.
    """
    subjects = [one for region in regions for one in region]
    together = [*layers, *subjects]
    counts = sorted({len(one) for one in together})
    if len(counts) > 1:
        raise IsomorphError(
            f"{counts[0]} stimuli cannot be compared with {counts[-1]}, they must be the same"
        )
    kinds = {measure.name: _known_kind(measure) for measure in measures}
    values = {Own(at, kind.root) for kind in kinds.values() for at in range(len(together))}
    sums: dict[Values, Sums] = sums_of(
        together, [*sorted(values, key=lambda one: (one.at, one.root)), Constant()]
    )
    ranked = [Own(at) for at in range(len(together))] if None in _linear_of(kinds) else []
    orders = orders_of(together, {one: sums[one] for one in ranked})
    ends = list(accumulate((len(region) for region in regions), initial=len(layers)))
    places = [range(start, stop) for start, stop in pairwise(ends)]
    pools = {
        kind: [_pools(kind, own, sums, orders) for own in places]
        for kind in dict.fromkeys(kinds.values())
    }
    of_pools = [one for by_region in pools.values() for own in by_region for one in own]
    if of_pools:
        sums |= sums_of(together, of_pools)
        orders |= orders_of(
            together, {one: sums[one] for own in pools.get(RANKS, []) for one in own}
        )
    runs = {
        kind: _Run(kind, len(layers), places, pools[kind], sums, orders)
        for kind in dict.fromkeys(kinds.values())
    }
    n, most = len(together[0]), max(len(run.seen) for run in runs.values())
    for tile in tiles(together, rows_for(n, len(together) + 2 * most)):
        own_signs = signs.rows(tile.some).astype(np.float32)
        for run in runs.values():
            run.add(tile, own_signs)
    graphs = {kind: run.of_layers(together) for kind, run in runs.items()}
    return {
        measure.name: runs[kinds[measure.name]].found(
            measure, together, graphs[kinds[measure.name]]
        )
        for measure in measures
    }


RANKS = Kind(None, False, "ranks")


def _known_kind(measure: Measure) -> Kind:
    kind = kind_of(measure)
    if kind is None:
        raise IsomorphError(f"{measure.name} takes whole RDMs, which so many stimuli do not have")
    return kind


def _linear_of(kinds: Mapping[str, Kind]) -> list[LinearForm | None]:
    return [kind.linear for kind in kinds.values()]


def _seen(
    kind: Kind, values: Values, sums: Mapping[Values, Sums], orders: Mapping[Values, Order]
) -> SeenLinear | SeenRanks:
    if kind.linear is None:
        return SeenRanks(values, orders[values])
    return SeenLinear(values, kind.linear, sums[values])


def _pools(
    kind: Kind, places: range, sums: Mapping[Values, Sums], orders: Mapping[Values, Order]
) -> list[Values]:
    """Return for each subject the others pooled, then everyone; nothing of one subject."""
    if len(places) == 1:
        return []
    parts: list[Values] = []
    weights: list[float] = []
    for at in places:
        own = Own(at, kind.root)
        if kind.linear is None:
            seen = SeenRanks(own, orders[own])
            parts.append(seen)
            weights.append(seen.order.length)
        else:
            parts.append(own)
            length = _length(kind, SeenLinear(own, kind.linear, sums[own]))
            weights.append(1 / length if length > sums[own].same else 0.0)
    every = range(len(places))
    chosen = [*([k for k in every if k != left] for left in every), list(every)]
    return [Mean(tuple(parts[k] for k in some), tuple(weights[k] for k in some)) for some in chosen]


def _length(kind: Kind, seen: SeenLinear) -> float:
    """Return what subjects have alike when they are pooled, by pair."""
    sums = seen.sums
    squares = {
        "spread": sums.squares,
        "rms": sums.squares + sums.n_pairs * sums.mean**2,
        "length": seen.squares,
    }[kind.pooling]
    return float(np.sqrt(max(squares, 0.0) / sums.n_pairs))


class _Run:
    """What one kind sees, and the products of it that grow tile by tile.

    Seen are all layers, the constant where ranks are not compared, all subjects, and what is
    pooled.
    """

    def __init__(
        self,
        kind: Kind,
        n_layers: int,
        places: Sequence[range],
        pools: Sequence[Sequence[Values]],
        sums: Mapping[Values, Sums],
        orders: Mapping[Values, Order],
    ) -> None:
        constant: list[Values] = [] if kind.linear is None else [Constant()]
        n_subjects = sum(map(len, places))
        owns = [Own(at, kind.root) for at in range(n_layers + n_subjects)]
        pooled = [one for own in pools for one in own]
        every: list[Values] = [*owns[:n_layers], *constant, *owns[n_layers:], *pooled]
        self.seen = [_seen(kind, one, sums, orders) for one in every]
        self.n_layers, self.has_constant = n_layers, len(constant)
        self.subjects = n_layers + len(constant)
        self.regions = [
            slice(own.start + len(constant), own.stop + len(constant)) for own in places
        ]
        first = slice(n_layers, self.subjects + n_subjects)
        n = len(next(iter(sums.values())).by_stimulus)
        self.scores = _Products(n, first, slice(0, self.subjects))
        self.within: list[tuple[_Products, _Products] | None] = []
        start = self.subjects + n_subjects
        for region, own in zip(self.regions, pools, strict=True):
            several = slice(start, start + len(own))
            start = several.stop
            both = _Products(n, region, region), _Products(n, region, several)
            self.within.append(both if own else None)
        self.own, self.signed = np.zeros((2, n, len(self.seen)))

    def add(self, tile: Tile, signs: Floats) -> None:
        """Add the products of a tile `(some, stimulus)`."""
        rows, n = tile.shape
        vectors = np.empty((rows, len(self.seen), n), dtype=np.float32)
        for at, one in enumerate(self.seen):
            one.sides(tile, vectors[:, at])
            power = vectors[:, at] ** 2
            self.own[tile.some, at] = power.sum(axis=1)
            self.signed[tile.some, at] = np.einsum("rn,rn->r", power, signs)
        for products in self._products():
            products.add(vectors, signs, tile.some)

    def _products(self) -> list[_Products]:
        return [self.scores, *(one for both in self.within if both for one in both)]

    @property
    def lengths(self) -> Floats:
        """Of what is seen; 0 of what only rounding is left of."""
        squares = self.own.sum(axis=0) / 2 + (self._stimuli**2).sum(axis=0)
        length = np.sqrt(squares)
        return np.where(length > [one.least for one in self.seen], length, 0.0)

    @property
    def _stimuli(self) -> Floats:
        """What is compared beside pairs: `(stimulus, seen)`."""
        n = len(self.own)
        return np.column_stack(
            [np.zeros(n) if one.stimuli is None else one.stimuli for one in self.seen]
        )

    def _first_order(self, products: _Products, reach: Floats) -> FirstOrder:
        lengths = self.lengths
        scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        stimuli = self._stimuli * scale
        own = self.own * scale**2 + stimuli**2
        return products.first_order(scale, stimuli, own, self.signed * scale**2, reach)

    def reach_of(self, measure: Measure) -> Floats:
        """Return what each of what is seen is multiplied by: `(seen,)`."""
        if not (isinstance(measure.form, RankForm) and measure.form.ties_cost):
            return np.ones(len(self.seen))
        return np.array([_untied_share(one) for one in self.seen])

    def of_layers(self, representations: Sequence[Representation]) -> list[GraphSums]:
        """Return the sums of all layers' vectors of length 1."""
        weights = np.ones(1)
        return [self._sums(representations, [at], weights) for at in range(self.n_layers)]

    def _sums(
        self, representations: Sequence[Representation], places: Sequence[int], weights: Floats
    ) -> GraphSums:
        """Return the sums of a weighted mean of vectors of length 1."""
        n, lengths = len(self.own), self.lengths

        def rows(some: slice) -> Floats:
            tile, total = Tile(representations, some), np.zeros((some.stop - some.start, n))
            total = total.astype(np.float32)
            buffer = np.empty_like(total)
            for at, weight in zip(places, weights, strict=True):
                if lengths[at] > 0:
                    self.seen[at].embedded(tile, buffer)
                    # On this scale powers neither vanish nor overflow.
                    buffer *= np.float32(weight / len(places) / lengths[at] * n)
                    total += buffer
            return total

        return graph_sums(rows, n, rows_for(n, len(places) + 4)).times(1 / n)

    def found(
        self, measure: Measure, representations: Sequence[Representation], layers: list[GraphSums]
    ) -> TiledComparison:
        """Return what a measure of this kind says."""
        reach = self.reach_of(measure)
        every = self._first_order(self.scores, reach)
        rows, columns = slice(self.has_constant, None), slice(0, self.n_layers)
        value = calibrated = every.part(rows, columns)
        chance = np.zeros_like(value.value)
        if measure.against_chance:
            assert measure.with_itself is not None, "what is set against chance has a best value"
            by_chance = every.part(rows, slice(self.n_layers, None)).times(
                every.part(slice(0, 1), columns)
            )
            chance, calibrated = by_chance.value, value.over(by_chance, measure.with_itself)
        within = [
            both and _beside(*(self._first_order(one, reach) for one in both))
            for both in self.within
        ]
        return TiledComparison(
            value,
            calibrated,
            chance,
            within,
            [own.times(reach[at]) for at, own in enumerate(layers)],
            [
                self._sums(representations, range(own.start, own.stop), reach[own])
                for own in self.regions
            ],
        )


def _untied_share(seen: Seen) -> float:
    """Return the length of midranks as a share of that of ranks without ties."""
    assert isinstance(seen, SeenRanks)
    n_pairs = seen.order.n_pairs
    return seen.order.length / float(np.sqrt((n_pairs**3 - n_pairs) / 12))


def _beside(first: FirstOrder, second: FirstOrder) -> FirstOrder:
    """Return the same against others, and others, side by side."""
    return FirstOrder(
        np.concatenate([first.value, second.value], axis=1),
        np.concatenate([first.influence, second.influence], axis=2),
        np.concatenate([first.of_pairs, second.of_pairs], axis=2),
    )


class _Products:
    """Sums of products over the pairs of each stimulus, plain and with signs.

    Parameters
    ----------
    n_stimuli : int
    first, second : slice
        Of what is seen.
    """

    def __init__(self, n_stimuli: int, first: slice, second: slice) -> None:
        self.first, self.second = first, second
        shape = (n_stimuli, first.stop - first.start, second.stop - second.start)
        self.plain, self.signed = np.empty((2, *shape), dtype=np.float32)

    def add(self, vectors: Floats, signs: Floats, some: slice) -> None:
        """Add those of some stimuli.

        Parameters
        ----------
        vectors : array of shape (some, seen, stimulus)
        signs : array of shape (some, stimulus)
        some : slice
        """
        first = vectors[:, self.first]
        second = vectors[:, self.second].transpose(0, 2, 1)
        np.matmul(first, second, out=self.plain[some])
        np.matmul(first * signs[:, None], second, out=self.signed[some])

    def first_order(
        self, scale: Floats, stimuli: Floats, own: Floats, signed: Floats, reach: Floats
    ) -> FirstOrder:
        """Return the values of vectors of length 1, see `isomorph.measures.first_order`.

        Parameters
        ----------
        scale, reach : arrays of shape (seen,)
            One over lengths, 0 of what is not seen; what values are multiplied by.
        stimuli, own, signed : arrays of shape (stimulus, seen)
        """
        n = len(stimuli)
        single = [array.astype(np.float32) for array in (stimuli, own, signed)]
        (beside_a, own_a, signed_a), (beside_b, own_b, signed_b) = (
            [array[:, side] for array in single] for side in (self.first, self.second)
        )
        both = np.multiply.outer(scale[self.first], scale[self.second])
        value = self.plain.sum(axis=0, dtype=float) / 2 * both
        value += stimuli[:, self.first].T @ stimuli[:, self.second]
        half = (value / 2).astype(np.float32)
        seen = np.where(both > 0, 1.0, np.nan)
        reached = np.multiply.outer(reach[self.first], reach[self.second])
        factor = (n * reached * seen).astype(np.float32)
        influence, of_pairs = (array * both.astype(np.float32) for array in self._both)
        influence += beside_a[:, :, None] * beside_b[:, None]
        influence -= half * (own_a[:, :, None] + own_b[:, None])
        influence -= influence.mean(axis=0, dtype=float).astype(np.float32)
        of_pairs -= half * (signed_a[:, :, None] + signed_b[:, None])
        influence *= factor
        of_pairs *= factor
        return FirstOrder(value * reached, influence, of_pairs)

    @property
    def _both(self) -> tuple[Floats, Floats]:
        return self.plain, self.signed
