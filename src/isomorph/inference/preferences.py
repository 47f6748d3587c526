"""Whether a layer is more similar to one region than to another.

Scores of two regions differ for reasons that no layer has a part in: the one of which more units
were recorded, or which is recorded with less noise, scores higher with every layer. Such reasons
multiply the scores of a region by one number, the root of its reliability (Spearman 1904), so
scores divided by that root are set against each other.

The reliability of two halves of the repetitions knows of noise, not of the choice of units, and a
handful of units differs from another handful of the same population however many stimuli are
shown. So units have to be sampled as well as stimuli: with subjects, each of whom has units of
their own, or with equally many units drawn from every region (`units.equalise`), whose draws tell
how far scores vary with units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from isomorph.inference.bootstrap import OfPairs, Resampled
from isomorph.inference.chosen_layers import members_of
from isomorph.inference.crossings import pairs_at_one_time
from isomorph.inference.differences import ROUNDING, SAME_SCORES, UNTOLD, largest_of, statistic_of
from isomorph.inference.estimated import estimated
from isomorph.inference.families import Hypotheses
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.region_reliability import SURE
from isomorph.inference.scores import Scores
from isomorph.inference.setting import Draws, Setting
from isomorph.inference.spread import Spread, satterthwaite
from isomorph.inference.standings import Standing, standing
from isomorph.inference.ties import Indices, first_best
from isomorph.measures import Floats

MOST = 50_000
"""Rows of one distance and measure. Were there more, every model would have one row for a pair of
regions, at the layer that is best for both together, which does not say for which it is better."""

UNLIKE = (
    "one region has a reliability between subjects and the other one of halves, which do not know "
    "of the same noise"
)
FEW = "in too many resamples the subjects drawn are one alone, or do not agree: no reliability"
NO_UNITS = (
    "how far the difference varies with units is not known: it takes subjects enough to resample, "
    "or units.equalise with fewer units than either region has"
)


def preferences(
    regions: Sequence[Region],
    scores: Sequence[Scores],
    candidates: Candidates,
    draws: Draws,
    setting: Setting,
) -> list[Hypotheses]:
    """Set every two regions of a dataset against each other at every layer.

    `difference` is that of normalised scores. Its spread is over stimuli, the same in both
    regions; over subjects where both have enough, the same where the regions are of the same
    subjects; else over units. Of time bins those at the same time are compared.

    Parameters
    ----------
    regions : sequence of Region
    scores : sequence of Scores
        Of each region.
    candidates : Candidates
    draws : Draws
    setting : Setting
    """
    pairs = pairs_at_one_time(regions)
    standings = {
        at: standing(
            regions[at],
            scores[at],
            candidates.stack,
            draws.stimuli,
            setting.of_brain,
            setting.measure,
            draws.signs,
        )
        for at in sorted({at for pair in pairs for at in pair})
    }
    every = np.arange(len(candidates.table))
    return [
        _hypotheses(
            standings[a],
            standings[b],
            every if len(pairs) * len(every) <= MOST else _best(scores[a], scores[b], candidates),
            candidates,
            setting,
            draws.unsure,
        )
        for a, b in pairs
    ]


def _best(first: Scores, second: Scores, candidates: Candidates) -> Indices:
    """Return the candidate of every model that is best for two regions together."""
    both = first.estimate.mean(axis=0) + second.estimate.mean(axis=0)
    members = members_of(candidates.table["model"].tolist())
    return np.array([layers[first_best(both[layers])] for layers in members.values()])


def _hypotheses(
    first: Standing,
    second: Standing,
    layers: Indices,
    candidates: Candidates,
    setting: Setting,
    unsure: str,
) -> Hypotheses:
    """Return the rows of two regions."""
    reason = unsure or first.reason or second.reason
    if not reason and (len(first.agreement) == 1) != (len(second.agreement) == 1):
        reason = UNLIKE
    nothing = np.full(len(layers), np.nan)
    one, other = (nothing if reason else each.normalised[layers] for each in (first, second))
    difference, drawn = one - other, None
    spread = Spread(nothing, "", np.nan)
    if not reason:
        drawn = _apart(first, second).mapped(partial(np.take, indices=layers, axis=1))
        found = _with_units(drawn.spread(), first, second, layers, drawn.over_both is not None)
        if found is None:
            reason = NO_UNITS
        elif np.isfinite(drawn.widest).any(axis=1).mean() < SURE:
            reason = FEW
        else:
            spread = found
    same = (spread.standard_error <= ROUNDING) & (np.abs(difference) <= ROUNDING)
    p = spread.two_sided_p(np.where(same, np.nan, difference))
    tested = np.isfinite(p)
    told = estimated(
        difference,
        spread,
        setting.inference.interval,
        unsure=reason,
        untested=np.where(tested, "", np.where(same, SAME_SCORES, UNTOLD)),
    )
    rows = candidates.table.iloc[layers].reset_index(drop=True)
    rows = rows.assign(
        **setting.columns,
        region_a=first.region.name,
        region_b=second.region.name,
        time_start=first.region.time_start,
        time_stop=first.region.time_stop,
        score_a=first.scores.estimate.mean(axis=0)[layers],
        score_b=second.scores.estimate.mean(axis=0)[layers],
        normalised_a=one,
        normalised_b=other,
        difference=difference,
        **told,
        p=p,
        n_stimuli=first.scores.n_stimuli,
        n_subjects_a=len(first.region.subjects),
        n_subjects_b=len(second.region.subjects),
        n_units_a=first.region.n_units,
        n_units_b=second.region.n_units,
    )
    largest = np.full(len(first.scores.resampled), -np.inf)
    if drawn is not None:
        largest = largest_of(drawn, tested)
    return Hypotheses(rows, statistic_of(p), largest)


def _apart(first: Standing, second: Standing) -> Resampled:
    """Return differences of normalised scores under every kind of draw.

    Regions of as many subjects share the draws of subjects, which keeps two regions of one subject
    together; of different subjects those of one region are taken in another order.
    """
    draws = [each.scores.subject_draws for each in (first, second)]
    same = first.region.subjects == second.region.subjects
    if draws[0] is None or draws[1] is None:
        draws = [None, None]
    elif not same:
        draws[1] = draws[1][::-1]
    one, other = (each.resampled(own) for each, own in zip((first, second), draws, strict=True))
    subjects = _less(one.over_subjects, other.over_subjects)
    return Resampled(
        one.over_stimuli - other.over_stimuli,
        subjects,
        _less(one.over_both, other.over_both),
        one.n_stimuli,
        min(one.n_subjects, other.n_subjects),
        of_pairs=_pairs_apart(one.of_pairs, other.of_pairs, same=same),
    )


def _pairs_apart(one: OfPairs | None, other: OfPairs | None, *, same: bool) -> OfPairs | None:
    """Return what pairs of stimuli add to differences; other subjects add each for themselves."""
    if one is None or other is None:
        return None
    own = _less(one.own, other.own) if same else _beside(one.own, other.own)
    return OfPairs(one.mean - other.mean, own)


def _beside(one: Floats | None, other: Floats | None) -> Floats | None:
    return None if one is None or other is None else np.concatenate([one, other])


def _less(one: Floats | None, other: Floats | None) -> Floats | None:
    return None if one is None or other is None else one - other


def _with_units(
    spread: Spread, first: Standing, second: Standing, layers: Indices, subjects: bool
) -> Spread | None:
    """Add the variance over units where subjects, who have units of their own, are not resampled.

    Degrees of freedom of all variances together by Satterthwaite's formula. None where the
    variance over units is not known.
    """
    if subjects:
        return spread
    total, parts = spread.standard_error**2, spread.standard_error**4 / spread.degrees_of_freedom
    for each in (first, second):
        if each.unit_variance is None:
            return None
        variance = each.unit_variance[layers]
        total, parts = total + variance, parts + variance**2 / each.unit_freedom
    return replace(
        spread,
        standard_error=np.sqrt(total),
        degrees_of_freedom=satterthwaite(total, parts, spread.degrees_of_freedom),
        scheme=f"{spread.scheme} and units",
    )
