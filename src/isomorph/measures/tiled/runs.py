"""One kind of measures on its way over the tiles, and what is found in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures.first_order import FirstOrder
from isomorph.measures.pairs import Floats
from isomorph.measures.ranks import RankForm
from isomorph.measures.tiled.graphs import GraphSums, graph_sums
from isomorph.measures.tiled.kinds import Kind, seen_of
from isomorph.measures.tiled.products import Products, beside
from isomorph.measures.tiled.roots import Representation
from isomorph.measures.tiled.seen import Seen, SeenRanks
from isomorph.measures.tiled.sums import Order, Sums
from isomorph.measures.tiled.values import Constant, Own, Tile, Values, rows_for


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


class Run:
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
        self.seen = [seen_of(kind, one, sums, orders) for one in every]
        self.n_layers, self.has_constant = n_layers, len(constant)
        self.subjects = n_layers + len(constant)
        self.regions = [
            slice(own.start + len(constant), own.stop + len(constant)) for own in places
        ]
        first = slice(n_layers, self.subjects + n_subjects)
        n = len(next(iter(sums.values())).by_stimulus)
        self.scores = Products(n, first, slice(0, self.subjects))
        self.within: list[tuple[Products, Products] | None] = []
        start = self.subjects + n_subjects
        for region, own in zip(self.regions, pools, strict=True):
            several = slice(start, start + len(own))
            start = several.stop
            both = Products(n, region, region), Products(n, region, several)
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

    def _products(self) -> list[Products]:
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

    def _first_order(self, products: Products, reach: Floats) -> FirstOrder:
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
            both and beside(*(self._first_order(one, reach) for one in both))
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
