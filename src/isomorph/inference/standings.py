"""Scores of a region on a scale that regions share: divided by the root of its reliability."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isomorph.inference.bootstrap import Resampled
from isomorph.inference.gather import Region
from isomorph.inference.region_reliability import SURE, agreement, reliability
from isomorph.inference.scores import Scores
from isomorph.measures import Counts, Floats, Measure, Stack


@dataclass(frozen=True)
class Standing:
    """One region, its scores and its reliability.

    Attributes
    ----------
    region : Region
    scores : Scores
    agreement : array of shape (subject, subject) or (1, 1)
        The measure between subjects, or the reliability that halves of the repetitions of one
        predict.
    drawn : array of shape (resample, subject, subject) or (resample, 1, 1)
        The same under draws of stimuli.
    unit_variance : array of shape (candidate,) or None
        Of normalised scores over draws of units; None where it is not known.
    unit_freedom : int
        Its degrees of freedom.
    reason : str
        Why there is no reliability; empty where there is.
    """

    region: Region
    scores: Scores
    agreement: Floats
    drawn: Floats
    unit_variance: Floats | None
    unit_freedom: int
    reason: str

    @property
    def normalised(self) -> Floats:
        """Scores over the root of the reliability: `(candidate,)`."""
        scaled: Floats = self.scores.estimate.mean(axis=0) / _root(reliability(self.agreement))
        return scaled

    def resampled(self, subject_draws: Counts | None) -> Resampled:
        """Return normalised scores under every kind of draw.

        Parameters
        ----------
        subject_draws : array of shape (resample, subject) or None
        """
        scores = self.scores
        means = replace(scores, subject_draws=subject_draws).estimates()
        if means.of_pairs is not None:
            root = _root(reliability(self.agreement))
            of_pairs = means.of_pairs.mapped(lambda added: added / root)
            means = replace(means, of_pairs=of_pairs)
        over_stimuli = means.over_stimuli / _root(reliability(self.drawn))[:, None]
        if means.over_subjects is None or means.over_both is None:
            return replace(means, over_stimuli=over_stimuli)
        subjects = _root(reliability(self.agreement, subject_draws))[:, None]
        both = _root(reliability(self.drawn, subject_draws))[:, None]
        return replace(
            means,
            over_stimuli=over_stimuli,
            over_subjects=means.over_subjects / subjects,
            over_both=means.over_both / both,
        )


def standing(
    region: Region,
    scores: Scores,
    candidates: Stack,
    counts: Counts,
    distance: str,
    measure: Measure,
    signs: Floats | None = None,
) -> Standing:
    """Return a region with its scores and its reliability.

    Parameters
    ----------
    region : Region
    scores : Scores
    candidates : Stack
    counts : array of shape (resample, stimulus)
    distance : str
    measure : Measure
    signs : array of shape (stimulus, stimulus), optional
        See `Measure.resampled`.
    """
    if measure.independence != "0" or measure.embed is None:
        reason = f"{measure.name} is not a correlation, so there is no reliability to divide by"
    elif len(region.subjects) == 1 and not all(len(draw.halvings) for draw in region.measured):
        reason = f"{region.label} is of one subject without repetitions and has no reliability"
    else:
        reason = ""
    if reason:
        nothing = np.full((1, 1, 1), np.nan)
        return Standing(region, scores, nothing[0], nothing, None, 0, reason)
    plain = np.mean([agreement(draw, distance, measure) for draw in region.measured], axis=0)
    drawn = np.mean(
        [agreement(draw, distance, measure, counts, signs) for draw in region.measured], axis=0
    )
    if not (reliability(plain) > 0 and (reliability(drawn) > 0).mean() >= SURE):
        reason = f"the measurements of {region.label} agree too little to divide by"
    variance, freedom = _over_units(region, candidates, distance, measure)
    return Standing(region, scores, plain, drawn, variance, freedom, reason)


def _over_units(
    region: Region, candidates: Stack, distance: str, measure: Measure
) -> tuple[Floats | None, int]:
    """Return the variance of normalised scores over units, and its degrees of freedom.

    With :math:`n` of :math:`N` units in each of :math:`D` draws, the delete-d jackknife multiplies
    the variance over draws by :math:`n / (N - n)` (Shao & Wu 1989,
    https://doi.org/10.1214/aos/1176347263); the draws being so few adds :math:`1 / D` of it. The
    quotient of score and root of the reliability is taken to first order. None where units are not
    drawn, or every draw of some subject holds them all.
    """
    n = max((count or 0 for count in region.subject_units), default=0)
    if not region.draws or region.n_recorded <= n:
        return None, 0
    scores = np.stack(
        [measure.compare(draw.stack, candidates).mean(axis=0) for draw in region.draws]
    )
    agree = np.array([reliability(agreement(draw, distance, measure)) for draw in region.draws])
    mean, root = scores.mean(axis=0), _root(agree.mean())
    off = (scores - mean) / root - (agree - agree.mean())[:, None] * mean / (2 * root**3)
    factor = n / (region.n_recorded - n) + 1 / len(region.draws)
    variance: Floats = off.var(axis=0, ddof=1) * factor
    return variance, min(region.n_recorded, len(region.draws)) - 1


def _root(value: Floats) -> Floats:
    """Return the square root, NaN of what is not above 0."""
    value = np.asarray(value)
    return np.asarray(np.sqrt(np.where(value > 0, value, np.nan)))
