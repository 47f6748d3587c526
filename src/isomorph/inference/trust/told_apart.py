"""Whether models are told apart in simulated data, by what `differences` and `contrasts` do.

In every simulation each model's layer is chosen on other stimuli than it is scored on, the choice
is made again in every resample, and the difference of two models has the p it would have in those
tables, not corrected for the number of models. Resamples and splits are the same for all
simulations, so that the candidates are looked at once for many of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.inference.chosen_layers import members_of
from isomorph.inference.differences import compared
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.groups import Labels
from isomorph.inference.members import ModelFamily, scored
from isomorph.inference.nested import choose_all
from isomorph.inference.on_axes import OnAxes
from isomorph.inference.scores import Prepared, Scores, scores_of
from isomorph.inference.setting import Draws, Setting, make_draws
from isomorph.inference.stimulus_splits import Stimuli
from isomorph.measures import Floats, Measure
from isomorph.measures.first_order import Sides

RESAMPLES = 50
"""Resamples of each simulation. They know a standard error to 10 %, which lifts a level of .05 to
.053 or so."""

ROOM = 2**25
"""Numbers held at once by scores in resamples and parts (256 MiB)."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Terms:
    """What simulated data are compared under: the same as the measured.

    Attributes
    ----------
    setting : Setting
        Its measure is replaced by each in turn.
    families : sequence of ModelFamily
        Models of the candidates.
    table : DataFrame
        The stimulus table, a row per stimulus in the order of the RDMs.
    groups : array of shape (stimulus,)
    where : str
        The study's file, for messages.
    along : OnAxes or None
        Where stimuli follow one another.
    """

    setting: Setting
    families: Sequence[ModelFamily]
    table: pd.DataFrame
    groups: Labels
    where: str
    along: OnAxes | None = None

    def on(self, kept: Bools) -> Terms:
        """Return the terms on a part of the stimuli `(stimulus,)`."""
        along = None if self.along is None else self.along.some(kept)
        groups = self.groups[kept] if along is None else along.groups
        return replace(self, table=self.table[kept], groups=groups, along=along)

    def part(self, n: int, rng: np.random.Generator) -> Bools:
        """Return a part of `n` stimuli: whole groups, but for the last; a stretch along axes."""
        return part_of(self.groups, n, rng) if self.along is None else self.along.part(n, rng)


def part_of(groups: Labels, n: int, rng: np.random.Generator) -> Bools:
    """Return a random part of `n` stimuli: whole groups, but for the last.

    Parameters
    ----------
    groups : array of shape (stimulus,)
    n : int
    rng : Generator
    """
    names, place = np.unique(groups, return_inverse=True)
    order = np.argsort(rng.permutation(len(names))[place], kind="stable")
    kept = np.zeros(len(groups), dtype=bool)
    kept[order[:n]] = True
    return kept


@dataclass(frozen=True)
class Trial:
    """A simulation in which a claim is tested.

    Attributes
    ----------
    rdms : array of shape (subject, pair)
    model : str
        Whose layer was planted; empty where nothing was.
    counts : sequence of int
        With how many of the subjects it is tested.
    claim : callable
        Told the measure's name, the number of subjects and whether the claim was made.
    """

    rdms: Floats
    model: str
    counts: Sequence[int]
    claim: Callable[[str, int, bool], None]


class Contest:
    """Models compared with simulated data on all stimuli, or on a part of them.

    Parameters
    ----------
    candidates : Candidates
        On these stimuli.
    terms : Terms
        On these stimuli.
    seed : sequence of int
    at_hand : callable
        What a measure sees of the candidates, where that is known.
    """

    def __init__(
        self,
        candidates: Candidates,
        terms: Terms,
        seed: Sequence[int],
        at_hand: Callable[[Measure], Sides | None] = lambda _: None,
    ) -> None:
        inference = terms.setting.inference
        few = inference.model_copy(
            update={
                "resamples": RESAMPLES,
                "permutations": 0,
                "selection": inference.selection.model_copy(update={"resamples": RESAMPLES}),
            }
        )
        self.candidates, self.terms = candidates, terms
        self.members = members_of(candidates.table["model"].tolist())
        self.layers = candidates.table["layer"].tolist()
        stimuli = Stimuli(
            terms.table,
            [candidates.rdms[own] for own in self.members.values()],
            terms.where,
            terms.groups,
            terms.along,
        )
        self.seed, self.minimum = seed, few.minimum_subjects
        self.draws: Draws = make_draws({}, stimuli, few, seed)
        self._known: dict[str, Prepared] = {}
        self._at_hand = at_hand

    def told(self, measure: Measure) -> bool:
        """Tell whether `differences` would have a p under this measure."""
        several = len(self.terms.families) > 1
        splits = self.draws.splits
        redrawn = splits.redrawn.scored_on
        often = 2 * np.count_nonzero(redrawn.any(axis=(2, 3)).all(axis=-1)) > len(redrawn)
        return several and measure.known_chance and not splits.reason and bool(often)

    def decide(self, trials: Sequence[Trial], measures: Sequence[Measure]) -> None:
        """Say of every trial whether its claim is made under each measure that tells.

        Where a layer was planted: its model scores higher than the best of the others, and the
        difference has a p at or below the level. Where none was: the same of the model that scores
        highest.
        """
        splits = self.draws.splits
        sides = (splits.sides, splits.redrawn)
        n_counts = len(self.draws.stimuli) + sum(
            int(np.prod(one.scored_on.shape[:-1])) for one in sides
        )
        most = max(1, ROOM // (n_counts * len(self.layers)))
        counts = {n for one in trials for n in (*one.counts, len(one.rdms))}
        draws = self.draws.with_subjects({str(n): n for n in counts}, self.minimum, self.seed)
        for measure in measures:
            if not self.told(measure):
                continue
            setting = replace(self.terms.setting, measure=measure)
            for some in _together(trials, most):
                regions = [
                    Region(str(len(one.rdms)), one.rdms, tuple(map(str, range(len(one.rdms)))),
                           None, None)
                    for one in some
                ]  # fmt: skip
                every = scores_of(regions, self._prepared(measure), draws, measure)
                for trial, scores in zip(some, every, strict=True):
                    for n in trial.counts:
                        own = scores.of(slice(n), draws.subjects[str(n)])
                        made = self._made(own, trial.model, setting)
                        trial.claim(measure.name, n, made)

    def _prepared(self, measure: Measure) -> Prepared:
        """Return the candidates as a measure sees them, whose influences are sums of products."""
        if self.draws.signs is None or not measure.to_first_order:
            return self.candidates.stack
        if measure.name not in self._known:
            sides = self._at_hand(measure) or measure.sides(self.candidates.stack).rounded()
            self._known[measure.name] = sides
        return self._known[measure.name]

    def _made(self, scores: Scores, model: str, setting: Setting) -> bool:
        chosen = choose_all(scores, self.members)
        members = scored(self.terms.families, chosen, self.layers)
        ranked = sorted(members, key=lambda one: -one.score)
        own = (one for one in ranked if not model or model in one.family.instances)
        first = next(own, None)
        second = next((one for one in ranked if one is not first), None)
        if first is None or second is None:
            return False
        (row,), _ = compared(chosen, [(first, second)], setting)
        return bool(row["difference"] > 0 and row["p"] <= setting.inference.recovery.level)


def _together(trials: Sequence[Trial], most: int) -> Iterator[list[Trial]]:
    """Yield trials that have at most so many RDMs together."""
    ends = np.cumsum([len(one.rdms) for one in trials])
    for _, some in groupby(zip(ends, trials, strict=True), lambda pair: (pair[0] - 1) // most):
        yield [trial for _, trial in some]
