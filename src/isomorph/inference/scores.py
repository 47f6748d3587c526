"""What is said of a region is made from this: its scores on all stimuli, in resamples, on parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from isomorph.inference.bootstrap import Resampled, resampled_means
from isomorph.inference.gather import Region, in_draws, over_draws
from isomorph.inference.setting import Draws
from isomorph.inference.stimulus_splits import Sides
from isomorph.measures import Counts, Floats, Measure, Stack
from isomorph.measures.stack import Stackable, stacked


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
    """

    estimate: Floats
    resampled: Floats
    plain: Floats
    drawn: Floats
    parts: Sides
    redrawn: Sides
    subject_draws: Counts | None
    n_stimuli: int
    n_groups: int

    def estimates(self) -> Resampled:
        """Return the estimates of all candidates under every kind of draw."""
        return self._means(self.resampled, self.estimate)

    def calibrated(self) -> Resampled:
        """Return the candidates' values against chance under every kind of draw."""
        return self._means(self.drawn, self.plain)

    def _means(self, drawn: Floats, plain: Floats) -> Resampled:
        return resampled_means(drawn, plain, self.subject_draws, self.n_groups)


def scores_of(
    regions: Sequence[Region], candidates: Stackable, draws: Draws, measure: Measure
) -> list[Scores]:
    """Return the scores of every region under all draws and splits, in one pass each.

    Parameters
    ----------
    regions : sequence of Region
    candidates : Stack, or RDMs (candidate, pair)
    draws : Draws
    measure : Measure
    """
    candidates = stacked(candidates)
    ends = np.cumsum([0, *(len(region.rdms) for region in regions)]).tolist()
    rows = [slice(start, end) for start, end in pairwise(ends)]
    units = in_draws(regions)
    estimate, plain = over_draws(units, lambda every: measure.calibrated(every, candidates))
    resampled, drawn = over_draws(
        units, lambda every: measure.calibrated(every, candidates, draws.stimuli)
    )

    def parts(sides: Sides) -> list[Sides]:
        both = sides.mapped(lambda counts: _on(counts, units, candidates, measure))
        return [both.mapped(partial(_of_rows, own)) for own in rows]

    whole, redrawn = parts(draws.splits.sides), parts(draws.splits.redrawn)
    return [
        Scores(
            estimate=estimate[own],
            resampled=resampled[:, own],
            plain=plain[own],
            drawn=drawn[:, own],
            parts=whole[place],
            redrawn=redrawn[place],
            subject_draws=draws.subjects[region.name],
            n_stimuli=draws.stimuli.shape[1],
            n_groups=draws.n_groups,
        )
        for place, (region, own) in enumerate(zip(regions, rows, strict=True))
    ]


def _of_rows(own: slice, values: Floats) -> Floats:
    return values[..., own, :]


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
