"""Data simulated from layers and compared as the measured data were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isomorph.inference.gather import Candidates
from isomorph.inference.trust.observed import Observed
from isomorph.inference.trust.outcomes import (
    Data,
    Kin,
    above,
    against_zero,
    places,
    runners_up,
)
from isomorph.inference.trust.planting import root
from isomorph.inference.trust.reliability import (
    Calibration,
    agreement,
    calibrated,
    embedded,
    embedding,
)
from isomorph.inference.trust.rows import Tally
from isomorph.inference.trust.simulation import Draws, draw, mix
from isomorph.measures import Floats, Measure, stimulus_count
from isomorph.measures.pairs import pair_indices

CALIBRATING = 30
"""Simulated RDMs on which the level of noise is found."""
SUBSETS = 3
"""Draws of fewer stimuli, shared out among the simulations."""
FEWEST_STIMULI = 6
"""Below this many no curve is drawn."""
NULL = 0.4
"""Share of the simulations whose stimuli are also shuffled, each planted layer adding as many."""
BLOCK = 2**25
"""Numbers held at once by simulated data (256 MiB)."""

Size = tuple[int, int]
"""Stimuli and subjects."""
Key = tuple[str, int, Size]
"""Measure, planted candidate, size."""


@dataclass(frozen=True)
class Arena:
    """Candidates as one measure sees them, on all stimuli or on a part of them.

    Attributes
    ----------
    measure : Measure
    candidates : (candidate, pair)
        Embedded, or as they are for a measure that is no inner product.
    """

    measure: Measure
    candidates: Floats

    @classmethod
    def of(cls, measure: Measure, rdms: Floats) -> Arena:
        if measure.embed is None:
            return cls(measure, rdms)
        return cls(measure, measure.embed(rdms).astype(np.float32))


@dataclass(frozen=True)
class Recovered:
    """What was found.

    Attributes
    ----------
    calibrations : dict of int to Calibration
        By planted candidate.
    tallies : dict
        By measure, planted candidate and size.
    null : dict of (measure, planted) to list of (simulation, candidate)
        Scores of data whose stimuli were shuffled, so that nothing is planted in them.
    """

    calibrations: dict[int, Calibration]
    tallies: dict[Key, Tally]
    null: dict[tuple[str, int], list[Floats]]


def sizes(n_stimuli: int, n_subjects: int) -> list[Size]:
    """Return how many stimuli and subjects power is told of, all of both first."""
    stimuli = {n for n in (n_stimuli // 2, n_stimuli // 4) if n >= FEWEST_STIMULI}
    subjects = {1, n_subjects // 2} - {0, n_subjects}
    return [
        (n_stimuli, n_subjects),
        *((n, n_subjects) for n in sorted(stimuli, reverse=True)),
        *((n_stimuli, n) for n in sorted(subjects, reverse=True)),
    ]


def recover(
    observed: Observed,
    candidates: Candidates,
    planted: Sequence[int],
    kin: Kin,
    measures: Sequence[Measure],
    *,
    n: int,
    level: float,
    seed: Sequence[int],
) -> Recovered:
    """Plant layers, simulate data, and see what comparing them concludes.

    Parameters
    ----------
    observed : Observed
        What the data are like.
    candidates : Candidates
        All layers, under the distance that models have.
    planted : sequence of int
        Candidates that are planted in turn.
    kin : Kin
    measures : sequence of Measure
        All judge the same data; the noise is set under the first.
    n : int
        Simulations per planted layer.
    level : float
        Of tests.
    seed : sequence of int
    """
    design = observed.design
    roots = {
        index: features
        for index in planted
        if (features := root(candidates.rdms[index], design.planting)).shape[1]
    }
    tried = CALIBRATING // max(2, len(design.units))
    first = draw(design, max(4, tried), np.random.default_rng([*seed, 0]))
    result = Recovered(
        {
            index: calibrated(features, first, observed.reliability, measures[0])
            for index, features in roots.items()
        },
        {},
        {},
    )
    judges = _Judges(candidates, kin, measures, design.n_stimuli, level, np.random.default_rng(
        [*seed, 1]))  # fmt: skip
    width = design.n_stimuli * (design.n_stimuli * 4 + 2 * max(design.units)) * len(design.units)
    step = max(SUBSETS, min(n, BLOCK // width))
    for number, start in enumerate(range(0, n, step)):
        rng = np.random.default_rng([*seed, 2, number])
        draws = draw(design, min(step, n - start), rng)
        n_null = int(np.ceil(NULL * len(draws.mixing)))
        orders = rng.permuted(np.tile(np.arange(design.n_stimuli), (n_null, 1)), axis=1)
        nothing = places(orders)
        for index, features in roots.items():
            judges.judge(index, features, draws, result, nothing)
    return result


class _Judges:
    """Every measure on every size, candidates prepared once."""

    def __init__(
        self,
        candidates: Candidates,
        kin: Kin,
        measures: Sequence[Measure],
        n_stimuli: int,
        level: float,
        rng: np.random.Generator,
    ) -> None:
        self.kin, self.measures, self.level = kin, measures, level
        self.rdms, self.n_stimuli = candidates.rdms, n_stimuli
        self.rng = rng
        self.n_shuffles = round(10 / level) - 1
        self.arenas: dict[tuple[str, int, int], Arena] = {}
        self.parts: dict[tuple[int, int], npt.NDArray[np.intp]] = {}
        self.shuffles: dict[int, npt.NDArray[np.intp]] = {}

    def judge(
        self,
        planted: int,
        features: Floats,
        draws: Draws,
        result: Recovered,
        nothing: npt.NDArray[np.intp],
    ) -> None:
        """Simulate a block from one planted layer and add what every measure finds in it."""
        whole, halves = mix(features, draws)
        angle = result.calibrations[planted].angle
        rdms = whole.rdms(angle)
        split = None if halves is None else np.swapaxes(halves.rdms(angle)[:, :, 0], 0, 1)
        all_sizes = sizes(self.n_stimuli, rdms.shape[1])
        for measure in self.measures:
            embed = embedding(measure)
            for n_stimuli in dict.fromkeys(size[0] for size in all_sizes):
                counts = [size[1] for size in all_sizes if size[0] == n_stimuli]
                for part, rows in self._parts(n_stimuli, len(rdms)):
                    pairs = self._pairs(n_stimuli, part)
                    chosen = rdms[rows] if pairs is None else rdms[rows][..., pairs]
                    arena = self._arena(measure, n_stimuli, part)
                    for count, scores, data in self._scored(chosen, arena, counts):
                        key = (measure.name, planted, (n_stimuli, count))
                        tally = result.tallies.setdefault(key, Tally())
                        tally.scores.append(scores)
                        self._claims(tally, planted, scores, data, arena)
                        if (n_stimuli, count) == all_sizes[0]:
                            self._null(tally, planted, data, arena, result, nothing)
                            if data is not None and split is None:
                                twice = data.subjects
                            else:
                                twice = embedded(rdms if split is None else split, embed)
                            tally.reliability.append(agreement(twice))

    def _scored(
        self, rdms: Floats, arena: Arena, counts: Sequence[int]
    ) -> Iterator[tuple[int, Floats, Data | None]]:
        """Yield scores `(simulation, candidate)` with the first so many subjects."""
        measure = arena.measure
        if measure.embed is None:
            flat = measure.compare(rdms.reshape(-1, rdms.shape[-1]), arena.candidates)
            each = flat.reshape(*rdms.shape[:2], -1)
            for count in counts:
                yield count, each[:, :count].mean(axis=1), None
            return
        vectors = embedded(rdms, measure.embed).astype(np.float32)
        for count in counts:
            mean = vectors[:, :count].mean(axis=1)
            yield count, mean @ arena.candidates.T, Data(vectors[:, :count], mean)

    def _claims(
        self, tally: Tally, planted: int, scores: Floats, data: Data | None, arena: Arena
    ) -> None:
        if data is None:
            return
        shuffles = self._shuffles(stimulus_count(arena.candidates.shape[1]))
        own = arena.candidates[planted]
        tally.claim("power_zero", against_zero(data.mean, own, shuffles, self.level))
        if (self.kin.family == self.kin.family[planted]).all():
            return
        better = np.full(len(scores), planted)
        rivals = runners_up(scores, better, self.kin.family)
        told = above(data, better, rivals, arena.candidates, self.level)
        tally.claim("power_runner_up", told)

    def _null(
        self,
        tally: Tally,
        planted: int,
        data: Data | None,
        arena: Arena,
        result: Recovered,
        nothing: npt.NDArray[np.intp],
    ) -> None:
        """Shuffle the stimuli of every data set: as reliable, and related to no layer."""
        if data is None:
            return
        shown = data.subjects[: len(nothing)]
        subjects = np.take_along_axis(shown, nothing[:, None], axis=2)
        null = Data(subjects, subjects.mean(axis=1))
        scores = null.mean @ arena.candidates.T
        result.null.setdefault((arena.measure.name, planted), []).append(scores)
        shuffles = self._shuffles(self.n_stimuli)
        own = arena.candidates[planted]
        tally.claim("false_positive", against_zero(null.mean, own, shuffles, self.level))
        winner = scores.argmax(axis=1)
        rivals = runners_up(scores, winner, self.kin.family)
        if (rivals >= 0).all():
            told = above(null, winner, rivals, arena.candidates, self.level)
            tally.claim("false_winner", told)

    def _parts(self, n_stimuli: int, n: int) -> list[tuple[int, slice]]:
        """Return which simulations see which draw of fewer stimuli."""
        if n_stimuli == self.n_stimuli:
            return [(0, slice(None))]
        return [(part, slice(part, None, SUBSETS)) for part in range(min(SUBSETS, n))]

    def _pairs(self, n_stimuli: int, part: int) -> npt.NDArray[np.intp] | None:
        """Return the pairs of a random part of the stimuli, None for all."""
        if n_stimuli == self.n_stimuli:
            return None
        if (n_stimuli, part) not in self.parts:
            kept = np.zeros(self.n_stimuli, dtype=bool)
            kept[self.rng.permutation(self.n_stimuli)[:n_stimuli]] = True
            first, second = pair_indices(self.n_stimuli)
            self.parts[n_stimuli, part] = np.flatnonzero(kept[first] & kept[second])
        return self.parts[n_stimuli, part]

    def _arena(self, measure: Measure, n_stimuli: int, part: int) -> Arena:
        key = (measure.name, n_stimuli, part)
        if key not in self.arenas:
            pairs = self._pairs(n_stimuli, part)
            rdms = self.rdms if pairs is None else self.rdms[:, pairs]
            self.arenas[key] = Arena.of(measure, rdms)
        return self.arenas[key]

    def _shuffles(self, n_stimuli: int) -> npt.NDArray[np.intp]:
        """Return the shuffles that test against independence, the same for all data."""
        if n_stimuli not in self.shuffles:
            rows = np.tile(np.arange(n_stimuli), (self.n_shuffles, 1))
            self.shuffles[n_stimuli] = places(self.rng.permuted(rows, axis=1))
        return self.shuffles[n_stimuli]
