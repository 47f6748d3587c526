"""Noise ceilings: how well the best possible model would do, or why that is undefined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from isomorph.inference.gather import Region
from isomorph.measures import Floats, Measure

SUBJECTS = "leave one subject out"
HALVES = "halves of the repetitions"


@dataclass(frozen=True)
class Ceiling:
    """Bounds on the value of the true model.

    Attributes
    ----------
    lower, upper : float
        NaN where undefined.
    status : str
        `defined: <how>` or `undefined: <why>`.
    kind : str
        `leave one subject out`, `halves of the repetitions`, or empty where undefined.
    reliability : float
        The measure between two independent measurements of the region, of the kind that the
        candidates are scored on: two subjects, or all repetitions of one subject and as many
        others. NaN where undefined.
    normalising : str
        `ok`, or why there is no reliability to normalise by.
    """

    lower: float
    upper: float
    status: str
    kind: str = ""
    reliability: float = np.nan
    normalising: str = "no ceiling"

    def normalised(self, estimate: Floats) -> tuple[Floats, Floats]:
        r"""Return `r / sqrt(reliability)` and `r^2 / reliability`, the sign of r kept.

        If a measurement is the truth plus independent noise, the correlation of two measurements
        is :math:`\rho` and that of one with the truth :math:`\sqrt\rho` (Spearman 1904), so
        the first is 1 on average for the true model, up to the error of :math:`\rho`. The second
        is the share of explainable variance explained. Neither is cut off at 1.
        """
        if not self.reliability > 0:
            nothing = np.full(np.shape(estimate), np.nan)
            return nothing, nothing
        return (
            estimate / np.sqrt(self.reliability),
            estimate * np.abs(estimate) / self.reliability,
        )

    def notes(self, estimate: Floats, low: Floats) -> list[str]:
        """Say of every estimate above the upper bound how that can be; others get no note.

        Parameters
        ----------
        estimate, low : (candidate,)
            Values and the lower ends of their intervals.
        """
        above = estimate > self.upper
        within = low <= self.upper
        return [
            "" if not one else NOTES[self.kind, bool(inside)]
            for one, inside in zip(above, within, strict=True)
        ]


NOTES = {
    (SUBJECTS, True): "above the ceiling by no more than the interval allows: sampling error",
    (SUBJECTS, False): (
        "above the ceiling by more than its interval: the mean RDM of the subjects is not the best "
        "there is under this measure, or another candidate fits what it leaves out"
    ),
    (HALVES, True): (
        "above the ceiling by no more than the interval allows: sampling error, of the halves too"
    ),
    (HALVES, False): (
        "above the ceiling by more than its interval: the ceiling is predicted from two halves and "
        "is a little low, or noise that both share with the candidate is counted as signal"
    ),
}
"""How an estimate can stand above its ceiling, by kind, and whether its interval reaches down."""


def ceiling(region: Region, measure: Measure) -> Ceiling:
    """Return the noise ceiling of a region.

    With several subjects it is that of Nili et al. (2014,
    https://doi.org/10.1371/journal.pcbi.1003553): each subject against the mean of the others
    (lower) and of all (upper). With one subject and repetitions it is the agreement of two halves
    of the repetitions (lower) and the score that Spearman and Brown's formula predicts for the
    noise-free RDM (upper). That prediction is a little low, because averaging patterns helps
    distances more than averaging distances would: in simulation 0.84 for 0.86 where halves agree
    at 0.55, 0.61 for 0.67 where they agree at 0.23. With neither it is undefined, not 1.

    The reliability is the mean over pairs of subjects, or what Spearman and Brown's formula
    makes of the halves' agreement; only of measures that are correlations, which are 0 by chance
    and multiply along a chain of noisy measurements.

    Where equally many units are drawn again and again, it is the mean over draws; undefined where
    it is in any draw.
    """
    if region.draws:
        return _mean([ceiling(draw, measure) for draw in region.draws])
    if len(region.subjects) > 1:
        lower, upper = across_subjects(region.rdms, measure)
        reliability, why = _checked(between_subjects(region.rdms, measure), measure)
        return Ceiling(lower, upper, "defined: across subjects", SUBJECTS, reliability, why)
    if region.halves is None:
        return Ceiling(np.nan, np.nan, "undefined: one subject without repetitions to halve")
    agreement = float(measure.compare(region.halves[:1], region.halves[1:])[0, 0])
    if measure.independence != "0":
        reason = "undefined: one subject, and halves agree by chance under this measure"
        return Ceiling(np.nan, np.nan, reason)
    if agreement <= 0:
        return Ceiling(agreement, np.nan, "undefined: halves of the repetitions do not agree")
    whole = 2 * agreement / (1 + agreement)
    reliability, why = _checked(whole, measure)
    said = "defined: halves of the repetitions of one subject"
    return Ceiling(agreement, float(np.sqrt(whole)), said, HALVES, reliability, why)


def _mean(draws: Sequence[Ceiling]) -> Ceiling:
    """Return the ceiling of scores that are means over draws of units."""
    first = next((one for one in draws if not one.kind), draws[0])
    unlike = next((one.normalising for one in draws if one.normalising != "ok"), "ok")
    lower, upper, reliability = (
        float(np.mean([getattr(one, name) for one in draws]))
        for name in ("lower", "upper", "reliability")
    )
    return replace(first, lower=lower, upper=upper, reliability=reliability, normalising=unlike)


def across_subjects(rdms: Floats, measure: Measure) -> tuple[float, float]:
    """Return the lower and upper ceiling of several subjects' RDMs `(subject, pair)`."""
    everyone = measure.pool(rdms)[None]
    upper = measure.compare(rdms, everyone).mean()
    others = np.stack([measure.pool(np.delete(rdms, s, axis=0)) for s in range(len(rdms))])
    lower = np.diag(measure.compare(rdms, others)).mean()
    return float(lower), float(upper)


def between_subjects(rdms: Floats, measure: Measure) -> float:
    """Return the mean of a measure over all pairs of subjects' RDMs `(subject, pair)`."""
    first, second = np.triu_indices(len(rdms), 1)
    return float(measure.compare(rdms, rdms)[first, second].mean())


def _checked(reliability: float, measure: Measure) -> tuple[float, str]:
    """Return a reliability if one may divide by its root, and `ok` or why not."""
    if measure.independence != "0" or measure.embed is None:
        return np.nan, f"{measure.name} is no correlation, so it has no reliability to divide by"
    if not reliability > 0:
        return np.nan, "the measurements do not agree, so there is nothing to normalise by"
    return reliability, "ok"
