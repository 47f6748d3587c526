"""What comparing simulated data concludes, under every measure and with less of everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from isomorph.inference.on_axes import orders_of
from isomorph.inference.trust.chance import Chance, Related, Shapes
from isomorph.inference.trust.layers import Layers, SomeStimuli
from isomorph.inference.trust.measured_data import MeasuredData
from isomorph.inference.trust.noise_level import (
    Calibration,
    agreement,
    agreement_of,
    calibrated,
    embedded,
    embedding,
)
from isomorph.inference.trust.rates import Tally
from isomorph.inference.trust.spaces import moved
from isomorph.inference.trust.told_apart import Trial
from isomorph.measures import Counts, Floats, Measure
from isomorph.simulation.gaussian import (
    FINE,
    Noise,
    SimulatedDesign,
    SimulatedDraws,
    draw,
    simulated_rdms,
)

CALIBRATING = 30
"""Simulated RDMs on which the level of noise is found."""
ROUGH = 200
"""Stimuli on which it is looked for first where there are more than `FINE`."""
BLOCK = 2**26
"""Numbers held at once by simulated data, as they are and as measures see them."""
NULL = 0.4
"""Share of the simulations, and of the tested ones, whose stimuli are also shuffled, each planted
layer adding as many."""
SUBSETS = 3
"""Draws of fewer stimuli, shared out among the simulations."""
FEWEST_STIMULI = 6
"""Below this many no curve is drawn."""
WAITING = 2**26
"""Numbers of simulated data that are kept to be tested together (256 or 512 MiB)."""
RELIABLE = 2**20
"""Pairs of stimuli in the simulations whose reliability is looked at, and `FEWEST_RELIABLE`."""
FEWEST_RELIABLE = 8
"""Simulations that show how reliable they all are: of many pairs they differ little."""
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
    data: MeasuredData, layers: Layers, planted: Sequence[int], *, seed: Sequence[int]
) -> Recovered:
    """Plant layers, simulate data, and see what comparing them concludes.

    Parameters
    ----------
    data : MeasuredData
        What the data are like.
    layers : Layers
    planted : sequence of int
        Candidates that are planted in turn.
    seed : sequence of int
    """
    design, terms = data.design, layers.terms
    roots = {
        index: features
        for index in planted
        if (features := layers.root(index, design.planting)).shape[1]
    }
    result = Recovered(_calibrations(data, layers, roots, seed))
    scores = SimulatedScores(layers, len(design.units), result)
    settings = terms.setting.inference.recovery
    n = settings.simulations
    width = design.n_stimuli * (design.n_stimuli + 2 * max(design.units)) * len(design.units)
    step = max(SUBSETS, min(n, BLOCK // width))
    for number, start in enumerate(range(0, n, step)):
        rng = np.random.default_rng([*seed, 2, number])
        draws = draw(design, min(step, n - start), rng)
        n_block = len(draws.mixing)
        nothing = orders_of(terms.groups, terms.along, int(np.ceil(NULL * n_block)), rng)
        n_tested = min(max(settings.tested - start, 0), n_block)
        for index, features in roots.items():
            scores.add(index, features, draws, nothing, n_tested)
    scores.decide()
    return result


def _calibrations(
    data: MeasuredData, layers: Layers, roots: dict[int, Floats], seed: Sequence[int]
) -> dict[int, Calibration]:
    """Return the noise that makes data simulated from each layer as reliable as the measured."""
    design = data.design
    n_tried = max(4, CALIBRATING // max(2, len(design.units)))
    rng, part = np.random.default_rng([*seed, 0]), None
    if design.n_stimuli > FINE:
        n_tried = max(4, n_tried // 2)
        rough: SimulatedDesign = replace(design, n_stimuli=ROUGH)
        chosen = np.sort(rng.permutation(design.n_stimuli)[:ROUGH])
        part = chosen, draw(rough, n_tried, rng)
    first = draw(design, n_tried, rng)
    return {
        index: calibrated(features, first, data.reliability, layers.measures[0], part)
        for index, features in roots.items()
    }


def sizes(n_stimuli: int, n_subjects: int) -> list[Size]:
    """Return the numbers of stimuli and subjects for which power is given, all of both first."""
    stimuli = {n for n in (n_stimuli // 2, n_stimuli // 4) if n >= FEWEST_STIMULI}
    subjects = {1, n_subjects // 2} - {0, n_subjects}
    return [
        (n_stimuli, n_subjects),
        *((n, n_subjects) for n in sorted(stimuli, reverse=True)),
        *((n_stimuli, n) for n in sorted(subjects, reverse=True)),
    ]


class SimulatedScores:
    """Every measure on every size.

    Parameters
    ----------
    layers : Layers
    n_subjects : int
    result : Recovered
        What is found is added to it.
    """

    def __init__(self, layers: Layers, n_subjects: int, result: Recovered) -> None:
        self.layers, self.measures, self.result = layers, layers.measures, result
        self.inference = layers.terms.setting.inference
        self.sizes = sizes(layers.n_stimuli, n_subjects)
        self.waiting: dict[SomeStimuli, list[Trial]] = {}
        self.shapes: Shapes = {}

    def add(
        self, planted: int, features: Floats, draws: SimulatedDraws, nothing: Counts, n_tested: int
    ) -> None:
        """Simulate a block from one planted layer and add what every measure finds in it.

        Parameters
        ----------
        planted : int
        features : array of shape (stimulus, component)
        draws : SimulatedDraws
        nothing : array of shape (simulation, stimulus)
            Orders for the first simulations, which are also looked at with stimuli shuffled.
        n_tested : int
        """
        angle = self.result.calibrations[planted].angle
        rdms = simulated_rdms(features, draws, draws.whole, angle)
        n_all = self.layers.n_stimuli
        for n_stimuli in dict.fromkeys(size[0] for size in self.sizes):
            for number, rows in self._subsets(n_stimuli, len(rdms)):
                part = self.layers.part(n_stimuli, number)
                chosen = rdms[rows]
                if n_stimuli < n_all:
                    chosen = chosen[..., part.pairs]
                tested = chosen[: len(range(n_tested)[rows])]
                self._wait("power_runner_up", planted, tested, part)
                self._scored(planted, chosen, part, nothing)
        n_null = min(int(np.ceil(NULL * n_tested)), len(nothing))
        each = np.repeat(nothing[:n_null], rdms.shape[1], axis=0)
        null = moved(rdms[:n_null].reshape(-1, rdms.shape[2]), each).reshape(rdms[:n_null].shape)
        self._wait("false_winner", planted, null, self.layers.part(n_all, 0))
        if draws.parts is not None:
            self._halves(planted, features, draws, draws.parts, angle)
        if sum(one.rdms.size for trials in self.waiting.values() for one in trials) > WAITING:
            self.decide()

    def decide(self) -> None:
        """Test what is kept."""
        under = self.inference.recovery.tested_under
        measures = self.measures if under == "all" else self.measures[:1]
        for part, trials in self.waiting.items():
            part.contest.decide(trials, measures)
        self.waiting.clear()

    def _scored(self, planted: int, rdms: Floats, part: SomeStimuli, nothing: Counts) -> None:
        """Add what measures find in data `(simulation, subject, pair)` on some stimuli."""
        look = part.seen.look(rdms)
        whole = part.n_stimuli == self.layers.n_stimuli
        null = look.moved(nothing) if whole and len(nothing) else None
        chance = Chance(part, planted, rdms, look, self.shapes)
        related = Related(chance, self.inference)
        for measure in self.measures:
            seen = measure.name in part.seen.spaces
            each = look.scores(measure) if seen else _compared(measure, rdms, part)
            for count in self._counts(part):
                size = (part.n_stimuli, count)
                tally = self._tally(measure.name, planted, size)
                tally.scores.append(each[:, :count].mean(axis=1))
                if not seen:
                    continue
                tally.claim("power_zero", related.told(measure, count))
                if size == self.sizes[0] and null is not None:
                    # The same data with their stimuli shuffled: as reliable, related to no layer.
                    found = self.result.null.setdefault((measure.name, planted), [])
                    found.append(null.scores(measure)[:, :count].mean(axis=1))
                    tally.claim("false_positive", related.told(measure, count, null))
            if whole and rdms.shape[1] > 1:
                among = look.among(measure) if seen else None
                self._reliable(measure, planted, rdms, among)

    def _halves(
        self, planted: int, features: Floats, draws: SimulatedDraws, parts: Noise, angle: float
    ) -> None:
        """Add how reliable the first simulations of one subject are."""
        whole = self.layers.part(self.layers.n_stimuli, 0)
        known = self._tally(self.measures[0].name, planted, self.sizes[0]).reliability
        n_pairs = self.layers.candidates.rdms.shape[1]
        left = max(FEWEST_RELIABLE, RELIABLE // n_pairs) - sum(map(len, known))
        if left <= 0:
            return
        scatter = None if parts.scatter is None else parts.scatter[:, :left]
        some = Noise(parts.patterns[:, :left], scatter)
        split = np.swapaxes(simulated_rdms(features, draws, some, angle)[:, :, 0], 0, 1)
        look = whole.seen.look(split)
        for measure in self.measures:
            seen = measure.name in whole.seen.spaces
            self._reliable(measure, planted, split, look.among(measure) if seen else None)

    def _reliable(self, measure: Measure, planted: int, rdms: Floats, among: Floats | None) -> None:
        """Add how alike the RDMs `(simulation, measurement, pair)` of a simulation are."""
        tally = self._tally(measure.name, planted, self.sizes[0])
        if among is None:
            tally.reliability.append(agreement(embedded(rdms, embedding(measure))))
        else:
            tally.reliability.append(agreement_of(among))

    def _counts(self, part: SomeStimuli) -> list[int]:
        return [size[1] for size in self.sizes if size[0] == part.n_stimuli]

    def _tally(self, measure: str, planted: int, size: Size) -> Tally:
        return self.result.tallies.setdefault((measure, planted, size), Tally())

    def _wait(self, effect: str, planted: int, rdms: Floats, part: SomeStimuli) -> None:
        """Keep simulations `(simulation, subject, pair)` until many can be tested at once."""
        table = self.layers.candidates.table
        model, counts = str(table["model"].iloc[planted]), self._counts(part)
        if effect == "false_winner":
            model, counts = "", counts[:1]

        def claim(measure: str, count: int, made: bool) -> None:
            self._tally(measure, planted, (part.n_stimuli, count)).claim(effect, [made])

        trials = [Trial(one.copy(), model, counts, claim) for one in rdms]
        self.waiting.setdefault(part, []).extend(trials)

    def _subsets(self, n_stimuli: int, n: int) -> Iterator[tuple[int, slice]]:
        """Yield which simulations see which draw of fewer stimuli."""
        if n_stimuli == self.layers.n_stimuli:
            yield 0, slice(None)
            return
        for number in range(min(SUBSETS, n)):
            yield number, slice(number, None, SUBSETS)


def _compared(measure: Measure, rdms: Floats, part: SomeStimuli) -> Floats:
    flat = measure.compare(rdms.reshape(-1, rdms.shape[-1]), part.candidates.rdms)
    return flat.reshape(*rdms.shape[:2], -1)
