"""What simulated data have in common with a layer by chance, and which have more."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from isomorph.inference.moments import Moments, moments, signatures
from isomorph.inference.trust.layers import SomeStimuli
from isomorph.inference.trust.noise_level import (
    embedded,
    embedding,
)
from isomorph.inference.trust.seen import Look
from isomorph.inference.trust.told_apart import Bools
from isomorph.inference.trust.winners import counted_as_related, told_by_moments
from isomorph.measures import Floats, Measure
from isomorph.study import Inference

SHAPED = 2**27
"""Cubes of stimuli in the simulations that show which shape values of shuffled stimuli have, which
differs little between simulations of one layer: all of up to 130 stimuli."""

Shapes = dict[tuple[Hashable, int, int, int], tuple[Floats, Floats]]
"""Of shuffled values, by measures that share it, planted candidate, stimuli and subjects."""


class Chance:
    """What simulated data have in common with a layer when their stimuli are shuffled.

    Parameters
    ----------
    part : SomeStimuli
    planted : int
    rdms : array of shape (simulation, subject, pair)
    look : Look
        Of the same.
    shapes : dict
        What is costly, of the first simulations of this size from this layer; others are added.
    """

    def __init__(
        self, part: SomeStimuli, planted: int, rdms: Floats, look: Look, shapes: Shapes
    ) -> None:
        self.part, self.planted, self.rdms, self.look = part, planted, rdms, look
        self.shapes = shapes

    def moments(self, measure: Measure, count: int) -> Moments:
        """Return the moments `(simulation,)` under a measure with some of the subjects."""
        seen, n_pairs = self.part.seen, self.rdms.shape[2]
        shape, skewness = self._shape(measure, count)
        mean = self.look.mean(measure)[:, :count].mean(axis=1)
        power = self.look.among(measure)[:, :count, :count].mean(axis=(1, 2))
        of_layer = seen.mean(measure, self.planted)
        variance = (
            shape
            * np.maximum(power - n_pairs * mean**2, 0)
            * max(seen.power(measure, self.planted) - n_pairs * of_layer**2, 0)
        )
        third = skewness * variance**1.5
        return Moments(n_pairs * mean * of_layer, variance, third, self.part.n_stimuli)

    def _shape(self, measure: Measure, count: int) -> tuple[Floats, Floats]:
        """Return variance over the product of both sums of squares, and skewness: `(1,)` or all."""
        n, cube = len(self.rdms), self.part.n_stimuli**3
        key = (self.part.seen.shape(measure), self.planted, self.part.n_stimuli, count)
        if n * cube <= SHAPED:
            return self._shape_of(self.rdms[:, :count], measure)
        if key not in self.shapes:
            some = self.rdms[: max(1, SHAPED // cube), :count]
            variance, skewness = self._shape_of(some, measure)
            self.shapes[key] = variance.mean(keepdims=True), skewness.mean(keepdims=True)
        return self.shapes[key]

    def _shape_of(self, rdms: Floats, measure: Measure) -> tuple[Floats, Floats]:
        vectors = embedded(rdms, embedding(measure)).mean(axis=1)[:, None]
        own, layer = signatures(vectors), self.part.signatures(measure, self.planted)
        found = moments(own, layer).some((slice(None), 0))
        squares = own.squares[:, 0] * layer.squares[0, 0]
        some = squares > 0
        shape = np.divide(found.variance, squares, out=np.zeros_like(squares), where=some)
        return shape, found.skewness


class Related:
    """Which simulated data are related to the planted layer."""

    def __init__(self, chance: Chance, inference: Inference) -> None:
        self.chance, self.inference = chance, inference
        self._shuffled: dict[Look | None, dict[str, Floats]] = {}

    def told(self, measure: Measure, count: int, null: Look | None = None) -> Bools | None:
        """Tell which data are related, of the simulations or of shuffled ones; None if untested."""
        part, planted = self.chance.part, self.chance.planted
        look = null or self.chance.look
        observed = look.scores(measure)[:, :count, planted].mean(axis=1)
        if part.exact:
            # Moments over all orders are the same in any order.
            found = self.chance.moments(measure, count).some(slice(len(observed)))
            return told_by_moments(observed, found, self.inference)
        if not len(part.orders):
            return None
        if null not in self._shuffled:
            self._shuffled[null] = look.shuffled(planted, part.orders, part.lag)
        shuffled = self._shuffled[null][measure.name][..., :count].mean(axis=2)
        return counted_as_related(observed, shuffled, self.inference)
