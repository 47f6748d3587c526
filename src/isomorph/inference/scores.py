"""What is said of a region is made from this: its scores on all stimuli, in resamples, on parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from isomorph.inference.bootstrap import OfPairs, Resampled, by_groups, resampled_means
from isomorph.inference.gather import Region, in_draws, over_draws
from isomorph.inference.setting import Draws
from isomorph.inference.stimulus_splits import Sides as SplitSides
from isomorph.inference.ties import Indices
from isomorph.measures import Counts, Floats, Measure, Stack
from isomorph.measures.first_order import FirstOrder, Sides
from isomorph.measures.stack import Stackable, stacked

Prepared = Stackable | Sides
"""Representations, or what a measure sees of them, see `Measure.sides`."""


@dataclass(frozen=True)
class Scores:
    """One region against all candidates, under every draw and split.

    Attributes
    ----------
    estimate : array of shape (subject, candidate)
        The measure, on all stimuli.
    resampled : array of shape (resample, subject, candidate)
        The measure, on the stimuli each resample drew.
    plain, drawn : arrays of shapes (subject, candidate) and (resample, subject, candidate)
        The same set against chance, as everything is that is compared with another: the measure
        itself where its chance level is 0.
    parts : Sides
        Set against chance, on both sides of every split of all stimuli.
    redrawn : Sides
        Likewise, of the first resamples.
    subject_draws : array of shape (resample, subject) or None
        None where subjects are too few to resample.
    n_stimuli, n_groups : int
        Stimuli, and how many of them were drawn independently.
    of_pairs, plain_of_pairs : array of shape (group, subject, candidate) or None
        Where draws are linear in the stimuli, what pairs of stimuli add to the measure, and to the
        measure set against chance, beside what either stimulus adds; see `OfPairs`.
    """

    estimate: Floats
    resampled: Floats
    plain: Floats
    drawn: Floats
    parts: SplitSides
    redrawn: SplitSides
    subject_draws: Counts | None
    n_stimuli: int
    n_groups: int
    of_pairs: Floats | None = None
    plain_of_pairs: Floats | None = None

    def estimates(self) -> Resampled:
        """Return the estimates of all candidates under every kind of draw."""
        return self._means(self.resampled, self.estimate, self.of_pairs)

    def calibrated(self) -> Resampled:
        """Return the candidates' values against chance under every kind of draw."""
        return self._means(self.drawn, self.plain, self.plain_of_pairs)

    def of(self, subjects: slice, subject_draws: Counts | None) -> Scores:
        """Return the scores of some of the subjects, and how often each of them is drawn."""

        def own(values: Floats | None) -> Floats | None:
            return None if values is None else values[..., subjects, :]

        return replace(
            self,
            estimate=self.estimate[subjects],
            resampled=self.resampled[:, subjects],
            plain=self.plain[subjects],
            drawn=self.drawn[:, subjects],
            parts=self.parts.mapped(lambda values: values[..., subjects, :]),
            redrawn=self.redrawn.mapped(lambda values: values[..., subjects, :]),
            subject_draws=subject_draws,
            of_pairs=own(self.of_pairs),
            plain_of_pairs=own(self.plain_of_pairs),
        )

    def of_pairs_against_chance(self, candidates: Sequence[int] | Indices) -> OfPairs | None:
        """Return what pairs of stimuli add to calibrated values of some candidates."""
        added = self.plain_of_pairs
        return self._of_pairs(None if added is None else added[..., candidates])

    def _of_pairs(self, added: Floats | None) -> OfPairs | None:
        if added is None:
            return None
        return OfPairs.over_subjects(added, drawn=self.subject_draws is not None)

    def _means(self, drawn: Floats, plain: Floats, added: Floats | None) -> Resampled:
        of_pairs = self._of_pairs(added)
        return resampled_means(drawn, plain, self.subject_draws, self.n_groups, of_pairs)


def scores_of(
    regions: Sequence[Region], candidates: Prepared, draws: Draws, measure: Measure
) -> list[Scores]:
    """Return the scores of every region under all draws and splits, in one pass each.

    Parameters
    ----------
    regions : sequence of Region
    candidates : Stack, RDMs (candidate, pair), or what the measure sees of them
    draws : Draws
    measure : Measure
    """
    units = in_draws(regions)
    if draws.signs is not None and measure.to_first_order:
        every = _linear(units, candidates, draws, measure)
    else:
        assert not isinstance(candidates, Sides), "everything is computed again"
        every = _anew(units, stacked(candidates), draws, measure)
    ends = np.cumsum([0, *(len(region.rdms) for region in regions)]).tolist()
    return [
        every.of(slice(start, end), draws.subjects[region.name])
        for region, (start, end) in zip(regions, pairwise(ends), strict=True)
    ]


def _anew(units: Sequence[Stack], candidates: Stack, draws: Draws, measure: Measure) -> Scores:
    """Return scores of all subjects, computed again in every resample and on every part."""
    estimate, plain = over_draws(units, lambda every: measure.calibrated(every, candidates))
    resampled, drawn = over_draws(
        units, lambda every: measure.calibrated(every, candidates, draws.stimuli)
    )
    parts, redrawn = (
        sides.mapped(lambda counts: _on(counts, units, candidates, measure))
        for sides in (draws.splits.sides, draws.splits.redrawn)
    )
    n_stimuli = draws.stimuli.shape[1]
    return Scores(
        estimate, resampled, plain, drawn, parts, redrawn, None, n_stimuli, draws.n_groups
    )


def _linear(units: Sequence[Stack], candidates: Prepared, draws: Draws, measure: Measure) -> Scores:
    """Return scores of all subjects, varying as what each stimulus adds says."""
    assert draws.signs is not None, "or everything is computed again"
    found = [measure.first_order(every, candidates, draws.signs) for every in units]
    value, plain = (FirstOrder.mean(each) for each in zip(*found, strict=True))
    resampled = value.resampled(draws.stimuli)
    splits = draws.splits
    return Scores(
        estimate=value.value,
        resampled=resampled,
        plain=plain.value,
        drawn=resampled if plain is value else plain.resampled(draws.stimuli),
        parts=splits.sides.mapped(plain.resampled),
        redrawn=splits.redrawn.mapped(plain.resampled),
        subject_draws=None,
        n_stimuli=draws.stimuli.shape[1],
        n_groups=draws.n_groups,
        of_pairs=by_groups(value.of_pairs, draws.groups),
        plain_of_pairs=by_groups(plain.of_pairs, draws.groups),
    )


def _on(counts: Counts, units: Sequence[Stack], candidates: Stack, measure: Measure) -> Floats:
    """Return scores `(..., subject, candidate)` on stimuli `(..., stimulus)`, NaN on none."""
    flat = counts.reshape(-1, counts.shape[-1])
    some = flat.any(axis=1)
    found = np.full((len(flat), len(units[0]), len(candidates)), np.nan)
    if some.any():
        found[some] = over_draws(
            units, lambda every: (measure.calibrated(every, candidates, flat[some])[1],)
        )[0]
    return found.reshape(*counts.shape[:-1], *found.shape[1:])
