"""Layers that data are simulated from and compared with, on all stimuli and on some."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property

import numpy as np

from isomorph.inference.gather import Candidates
from isomorph.inference.groups import group_count
from isomorph.inference.moments import Signatures, signatures
from isomorph.inference.on_axes import orders_of
from isomorph.inference.stimulus_splits import pairs_among
from isomorph.inference.ties import Indices
from isomorph.inference.trust.seen import Seen
from isomorph.inference.trust.told_apart import Bools, Contest, Terms
from isomorph.measures import Counts, Floats, Measure
from isomorph.simulation.gaussian import (
    FINE,
)
from isomorph.simulation.planting import Planting, root


class Layers:
    """The layers that data are simulated from and compared with, prepared once for all regions.

    Parameters
    ----------
    candidates : Candidates
        All layers, under the distance that models have.
    measures : sequence of Measure
        All are applied to the same data; the noise is set under the first.
    terms : Terms
        How they are compared, and how many are simulated.
    seed : sequence of int
        Of parts of the stimuli, and of what is drawn for tests.
    """

    def __init__(
        self,
        candidates: Candidates,
        measures: Sequence[Measure],
        terms: Terms,
        seed: Sequence[int],
    ) -> None:
        self.candidates, self.measures, self.terms = candidates, measures, terms
        self.seed = [*seed]
        self._parts: dict[tuple[int, int], SomeStimuli] = {}
        self._roots: dict[tuple[int, int], Floats] = {}

    @property
    def n_stimuli(self) -> int:
        """How many stimuli are simulated."""
        return len(self.terms.groups)

    def part(self, n_stimuli: int, number: int) -> SomeStimuli:
        """Return one of the random parts of so many stimuli; all of them are one."""
        if (n_stimuli, number) not in self._parts:
            seed, kept = [*self.seed, 4, n_stimuli, number], None
            if n_stimuli < self.n_stimuli:
                kept = self.terms.part(n_stimuli, np.random.default_rng([*seed, 1]))
            made = SomeStimuli(self.candidates, self.measures, self.terms, kept, seed)
            self._parts[n_stimuli, number] = made
        return self._parts[n_stimuli, number]

    def root(self, index: int, planting: Planting) -> Floats:
        """Return features `(stimulus, component)` that have the RDM of a layer."""
        if (index, id(planting)) not in self._roots:
            features = root(self.candidates.rdms[index], planting)
            if self.n_stimuli > FINE:
                features = features.astype(np.float32)
            self._roots[index, id(planting)] = features
        return self._roots[index, id(planting)]


class SomeStimuli:
    """All stimuli or some of them, and what all simulations on them share, prepared once.

    Parameters
    ----------
    candidates : Candidates
        On all stimuli.
    measures : sequence of Measure
    terms : Terms
        On all stimuli.
    kept : array of shape (stimulus,) or None
        Which are some; None for all.
    seed : sequence of int
    """

    def __init__(
        self,
        candidates: Candidates,
        measures: Sequence[Measure],
        terms: Terms,
        kept: Bools | None,
        seed: Sequence[int],
    ) -> None:
        self.pairs: Indices | slice = slice(None)
        if kept is not None:
            self.pairs = pairs_among(np.flatnonzero(kept), len(kept))
            candidates = Candidates(candidates.table, candidates.rdms[:, self.pairs])
            terms = terms.on(kept)
        self.candidates, self.measures, self.terms, self.seed = candidates, measures, terms, seed
        self._signatures: dict[tuple[Hashable, int], Signatures] = {}

    @property
    def n_stimuli(self) -> int:
        return len(self.terms.groups)

    @cached_property
    def seen(self) -> Seen:
        """The candidates as the measures see them."""
        return Seen(self.candidates.rdms, self.measures)

    @cached_property
    def exact(self) -> bool:
        """Whether stimuli may stand in any order, so that the moments over all are known."""
        return self.terms.along is None and group_count(self.terms.groups) == self.n_stimuli

    @cached_property
    def orders(self) -> Counts:
        """The shuffles `(shuffle, stimulus)` that test against independence, the same for all."""
        n = round(10 / self.terms.setting.inference.recovery.level) - 1
        rng = np.random.default_rng([*self.seed, 2])
        return orders_of(self.terms.groups, self.terms.along, n, rng)

    @property
    def lag(self) -> Indices | None:
        """Which pairs are as far apart, of stimuli that follow one another."""
        return None if self.terms.along is None else self.terms.along.lag

    @cached_property
    def contest(self) -> Contest:
        """What tells models apart on these stimuli."""
        return Contest(self.candidates, self.terms, self.seed, self.seen.sides)

    def signatures(self, measure: Measure, candidate: int) -> Signatures:
        """Return what moments over orders need to know of a candidate."""
        key = self.seen.shape(measure), candidate
        if key not in self._signatures:
            assert measure.embed is not None, "only such measures are looked at"
            own = self.candidates.rdms[candidate : candidate + 1]
            self._signatures[key] = signatures(measure.embed(own)[:, None])
        return self._signatures[key]
