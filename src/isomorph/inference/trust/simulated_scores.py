"""What comparing simulated data concludes, under every measure and with less of everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from isomorph.inference.gather import Candidates
from isomorph.inference.groups import exchanged, too_few_orders
from isomorph.inference.stimulus_splits import pairs_among
from isomorph.inference.ties import Indices
from isomorph.inference.trust.measured_data import MeasuredData
from isomorph.inference.trust.noise_level import (
    Calibration,
    agreement,
    calibrated,
    embedded,
    embedding,
)
from isomorph.inference.trust.rates import Tally
from isomorph.inference.trust.told_apart import Bools, Contest, Terms, Trial, part_of
from isomorph.inference.trust.winners import related_to
from isomorph.measures import Floats, Measure
from isomorph.simulation.gaussian import SimulatedDraws, draw, mix
from isomorph.simulation.planting import root

CALIBRATING = 30
"""Simulated RDMs on which the level of noise is found."""
BLOCK = 2**25
"""Numbers held at once by simulated data (256 MiB)."""
NULL = 0.4
"""Share of the simulations, and of the tested ones, whose stimuli are also shuffled, each planted
layer adding as many."""
SUBSETS = 3
"""Draws of fewer stimuli, shared out among the simulations."""
FEWEST_STIMULI = 6
"""Below this many no curve is drawn."""
WAITING = 2**25
"""Numbers of simulated data that are kept to be tested together (256 MiB)."""

Size = tuple[int, int]
"""Stimuli and subjects."""
Key = tuple[str, int, Size]
"""Measure, planted candidate, size."""


@dataclass(frozen=True)
class Recovered:
    """What was found.

    Attributes
    ----------
    calibrations : dict of int to Calibration
        By planted candidate.
    tallies : dict
        By measure, planted candidate and size.
    null : dict of (measure, planted) to list of arrays of shape (simulation, candidate)
        Scores of data whose stimuli were shuffled, so that nothing is planted in them.
    """

    calibrations: dict[int, Calibration]
    tallies: dict[Key, Tally] = field(default_factory=dict)
    null: dict[tuple[str, int], list[Floats]] = field(default_factory=dict)


def recover(
    data: MeasuredData,
    candidates: Candidates,
    planted: Sequence[int],
    measures: Sequence[Measure],
    terms: Terms,
    *,
    seed: Sequence[int],
) -> Recovered:
    """Plant layers, simulate data, and see what comparing them concludes.

    Parameters
    ----------
    data : MeasuredData
        What the data are like.
    candidates : Candidates
        All layers, under the distance that models have.
    planted : sequence of int
        Candidates that are planted in turn.
    measures : sequence of Measure
        All are applied to the same data; the noise is set under the first.
    terms : Terms
        How they are compared, and how many are simulated.
    seed : sequence of int
    """
    design = data.design
    roots = {
        index: features
        for index in planted
        if (features := root(candidates.rdms[index], design.planting)).shape[1]
    }
    tried = CALIBRATING // max(2, len(design.units))
    first = draw(design, max(4, tried), np.random.default_rng([*seed, 0]))
    result = Recovered(
        {
            index: calibrated(features, first, data.reliability, measures[0])
            for index, features in roots.items()
        }
    )
    scores = SimulatedScores(candidates, measures, terms, len(design.units), seed, result)
    settings = terms.setting.inference.recovery
    n = settings.simulations
    width = design.n_stimuli * (design.n_stimuli * 4 + 2 * max(design.units)) * len(design.units)
    step = max(SUBSETS, min(n, BLOCK // width))
    for number, start in enumerate(range(0, n, step)):
        rng = np.random.default_rng([*seed, 2, number])
        draws = draw(design, min(step, n - start), rng)
        n_block = len(draws.mixing)
        n_null = 0 if too_few_orders(terms.groups) else int(np.ceil(NULL * n_block))
        nothing = pairs_among(exchanged(terms.groups, n_null, rng), len(terms.groups))
        n_tested = min(max(settings.tested - start, 0), n_block)
        for index, features in roots.items():
            scores.add(index, features, draws, nothing, n_tested)
    scores.decide()
    return result


def sizes(n_stimuli: int, n_subjects: int) -> list[Size]:
    """Return the numbers of stimuli and subjects for which power is given, all of both first."""
    stimuli = {n for n in (n_stimuli // 2, n_stimuli // 4) if n >= FEWEST_STIMULI}
    subjects = {1, n_subjects // 2} - {0, n_subjects}
    return [
        (n_stimuli, n_subjects),
        *((n, n_subjects) for n in sorted(stimuli, reverse=True)),
        *((n_stimuli, n) for n in sorted(subjects, reverse=True)),
    ]


class SomeStimuli:
    """All stimuli or some of them, and what all simulations on them share, prepared once.

    Parameters
    ----------
    candidates : Candidates
        On all stimuli.
    terms : Terms
        On all stimuli.
    kept : array of shape (stimulus,) or None
        Which are some; None for all.
    counts : list of int
        Numbers of subjects that are simulated.
    seed : sequence of int
    rng : Generator
        For the shuffles.
    """

    def __init__(
        self,
        candidates: Candidates,
        terms: Terms,
        kept: Bools | None,
        counts: list[int],
        seed: Sequence[int],
        rng: np.random.Generator,
    ) -> None:
        self.pairs: Indices | slice = slice(None)
        if kept is not None:
            self.pairs = pairs_among(np.flatnonzero(kept), len(kept))
            candidates = Candidates(candidates.table, candidates.rdms[:, self.pairs])
            terms = terms.on(kept)
        self.candidates, self.terms, self.counts = candidates, terms, counts
        self.seed, self.rng = seed, rng
        self.waiting: list[Trial] = []
        self.vectors: dict[str, Floats] = {}

    def embedded(self, measure: Measure) -> Floats:
        """Return the candidates `(candidate, pair)` as a measure sees them.

        As they are for a measure that is not an inner product.
        """
        if measure.name not in self.vectors:
            rdms = self.candidates.rdms
            if measure.embed is not None:
                rdms = measure.embed(rdms).astype(np.float32)
            self.vectors[measure.name] = rdms
        return self.vectors[measure.name]

    @cached_property
    def shuffles(self) -> Indices:
        """The shuffles `(shuffle, pair)` that test against independence, the same for all data."""
        groups = self.terms.groups
        n = round(10 / self.terms.setting.inference.recovery.level) - 1
        orders = exchanged(groups, 0 if too_few_orders(groups) else n, self.rng)
        return pairs_among(orders, len(groups))

    @cached_property
    def contest(self) -> Contest:
        """What tells models apart on these stimuli."""
        return Contest(self.candidates, self.terms, self.counts, self.seed)


class SimulatedScores:
    """Every measure on every size, candidates prepared once."""

    def __init__(
        self,
        candidates: Candidates,
        measures: Sequence[Measure],
        terms: Terms,
        n_subjects: int,
        seed: Sequence[int],
        result: Recovered,
    ) -> None:
        self.candidates, self.measures, self.terms = candidates, measures, terms
        self.inference = terms.setting.inference
        self.n_stimuli = len(terms.groups)
        self.sizes = sizes(self.n_stimuli, n_subjects)
        self.seed, self.result = seed, result
        self.rng = np.random.default_rng([*seed, 1])
        self.parts: dict[Size, SomeStimuli] = {}

    def add(
        self, planted: int, features: Floats, draws: SimulatedDraws, nothing: Indices, n_tested: int
    ) -> None:
        """Simulate a block from one planted layer and add what every measure finds in it."""
        whole, halves = mix(features, draws)
        angle = self.result.calibrations[planted].angle
        rdms = whole.rdms(angle)
        split = None if halves is None else np.swapaxes(halves.rdms(angle)[:, :, 0], 0, 1)
        for n_stimuli in dict.fromkeys(size[0] for size in self.sizes):
            for number, rows in self._subsets(n_stimuli, len(rdms)):
                part = self._part(n_stimuli, number)
                chosen = rdms[rows][..., part.pairs]
                tested = chosen[: len(range(n_tested)[rows])]
                self._wait("power_runner_up", planted, tested, part)
                for measure in self.measures:
                    self._measured(measure, planted, chosen, part, nothing, split)
        n_null = min(int(np.ceil(NULL * n_tested)), len(nothing))
        null = np.take_along_axis(rdms[:n_null], nothing[:n_null, None], axis=2)
        self._wait("false_winner", planted, null, self._part(self.n_stimuli, 0))
        waiting = (one.rdms.size for part in self.parts.values() for one in part.waiting)
        if sum(waiting) > WAITING:
            self.decide()

    def decide(self) -> None:
        """Test what is kept."""
        under = self.inference.recovery.tested_under
        measures = self.measures if under == "all" else self.measures[:1]
        for part in self.parts.values():
            if part.waiting:
                part.contest.decide(part.waiting, measures)
            part.waiting = []

    def _measured(
        self,
        measure: Measure,
        planted: int,
        rdms: Floats,
        part: SomeStimuli,
        nothing: Indices,
        split: Floats | None,
    ) -> None:
        """Add what one measure finds in data `(simulation, subject, pair)` on some stimuli."""
        candidates, embed = part.embedded(measure), measure.embed
        if embed is None:
            flat = measure.compare(rdms.reshape(-1, rdms.shape[-1]), candidates)
            vectors, each = None, flat.reshape(*rdms.shape[:2], -1)
        else:
            vectors, each = embedded(rdms, embed).astype(np.float32), None
        for count in part.counts:
            size = (len(part.terms.groups), count)
            tally = self._tally(measure.name, planted, size)
            if vectors is None:
                assert each is not None, "scores of a measure without an embedding"
                mean, scores = None, each[:, :count].mean(axis=1)
            else:
                # Inner products with embedded candidates are the measure: of the mean, its mean.
                mean = vectors[:, :count].mean(axis=1)
                scores = mean @ candidates.T
                tally.claim("power_zero", self._related(mean, planted, candidates, part))
            tally.scores.append(scores)
            if size != self.sizes[0]:
                continue
            if mean is not None and len(nothing):
                # The same data with their stimuli shuffled: as reliable, and related to no layer.
                null = np.take_along_axis(mean[: len(nothing)], nothing, axis=1)
                found = self.result.null.setdefault((measure.name, planted), [])
                found.append(null @ candidates.T)
                tally.claim("false_positive", self._related(null, planted, candidates, part))
            if vectors is not None and split is None:
                twice = vectors[:, :count]
            else:
                twice = embedded(rdms if split is None else split, embedding(measure))
            tally.reliability.append(agreement(twice))

    def _related(
        self, data: Floats, planted: int, candidates: Floats, part: SomeStimuli
    ) -> Bools | None:
        """Tell which data are related to the planted layer; None where no test can."""
        if not len(part.shuffles):
            return None
        return related_to(data, candidates[planted], part.shuffles, self.inference)

    def _tally(self, measure: str, planted: int, size: Size) -> Tally:
        return self.result.tallies.setdefault((measure, planted, size), Tally())

    def _wait(self, effect: str, planted: int, rdms: Floats, part: SomeStimuli) -> None:
        """Keep simulations `(simulation, subject, pair)` until many can be tested at once."""
        model, counts = str(self.candidates.table["model"].iloc[planted]), part.counts
        if effect == "false_winner":
            model, counts = "", counts[:1]
        n_stimuli = len(part.terms.groups)

        def claim(measure: str, count: int, made: bool) -> None:
            self._tally(measure, planted, (n_stimuli, count)).claim(effect, [made])

        part.waiting += [Trial(one.copy(), model, counts, claim) for one in rdms]

    def _subsets(self, n_stimuli: int, n: int) -> Iterator[tuple[int, slice]]:
        """Yield which simulations see which draw of fewer stimuli."""
        if n_stimuli == self.n_stimuli:
            yield 0, slice(None)
            return
        for number in range(min(SUBSETS, n)):
            yield number, slice(number, None, SUBSETS)

    def _part(self, n_stimuli: int, number: int) -> SomeStimuli:
        """Return one of the random parts of so many stimuli."""
        if (n_stimuli, number) not in self.parts:
            kept = None
            if n_stimuli < self.n_stimuli:
                kept = part_of(self.terms.groups, n_stimuli, self.rng)
            counts = [size[1] for size in self.sizes if size[0] == n_stimuli]
            self.parts[n_stimuli, number] = SomeStimuli(
                self.candidates, self.terms, kept, counts, [*self.seed, 4, n_stimuli, number],
                self.rng,
            )  # fmt: skip
        return self.parts[n_stimuli, number]
