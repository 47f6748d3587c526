"""A noise ceiling: what the true model would score, and what is said of estimates beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isomorph.inference.bootstrap import Resampled
from isomorph.inference.estimated import Row, RowStatus
from isomorph.inference.region_reliability import SURE
from isomorph.measures import Floats

SUBJECTS = "leave one subject out"
HALVES = "halves of the repetitions"

NOWHERE = (np.nan, np.nan)

ROUNDING = 1e-9
"""By how much an estimate may be above its ceiling and still be on it."""


@dataclass(frozen=True)
class Ceiling:
    """What the true model would score.

    Attributes
    ----------
    lower, upper : float
        Of several subjects, bounds on it; of one, `upper` is its estimate and `lower` NaN, as
        nothing bounds it from below. NaN where undefined.
    reason : str
        Why it is undefined; what it is found from where it is defined.
    kind : str
        `leave one subject out`, `halves of the repetitions`, or empty where undefined.
    reliability : float
        The measure between two independent measurements of the region, of the kind that the
        candidates are scored on: two subjects, or all repetitions of one subject and as many
        others. NaN where undefined.
    unnormalised : str
        Why there is no reliability to normalise by; empty where there is.
    half_agreement : float
        The measure between two halves of the repetitions, NaN where there are none.
    lower_interval, upper_interval : tuple of float
        Over stimuli.
    root : Resampled or None
        The root of the reliability under every kind of draw: `(resample, 1)`.
    """

    lower: float
    upper: float
    reason: str
    kind: str = ""
    reliability: float = np.nan
    unnormalised: str = "no ceiling"
    half_agreement: float = np.nan
    lower_interval: tuple[float, float] = NOWHERE
    upper_interval: tuple[float, float] = NOWHERE
    root: Resampled | None = None

    @property
    def status(self) -> RowStatus:
        """Whether there is one."""
        return RowStatus.OK if self.kind else RowStatus.UNDEFINED

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
        estimate : array of shape (candidate,)
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

    def columns(self, estimate: Floats, low: Floats, resampled: Resampled, coverage: float) -> Row:
        """Return what a table of comparisons says of the ceiling.

        Parameters
        ----------
        estimate, low : arrays of shape (candidate,)
            Values and the lower ends of their intervals.
        resampled : Resampled
            Of the estimates.
        coverage : float
        """
        ratio, squared = self.normalised(estimate)
        ratio_low, ratio_high = self.normalised_interval(estimate, resampled, coverage)
        return {
            **self.row,
            "ceiling_note": self.notes(estimate, low),
            "normalised_r": ratio,
            "normalised_low": ratio_low,
            "normalised_high": ratio_high,
            "normalised_r2": squared,
        }

    @property
    def row(self) -> Row:
        """What a table says of the ceiling itself, whatever is compared."""
        return {
            "ceiling_lower": self.lower,
            "ceiling_lower_low": self.lower_interval[0],
            "ceiling_lower_high": self.lower_interval[1],
            "ceiling_upper": self.upper,
            "ceiling_upper_low": self.upper_interval[0],
            "ceiling_upper_high": self.upper_interval[1],
            "half_agreement": self.half_agreement,
            "ceiling_status": self.status,
            "ceiling_reason": self.reason,
            "ceiling_kind": self.kind,
            "reliability": self.reliability,
            "normalised_status": RowStatus.UNDEFINED if self.unnormalised else RowStatus.OK,
            "normalised_reason": self.unnormalised,
        }

    def notes(self, estimate: Floats, low: Floats) -> list[str]:
        """Say of every estimate above the upper bound how that can be; others get no note.

        Parameters
        ----------
        estimate, low : arrays of shape (candidate,)
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
        "between the halves of the data, as where responses drift or adapt"
    ),
}
"""How an estimate can stand above its ceiling, by kind, and whether the intervals explain it."""
