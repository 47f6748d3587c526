r"""RDMs as measures see them, many measures at once.

Simulations are many, and so are measures. What they cost is ranking, and inner products of half a
million pairs with every layer, of which few are different: the linear measures are one inner
product of centred RDMs, with what is additive in two stimuli weighed down in each by another
factor (see `isomorph.measures.linear`), and the rank measures are one of ranks. So RDMs are
brought into either of two spaces and multiplied with the layers there, and every measure is had
from that. Another measure with an embedding is a space of its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from isomorph.inference.ties import Indices
from isomorph.inference.trust.spaces import BLOCK, Embedded, Linear, Ranks, Rows, Space
from isomorph.measures import Counts, Floats, Measure
from isomorph.measures.first_order import Sides
from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import blocks
from isomorph.measures.ranks import RankForm


class Seen:
    """Layers as several measures see them, prepared once.

    Parameters
    ----------
    rdms : array of shape (layer, pair)
    measures : sequence of Measure
        Those without an embedding have no space.
    """

    def __init__(self, rdms: Floats, measures: Sequence[Measure]) -> None:
        self.measures = {one.name: one for one in measures}
        self.spaces: dict[str, Space] = {}
        self._layers: dict[Space, Rows] = {}
        linear, ranks = Linear(), Ranks()
        for measure in measures:
            if measure.embed is None:
                continue
            space: Space = Embedded(measure)
            if isinstance(measure.form, RankForm):
                space = ranks
            elif isinstance(measure.form, LinearForm):
                self._know(linear, rdms)
                if not linear.poor(measure, self._layers[linear]):
                    space = linear
            self._know(space, rdms)
            self.spaces[measure.name] = space

    def _know(self, space: Space, rdms: Floats) -> None:
        if space not in self._layers:
            self._layers[space] = space.rows(rdms)

    def layers(self, measure: Measure) -> Rows:
        """Return the layers in the space of a measure."""
        return self.of(self.spaces[measure.name])

    def of(self, space: Space) -> Rows:
        """Return the layers in a space."""
        return self._layers[space]

    def sides(self, measure: Measure) -> Sides | None:
        """Return what `measure.sides` would, where it is at hand."""
        if not isinstance(measure.form, RankForm):
            return None
        own = self.layers(measure)
        return Sides(own.vectors, reach=own.reach if measure.form.ties_cost else None)

    def look(self, rdms: Floats) -> Look:
        """Return data `(data, row, pair)` as the measures see them."""
        flat = rdms.reshape(-1, rdms.shape[-1])
        spaces = dict.fromkeys(self.spaces.values())
        return Look(self, {space: space.rows(flat) for space in spaces}, rdms.shape[1])

    def shape(self, measure: Measure) -> Hashable:
        """Return what measures share whose vectors differ in mean and length alone."""
        return self.spaces[measure.name].shape(measure)

    def mean(self, measure: Measure, layer: int) -> float:
        """Return the mean over pairs of what the measure multiplies of a layer."""
        own = self.layers(measure).some(slice(layer, layer + 1))
        return float(self.spaces[measure.name].mean(measure, own)[0])

    def power(self, measure: Measure, layer: int) -> float:
        """Return the inner product of a layer with itself."""
        own = self.layers(measure).some(slice(layer, layer + 1))
        return float(self.spaces[measure.name].inner(measure, own.power[:, None], own, own)[0, 0])


@dataclass(frozen=True, eq=False)
class Look:
    """Data as measures see them.

    Attributes
    ----------
    seen : Seen
    rows : dict of Space to Rows
    n_each : int
        Rows of one data set, such as its subjects.
    """

    seen: Seen
    rows: dict[Space, Rows]
    n_each: int

    @cached_property
    def _products(self) -> dict[Space, Floats]:
        return {
            space: rows.vectors @ self.seen.of(space).vectors.T for space, rows in self.rows.items()
        }

    def scores(self, measure: Measure) -> Floats:
        """Return the measure of every row with every layer: `(data, row, layer)`."""
        space = self.seen.spaces[measure.name]
        layers = self.seen.of(space)
        found = space.inner(measure, self._products[space], self.rows[space], layers)
        return found.reshape(-1, self.n_each, len(layers))

    def moved(self, orders: Counts) -> Look:
        """Return the first data, the stimuli of each in an order of its own `(data, stimulus)`."""
        first, each = slice(len(orders) * self.n_each), np.repeat(orders, self.n_each, axis=0)
        rows = {space: own.some(first).moved(each) for space, own in self.rows.items()}
        return Look(self.seen, rows, self.n_each)

    def shuffled(self, layer: int, orders: Counts, lag: Indices | None = None) -> dict[str, Floats]:
        """Return what every row has with a layer in other orders `(order, stimulus)`.

        Means over pairs that are as far apart, by `lag`, stay where they are.

        By measure: `(order, data, row)`.
        """
        found: dict[str, list[Floats]] = {name: [] for name in self.seen.spaces}
        measures = self.seen.measures
        for space, rows in self.rows.items():
            layers = self.seen.of(space)
            for part in blocks(len(orders), BLOCK // layers.vectors.shape[1]):
                own = layers.some(np.full(part.stop - part.start, layer)).moved(orders[part], lag)
                products = rows.vectors @ own.vectors.T
                for name, so_far in found.items():
                    if self.seen.spaces[name] is space:
                        inner = space.inner(measures[name], products, rows, own)
                        so_far.append(inner.T.reshape(len(own), -1, self.n_each))
        return {name: np.concatenate(own) for name, own in found.items()}

    def among(self, measure: Measure) -> Floats:
        """Return the measure among the rows of every data set: `(data, row, row)`."""
        space = self.seen.spaces[measure.name]
        rows, products = self.rows[space], self._among[space]
        return np.stack(
            [
                space.inner(measure, own, some, some)
                for own, some in zip(
                    products,
                    (rows.some(part) for part in blocks(len(rows), self.n_each)),
                    strict=True,
                )
            ]
        )

    @cached_property
    def _among(self) -> dict[Space, Floats]:
        found: dict[Space, Floats] = {}
        for space, rows in self.rows.items():
            vectors = rows.vectors.reshape(-1, self.n_each, rows.vectors.shape[1])
            found[space] = vectors @ np.swapaxes(vectors, 1, 2)
        return found

    def mean(self, measure: Measure) -> Floats:
        """Return the mean over pairs of what the measure multiplies: `(data, row)`."""
        space = self.seen.spaces[measure.name]
        return space.mean(measure, self.rows[space]).reshape(-1, self.n_each)
