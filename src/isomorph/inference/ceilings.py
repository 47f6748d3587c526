"""Noise ceilings: how well the best possible model would do, or why that is undefined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isomorph.inference.between import (
    across_subjects,
    across_subjects_resampled,
    between_subjects,
    root_between,
)
from isomorph.inference.bootstrap import Resampled, joined
from isomorph.inference.gather import Region
from isomorph.inference.setting import Draws
from isomorph.inference.spread import spread_over_stimuli
from isomorph.inference.stepping import STEPS, agreement_of_halves, from_latent, reliability
from isomorph.measures import Counts, Floats, Measure, stimulus_count

SUBJECTS = "leave one subject out"
HALVES = "halves of the repetitions"

RESAMPLED = 3
"""Halvings that are resampled. More would hardly narrow an interval, and four repetitions have no
more."""

ROUNDING = 1e-9
"""By how much an estimate may be above its ceiling and still be on it."""

SURE = 0.95
"""Share of the resamples that must have a reliability for its spread to be that of all: of two
subjects half of the draws are of one alone, and have none."""

NOWHERE = (np.nan, np.nan)


@dataclass(frozen=True)
class Ceiling:
    """What the true model would score.

    Attributes
    ----------
    lower, upper : float
        Of several subjects, bounds on it; of one, `upper` is its estimate and `lower` NaN, as
        nothing bounds it from below. NaN where undefined.
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
    half_agreement : float
        The measure between two halves of the repetitions, NaN where there are none.
    lower_interval, upper_interval : tuple of float
        Over stimuli.
    root : Resampled or None
        The root of the reliability under every kind of draw: `(resample, 1)`.
    """

    lower: float
    upper: float
    status: str
    kind: str = ""
    reliability: float = np.nan
    normalising: str = "no ceiling"
    half_agreement: float = np.nan
    lower_interval: tuple[float, float] = NOWHERE
    upper_interval: tuple[float, float] = NOWHERE
    root: Resampled | None = None

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

    def normalised_interval(
        self, estimate: Floats, resampled: Resampled, coverage: float
    ) -> tuple[Floats, Floats]:
        r"""Return the interval of `r / sqrt(reliability)`, both being resampled together.

        A ratio :math:`n = r / c` varies like :math:`(r - n c) / c`, whose divisor is not
        resampled: where the reliability is low it may come near 0 in a resample.

        Parameters
        ----------
        estimate : (candidate,)
        resampled : Resampled
            Of the estimates, under the draws that the ceiling was given.
        coverage : float
        """
        ratio, _ = self.normalised(estimate)
        nothing = np.full_like(ratio, np.nan)
        if self.root is None or not self.reliability > 0:
            return nothing, nothing
        if np.isfinite(self.root.widest).mean() < SURE:
            return nothing, nothing
        left = {
            name: drawn - ratio * getattr(self.root, name)
            for name in ("over_stimuli", "over_subjects", "over_both")
            if (drawn := getattr(resampled, name)) is not None
        }
        spread = replace(resampled, **left).spread()
        error = spread.standard_error / np.sqrt(self.reliability)
        return replace(spread, standard_error=error).interval(ratio, coverage)

    def columns(
        self, estimate: Floats, low: Floats, resampled: Resampled, coverage: float
    ) -> dict[str, Any]:
        """Return what a table of comparisons says of the ceiling.

        Parameters
        ----------
        estimate, low : (candidate,)
            Values and the lower ends of their intervals.
        resampled : Resampled
            Of the estimates.
        coverage : float
        """
        ratio, squared = self.normalised(estimate)
        ratio_low, ratio_high = self.normalised_interval(estimate, resampled, coverage)
        return {
            "ceiling_lower": self.lower,
            "ceiling_lower_low": self.lower_interval[0],
            "ceiling_lower_high": self.lower_interval[1],
            "ceiling_upper": self.upper,
            "ceiling_upper_low": self.upper_interval[0],
            "ceiling_upper_high": self.upper_interval[1],
            "half_agreement": self.half_agreement,
            "ceiling_status": self.status,
            "ceiling_kind": self.kind,
            "ceiling_note": self.notes(estimate, low),
            "reliability": self.reliability,
            "normalised_r": ratio,
            "normalised_low": ratio_low,
            "normalised_high": ratio_high,
            "normalised_r2": squared,
            "normalised_status": self.normalising,
        }

    def notes(self, estimate: Floats, low: Floats) -> list[str]:
        """Say of every estimate above the upper bound how that can be; others get no note.

        Parameters
        ----------
        estimate, low : (candidate,)
            Values and the lower ends of their intervals.
        """
        above = estimate > self.upper + ROUNDING
        within = low <= np.fmax(self.upper, self.upper_interval[1])
        return [
            "" if not over else NOTES[self.kind, bool(inside)] if known else NO_INTERVAL
            for over, inside, known in zip(above, within, np.isfinite(low), strict=True)
        ]


NO_INTERVAL = "above the ceiling, and without intervals nothing tells whether by sampling error"

NOTES = {
    (SUBJECTS, True): "above the ceiling by no more than the intervals allow: sampling error",
    (SUBJECTS, False): (
        "above the ceiling by more than the intervals allow: the mean RDM of the subjects is not "
        "the best there is under this measure, or another candidate fits what it leaves out"
    ),
    (HALVES, True): "above the ceiling by no more than the intervals allow: sampling error",
    (HALVES, False): (
        "above the ceiling by more than the intervals allow: what the candidate fits differs "
        "between the halves of the repetitions, as where responses drift or adapt"
    ),
}
"""How an estimate can stand above its ceiling, by kind, and whether the intervals explain it."""


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
    would score, as foretold by what random halves of the repetitions share, see
    `isomorph.inference.stepping`. With neither it is undefined, not 1.

    The reliability is the mean over pairs of subjects, or what the halves foretell of all
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
        return _of_subjects(region, measure, draws, coverage)
    return _of_halves(region, distance, measure, draws, coverage)


def _of_subjects(region: Region, measure: Measure, draws: Draws | None, coverage: float) -> Ceiling:
    rdms = region.rdms
    lower, upper = across_subjects(rdms, measure)
    between, why = _checked(between_subjects(rdms, measure), measure)
    found = Ceiling(lower, upper, "defined: across subjects", SUBJECTS, between, why)
    if draws is None or draws.unsure:
        return found
    lowers, uppers = across_subjects_resampled(rdms, measure, draws.stimuli)
    drawn = draws.subjects[region.name]
    root = root_between(rdms, measure, draws, drawn) if between > 0 else None
    return replace(
        found,
        lower_interval=_interval(lower, lowers, measure, draws, coverage),
        upper_interval=_interval(upper, uppers, measure, draws, coverage),
        root=root,
    )


def _of_halves(
    region: Region, distance: str, measure: Measure, draws: Draws | None, coverage: float
) -> Ceiling:
    if not len(region.halvings):
        reason = (
            f", and {region.no_halves}" if region.no_halves else " without repetitions to halve"
        )
        return Ceiling(np.nan, np.nan, f"undefined: one subject{reason}")
    halves = halves_of(region)
    agreement = float(agreement_of_halves(halves, measure).mean())
    undefined = Ceiling(np.nan, np.nan, "", half_agreement=agreement)
    if measure.independence != "0":
        reason = "undefined: one subject, and halves agree by chance under this measure"
        return replace(undefined, status=reason)
    all_repetitions = float(reliability_of_one(region, distance, measure)[0])
    if not all_repetitions > 0:
        return replace(undefined, status="undefined: halves of the repetitions do not agree")
    upper = float(from_latent(np.sqrt(all_repetitions), measure))
    between, why = _checked(all_repetitions, measure)
    status = f"defined: halves of the repetitions of one subject{STEPS[distance].caveat}"
    found = Ceiling(np.nan, upper, status, HALVES, between, why, agreement)
    if draws is None or draws.unsure:
        return found
    root = np.sqrt(reliability_of_one(region, distance, measure, draws.stimuli))
    return replace(
        found,
        upper_interval=_interval(upper, from_latent(root, measure), measure, draws, coverage),
        root=Resampled(root[:, None], None, None, draws.n_groups, 1),
    )


def halves_of(region: Region) -> Floats:
    """Return the RDMs of the halves of a region of one subject: `(halving, half, pair)`."""
    assert region.halves is not None, "a region with halvings has halves"
    return region.halves[region.halvings, :, 0].astype(float)


def reliability_of_one(
    region: Region, distance: str, measure: Measure, counts: Counts | None = None
) -> Floats:
    """Return the reliability of one subject's RDM of all repetitions: `(resample,)`.

    Parameters
    ----------
    region : Region
        Of one subject, with halves.
    distance : str
    measure : Measure
    counts : (resample, stimulus), optional
        All stimuli once unless given; with them, of `RESAMPLED` halvings.
    """
    step, whole, halves = STEPS[distance], region.rdms[0], halves_of(region)
    norm = np.ones(stimulus_count(len(whole))) if region.half_norm is None else region.half_norm[0]
    aligned = halves if step.align is None else step.align(halves, whole, norm)
    if counts is None:
        counts = np.ones((1, len(norm)), dtype=int)
    else:
        aligned = aligned[:RESAMPLED]
    return reliability(whole, aligned, measure, step, counts)


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
    unlike = next((one.normalising for one in each if one.normalising != "ok"), "ok")
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
        normalising=unlike,
        lower_interval=mean("lower_interval"),
        upper_interval=mean("upper_interval"),
        root=joined(roots, lambda values: np.mean(values, axis=0)) if known else None,
    )


def _checked(reliability: float, measure: Measure) -> tuple[float, str]:
    """Return a reliability if one may divide by its root, and `ok` or why not."""
    if measure.independence != "0" or measure.embed is None:
        return np.nan, f"{measure.name} is no correlation, so it has no reliability to divide by"
    if not reliability > 0:
        return np.nan, "the measurements do not agree, so there is nothing to normalise by"
    return reliability, "ok"
