"""Noise ceilings: how well the best possible model would do, or why that is undefined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isomorph.inference.gather import Region
from isomorph.measures import Floats, Measure


@dataclass(frozen=True)
class Ceiling:
    """Bounds on the value of the true model.

    Attributes
    ----------
    lower, upper : float
        NaN where undefined.
    status : str
        `defined: <how>` or `undefined: <why>`.
    """

    lower: float
    upper: float
    status: str


def ceiling(region: Region, measure: Measure) -> Ceiling:
    """Return the noise ceiling of a region.

    With several subjects it is that of Nili et al. (2014,
    https://doi.org/10.1371/journal.pcbi.1003553): each subject against the mean of the others
    (lower) and of all (upper). With one subject and repetitions it is the agreement of two halves
    of the repetitions (lower) and the score that Spearman and Brown's formula predicts for the
    noise-free RDM (upper). That prediction is a little low, because averaging patterns helps
    distances more than averaging distances would: in simulation 0.84 for 0.86 where halves agree
    at 0.55, 0.61 for 0.67 where they agree at 0.23. With neither it is undefined, not 1.
    """
    if len(region.subjects) > 1:
        return Ceiling(*across_subjects(region.rdms, measure), "defined: across subjects")
    if region.halves is None:
        return Ceiling(np.nan, np.nan, "undefined: one subject without repetitions to halve")
    agreement = float(measure.compare(region.halves[:1], region.halves[1:])[0, 0])
    if measure.independence != "0":
        reason = "undefined: one subject, and halves agree by chance under this measure"
        return Ceiling(np.nan, np.nan, reason)
    if agreement <= 0:
        return Ceiling(agreement, np.nan, "undefined: halves of the repetitions do not agree")
    upper = np.sqrt(2 * agreement / (1 + agreement))
    return Ceiling(agreement, float(upper), "defined: halves of the repetitions of one subject")


def across_subjects(rdms: Floats, measure: Measure) -> tuple[float, float]:
    """Return the lower and upper ceiling of several subjects' RDMs `(subject, pair)`."""
    everyone = measure.pool(rdms)[None]
    upper = measure.compare(rdms, everyone).mean()
    others = np.stack([measure.pool(np.delete(rdms, s, axis=0)) for s in range(len(rdms))])
    lower = np.diag(measure.compare(rdms, others)).mean()
    return float(lower), float(upper)
