"""Noise ceilings: how well the best possible model would do, or why that is undefined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from isomorph.inference.bootstrap import Resampled, joined
from isomorph.inference.bounds import HALVES, SUBJECTS, Ceiling
from isomorph.inference.featured import pooled
from isomorph.inference.gather import Region
from isomorph.inference.region_reliability import agreement, halves_of, reliability
from isomorph.inference.setting import Draws
from isomorph.inference.spread import spread_over_stimuli
from isomorph.inference.stepping import STEPS, agreement_of_halves, from_latent
from isomorph.measures import FEATURES, Counts, Floats, Measure, Stack
from isomorph.measures.stack import Stackable, stacked

ROUNDING = 1e-6
"""By how much an upper bound may be below the lower and still be no lower: an angle of nearly 0 is
known to half of the digits."""


def ceiling(
    region: Region,
    distance: str,
    measure: Measure,
    draws: Draws | None = None,
    coverage: float = 0.95,
) -> Ceiling:
    """Return the noise ceiling of a region.

    With several subjects it is that of Nili et al. (2014,
    https://doi.org/10.1371/journal.pcbi.1003553): each subject against the mean of the others
    (lower) and of all (upper). With one subject and repetitions it is what the noise-free RDM
    would score, as predicted by what random halves of the runs or repetitions share, see
    `isomorph.inference.stepping`. With neither it is undefined, not 1.

    The reliability is the mean over pairs of subjects, or what the halves predict of all
    repetitions; only of measures that are correlations, which are 0 by chance and multiply along
    a chain of noisy measurements.

    Where equally many units are drawn again and again, all of it is the mean over draws; undefined
    where it is in any draw.

    Parameters
    ----------
    region : Region
    distance : str
    measure : Measure
    draws : Draws, optional
        Without them, or of too few groups of stimuli, there are no intervals.
    coverage : float, optional
        Of the intervals.
    """
    if region.draws:
        each = [ceiling(draw, distance, measure, draws, coverage) for draw in region.draws]
        return _mean(each)
    if len(region.subjects) > 1:
        return _of_subjects(region, distance, measure, draws, coverage)
    return _of_halves(region, distance, measure, draws, coverage)


def _of_subjects(
    region: Region, distance: str, measure: Measure, draws: Draws | None, coverage: float
) -> Ceiling:
    if measure.no_ceiling:
        return Ceiling(np.nan, np.nan, measure.no_ceiling)
    lower, upper = across_subjects(region.stack, measure)
    if reason := _no_bounds(lower, upper, distance, measure):
        return Ceiling(np.nan, np.nan, reason)
    between, why, plain = np.nan, _not_a_correlation(measure), None
    if not why:
        plain = agreement(region, distance, measure)
        between, why = _positive(float(reliability(plain)))
    found = Ceiling(lower, upper, "across subjects", SUBJECTS, between, why)
    if draws is None or draws.unsure:
        return found
    lowers, uppers = across_subjects_resampled(region.stack, measure, draws.stimuli, draws.signs)
    root = None
    if between > 0 and plain is not None:
        found_in_draws = agreement(region, distance, measure, draws.stimuli, draws.signs)
        root = _root(
            np.concatenate([plain[None], found_in_draws]), draws, draws.subjects[region.name]
        )
    return replace(
        found,
        lower_interval=_interval(lower, lowers, measure, draws, coverage),
        upper_interval=_interval(upper, uppers, measure, draws, coverage),
        root=root,
    )


def _no_bounds(lower: float, upper: float, distance: str, measure: Measure) -> str:
    """Return why subjects pooled bound nothing, empty where they do."""
    if not np.isfinite([lower, upper]).all():
        return f"{measure.name} has no value for one subject against the others pooled"
    # An unbounded estimate may be off either way; any other is at its best where all are pooled.
    bounded = bool(np.isfinite(measure.range).all())
    if bounded and upper < lower - ROUNDING:
        what = "units" if distance == FEATURES else "RDMs"
        return (
            f"the {what} of all subjects together are less like those of one than the {what} of "
            f"the others are, under {measure.name}, so they bound nothing"
        )
    return ""


def across_subjects(subjects: Stackable, measure: Measure) -> tuple[float, float]:
    """Return the lower and upper ceiling of several subjects.

    Parameters
    ----------
    subjects : Stack, or RDMs (subject, pair)
    measure : Measure
    """
    found = [measure.compare(own, others)[0] for own, others in _against_others(subjects, measure)]
    lower, upper = np.mean(found, axis=0)
    return float(lower), float(upper)


def across_subjects_resampled(
    subjects: Stackable, measure: Measure, counts: Counts, signs: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return the lower and upper ceiling in every resample of the stimuli: `(resample,)` each.

    Subjects are pooled once, on all stimuli.

    Parameters
    ----------
    subjects : Stack, or RDMs (subject, pair)
    measure : Measure
    counts : array of shape (resample, stimulus)
    signs : array of shape (stimulus, stimulus), optional
        See `Measure.resampled`.
    """
    found = [
        measure.resampled(own, others, counts, signs)[:, 0]
        for own, others in _against_others(subjects, measure)
    ]
    lower, upper = np.mean(found, axis=0).T
    return lower, upper


def _against_others(subjects: Stackable, measure: Measure) -> Iterator[tuple[Stack, Stack]]:
    """Yield every subject with the others pooled, and everyone."""
    stack = stacked(subjects)
    everyone = pooled(stack, measure)
    for place in range(len(stack)):
        others = pooled(stack.rows(np.arange(len(stack)) != place), measure)
        yield stack.rows([place]), Stack.joined([others, everyone])


def _of_halves(
    region: Region, distance: str, measure: Measure, draws: Draws | None, coverage: float
) -> Ceiling:
    if not len(region.halvings):
        reason = (
            f", and {region.no_halves}" if region.no_halves else " without repetitions to halve"
        )
        return Ceiling(np.nan, np.nan, f"one subject{reason}")
    half_agreement = float(agreement_of_halves(halves_of(region), measure).mean())
    undefined = Ceiling(np.nan, np.nan, "", half_agreement=half_agreement)
    if measure.independence != "0":
        reason = "one subject, and halves agree by chance under this measure"
        return replace(undefined, reason=reason)
    plain = agreement(region, distance, measure)
    all_repetitions = float(reliability(plain))
    if not all_repetitions > 0:
        return replace(undefined, reason=f"halves of the {region.folds} do not agree")
    upper = float(from_latent(np.sqrt(all_repetitions), measure))
    between, why = _checked(all_repetitions, measure)
    how = f"halves of the {region.folds} of one subject{STEPS[distance].caveat}"
    found = Ceiling(np.nan, upper, how, HALVES, between, why, half_agreement)
    if draws is None or draws.unsure:
        return found
    resampled = agreement(region, distance, measure, draws.stimuli, draws.signs)
    root = _root(np.concatenate([plain[None], resampled]), draws, None)
    uppers = from_latent(root.over_stimuli[:, 0], measure)
    return replace(
        found, upper_interval=_interval(upper, uppers, measure, draws, coverage), root=root
    )


def _root(found: Floats, draws: Draws, drawn: Counts | None) -> Resampled:
    """Return the root of the reliability under every kind of draw; 0 where nothing agrees.

    Parameters
    ----------
    found : array of shape (1 + resample, subject, subject)
        Agreement on all stimuli, then in every resample.
    draws : Draws
    drawn : array of shape (resample, subject) or None
    """
    plain, resampled = found[:1], found[1:]

    def root(values: Floats, weights: Counts | None = None) -> Floats:
        return np.sqrt(np.maximum(reliability(values, weights), 0.0))[:, None]

    return Resampled(
        root(resampled),
        None if drawn is None else root(plain, drawn),
        None if drawn is None else root(resampled, drawn),
        draws.n_groups,
        found.shape[-1],
    )


def _interval(
    estimate: float, resampled: Floats, measure: Measure, draws: Draws, coverage: float
) -> tuple[float, float]:
    """Return the interval of one value from its resamples `(resample,)`."""
    spread = spread_over_stimuli(resampled[:, None], draws.n_groups, measure.range)
    low, high = spread.interval(np.array([estimate]), coverage, measure.range)
    return float(low[0]), float(high[0])


def _mean(each: Sequence[Ceiling]) -> Ceiling:
    """Return the ceiling of scores that are means over draws of units.

    The ends of the intervals are means too: that of a mean is no wider.
    """
    first = next((one for one in each if not one.kind), each[0])
    unlike = next((one.unnormalised for one in each if one.unnormalised), "")
    roots = [one.root for one in each if one.root is not None]
    known = len(roots) == len(each)

    def mean(name: str) -> Any:
        found = np.mean([getattr(one, name) for one in each], axis=0)
        return tuple(found.tolist()) if found.ndim else float(found)

    return replace(
        first,
        lower=mean("lower"),
        upper=mean("upper"),
        reliability=mean("reliability"),
        half_agreement=mean("half_agreement"),
        unnormalised=unlike,
        lower_interval=mean("lower_interval"),
        upper_interval=mean("upper_interval"),
        root=joined(roots, lambda values: np.mean(values, axis=0)) if known else None,
    )


def _checked(reliability: float, measure: Measure) -> tuple[float, str]:
    """Return a reliability if one may divide by its root, and why not."""
    why = _not_a_correlation(measure)
    return (np.nan, why) if why else _positive(reliability)


def _not_a_correlation(measure: Measure) -> str:
    """Return why a measure has no reliability, empty where it has."""
    if measure.independence == "0" and measure.embed is not None:
        return ""
    return f"{measure.name} is not a correlation, so it has no reliability to divide by"


def _positive(reliability: float) -> tuple[float, str]:
    if not reliability > 0:
        return np.nan, "the measurements do not agree, so there is nothing to normalise by"
    return reliability, ""
