"""What comparing simulated data concludes, under every measure and with less of everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isomorph.inference.gather import Candidates
from isomorph.inference.groups import exchanged, too_few_orders
from isomorph.inference.trust.claims import Bools, Contest, Terms, Trial, pairs_of, part_of
from isomorph.inference.trust.outcomes import Data, Kin, against_zero, places
from isomorph.inference.trust.reliability import (
    Calibration,
    agreement,
    embedded,
    embedding,
)
from isomorph.inference.trust.rows import Tally
from isomorph.measures import Floats, Measure
from isomorph.simulation.gaussian import Draws, mix

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


class Judges:
    """Every measure on every size, candidates prepared once."""

    def __init__(
        self,
        candidates: Candidates,
        kin: Kin,
        measures: Sequence[Measure],
        terms: Terms,
        n_subjects: int,
        seed: Sequence[int],
        result: Recovered,
    ) -> None:
        self.candidates, self.kin, self.measures = candidates, kin, measures
        self.terms, self.inference = terms, terms.setting.inference
        self.n_stimuli = len(terms.groups)
        self.sizes = sizes(self.n_stimuli, n_subjects)
        self.seed, self.result = seed, result
        self.rng = np.random.default_rng([*seed, 1])
        self.n_shuffles = round(10 / self.inference.recovery.level) - 1
        self.arenas: dict[tuple[str, int, int], Arena] = {}
        self.kept: dict[tuple[int, int], Bools] = {}
        self.shuffles: dict[tuple[int, int], npt.NDArray[np.intp]] = {}
        self.contests: dict[tuple[int, int], Contest] = {}
        self.waiting: dict[tuple[int, int], list[Trial]] = {}

    def judge(
        self,
        planted: int,
        features: Floats,
        draws: Draws,
        nothing: npt.NDArray[np.intp],
        n_tested: int,
    ) -> None:
        """Simulate a block from one planted layer and add what every measure finds in it."""
        whole, halves = mix(features, draws)
        angle = self.result.calibrations[planted].angle
        rdms = whole.rdms(angle)
        split = None if halves is None else np.swapaxes(halves.rdms(angle)[:, :, 0], 0, 1)
        for n_stimuli in dict.fromkeys(size[0] for size in self.sizes):
            for part, rows in self._parts(n_stimuli, len(rdms)):
                place, pairs = (n_stimuli, part), self._pairs(n_stimuli, part)
                chosen = rdms[rows] if pairs is None else rdms[rows][..., pairs]
                self._wait("power_runner_up", planted, chosen[: len(range(n_tested)[rows])], place)
                for measure in self.measures:
                    self._measured(measure, planted, chosen, place, nothing, split)
        n_null = min(int(np.ceil(NULL * n_tested)), len(nothing))
        null = np.take_along_axis(rdms[:n_null], nothing[:n_null, None], axis=2)
        self._wait("false_winner", planted, null, (self.n_stimuli, 0))
        if sum(one.rdms.size for trials in self.waiting.values() for one in trials) > WAITING:
            self.decide()

    def _measured(
        self,
        measure: Measure,
        planted: int,
        rdms: Floats,
        place: tuple[int, int],
        nothing: npt.NDArray[np.intp],
        split: Floats | None,
    ) -> None:
        """Add what one measure finds in data on some stimuli."""
        arena = self._arena(measure, *place)
        counts = [size[1] for size in self.sizes if size[0] == place[0]]
        for count, scores, data in self._scored(rdms, arena, counts):
            size = (place[0], count)
            tally = self._tally(measure.name, planted, size)
            tally.scores.append(scores)
            if data is not None:
                tally.claim("power_zero", self._related(data.mean, arena, planted, place))
            if size == self.sizes[0]:
                self._null(tally, planted, data, arena, nothing)
                if data is not None and split is None:
                    twice = data.subjects
                else:
                    twice = embedded(rdms if split is None else split, embedding(measure))
                tally.reliability.append(agreement(twice))

    def _tally(self, measure: str, planted: int, size: Size) -> Tally:
        return self.result.tallies.setdefault((measure, planted, size), Tally())

    def _wait(self, effect: str, planted: int, rdms: Floats, place: tuple[int, int]) -> None:
        """Keep simulations `(simulation, subject, pair)` until many can be tested at once."""
        model = str(self.candidates.table["model"].iloc[planted])
        counts = [size[1] for size in self.sizes if size[0] == place[0]]
        if effect == "false_winner":
            model, counts = "", counts[:1]

        def claim(measure: str, count: int, made: bool) -> None:
            self._tally(measure, planted, (place[0], count)).claim(effect, [made])

        trials = [Trial(one.copy(), model, counts, claim) for one in rdms]
        self.waiting.setdefault(place, []).extend(trials)

    def decide(self) -> None:
        """Test what is kept."""
        under = self.inference.recovery.tested_under
        measures = self.measures if under == "all" else self.measures[:1]
        for place, trials in self.waiting.items():
            if trials:
                self._contest(*place).decide(trials, measures)
        self.waiting.clear()

    def _contest(self, n_stimuli: int, part: int) -> Contest:
        if (n_stimuli, part) not in self.contests:
            pairs = self._pairs(n_stimuli, part)
            some, terms = self.candidates, self.terms
            if pairs is not None:
                some = Candidates(some.table, some.rdms[:, pairs])
                terms = terms.on(self.kept[n_stimuli, part])
            counts = [size[1] for size in self.sizes if size[0] == n_stimuli]
            seed = [*self.seed, 4, n_stimuli, part]
            self.contests[n_stimuli, part] = Contest(some, terms, counts, seed)
        return self.contests[n_stimuli, part]

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

    def _related(
        self, data: Floats, arena: Arena, planted: int, place: tuple[int, int]
    ) -> Bools | None:
        """Tell which data are related to the planted layer; None where no test can."""
        shuffles = self._shuffles(*place)
        if not len(shuffles):
            return None
        return against_zero(data, arena.candidates[planted], shuffles, self.inference)

    def _null(
        self,
        tally: Tally,
        planted: int,
        data: Data | None,
        arena: Arena,
        nothing: npt.NDArray[np.intp],
    ) -> None:
        """Shuffle the stimuli of some data sets: as reliable, and related to no layer."""
        if data is None or not len(nothing):
            return
        null = np.take_along_axis(data.mean[: len(nothing)], nothing, axis=1)
        scores = null @ arena.candidates.T
        self.result.null.setdefault((arena.measure.name, planted), []).append(scores)
        tally.claim("false_positive", self._related(null, arena, planted, (self.n_stimuli, 0)))

    def _parts(self, n_stimuli: int, n: int) -> list[tuple[int, slice]]:
        """Return which simulations see which draw of fewer stimuli."""
        if n_stimuli == self.n_stimuli:
            return [(0, slice(None))]
        return [(part, slice(part, None, SUBSETS)) for part in range(min(SUBSETS, n))]

    def _pairs(self, n_stimuli: int, part: int) -> npt.NDArray[np.intp] | None:
        """Return the pairs of a random part of the stimuli, None for all."""
        if n_stimuli == self.n_stimuli:
            return None
        if (n_stimuli, part) not in self.kept:
            self.kept[n_stimuli, part] = part_of(self.terms.groups, n_stimuli, self.rng)
        return pairs_of(self.kept[n_stimuli, part])

    def _arena(self, measure: Measure, n_stimuli: int, part: int) -> Arena:
        key = (measure.name, n_stimuli, part)
        if key not in self.arenas:
            pairs = self._pairs(n_stimuli, part)
            rdms = self.candidates.rdms
            self.arenas[key] = Arena.of(measure, rdms if pairs is None else rdms[:, pairs])
        return self.arenas[key]

    def _shuffles(self, n_stimuli: int, part: int) -> npt.NDArray[np.intp]:
        """Return the shuffles that test against independence, the same for all data."""
        if (n_stimuli, part) not in self.shuffles:
            groups = self.terms.groups
            if n_stimuli < self.n_stimuli:
                groups = groups[self.kept[n_stimuli, part]]
            n = 0 if too_few_orders(groups) else self.n_shuffles
            self.shuffles[n_stimuli, part] = places(exchanged(groups, n, self.rng))
        return self.shuffles[n_stimuli, part]
