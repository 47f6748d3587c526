"""How far an estimate would move with other stimuli, and with other subjects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from isomorph.measures import Counts, Floats

STIMULI = "stimuli"
BOTH = "stimuli and subjects"


@dataclass(frozen=True)
class Spread:
    """What the bootstrap says of estimates.

    Attributes
    ----------
    standard_error : (candidate,)
    scheme : str
        What was resampled, hence to what the interval generalises.
    degrees_of_freedom : float
        Of the t distribution behind intervals and tests: the smallest resampled factor less 1.
    """

    standard_error: Floats
    scheme: str
    degrees_of_freedom: float

    def interval(self, estimate: Floats, coverage: float) -> tuple[Floats, Floats]:
        """Return the lower and upper end of a two-sided interval."""
        reach = student.ppf((1 + coverage) / 2, self.degrees_of_freedom) * self.standard_error
        return estimate - reach, estimate + reach

    def two_sided_p(self, estimate: Floats) -> Floats:
        """Return the p-value of a two-sided t-test against 0; NaN without a standard error."""
        error = np.where(self.standard_error > 0, self.standard_error, np.nan)
        ratio = np.abs(estimate) / error
        p: Floats = 2 * student.sf(ratio, self.degrees_of_freedom)
        return p


def draw(n: int, n_resamples: int, rng: np.random.Generator) -> Counts:
    """Return how often each of `n` things is drawn in each resample: `(resample, n)`."""
    return rng.multinomial(n, np.full(n, 1 / n), size=n_resamples)


def mean_over_drawn(resampled: Floats, subject_draws: Counts) -> Floats:
    """Average `(resample, subject, candidate)` over the subjects each resample drew."""
    weights = subject_draws / subject_draws.sum(axis=1, keepdims=True)
    return np.einsum("bs,bsc->bc", weights, resampled)


def spread_over_stimuli(resampled: Floats, n_stimuli: int) -> Spread:
    """Return the spread of estimates when only stimuli are resampled.

    Parameters
    ----------
    resampled : (resample, candidate)
        Means over all subjects; NaN where a resample is degenerate.
    n_stimuli : int
    """
    variance = _variance(resampled) * n_stimuli / (n_stimuli - 1)
    return Spread(np.sqrt(variance), STIMULI, n_stimuli - 1)


def spread_over_both(
    over_both: Floats, over_subjects: Floats, over_stimuli: Floats, n_subjects: int, n_stimuli: int
) -> Spread:
    r"""Return the spread of estimates when stimuli and subjects are resampled.

    Resampling both at once counts the noise of single measurements three times. The variance is
    put right from three bootstraps, as in Schütt et al. (2023,
    https://doi.org/10.7554/eLife.82566), with their terms for small samples and their bounds:
    with :math:`a = n / (n - 1)` for each factor,
    :math:`a_S V_S + a_P V_P - a_S a_P (V_{SP} - V_S - V_P)`, no less than either of the first
    two terms and no more than :math:`V_{SP}`.

    Parameters
    ----------
    over_both, over_subjects, over_stimuli : (resample, candidate)
        Means under draws of both, of subjects alone, of stimuli alone.
    n_subjects, n_stimuli : int
    """
    both, subjects, stimuli = map(_variance, (over_both, over_subjects, over_stimuli))
    grow_subjects = n_subjects / (n_subjects - 1)
    grow_stimuli = n_stimuli / (n_stimuli - 1)
    variance = (
        grow_subjects * subjects
        + grow_stimuli * stimuli
        - grow_subjects * grow_stimuli * (both - subjects - stimuli)
    )
    variance = np.maximum(variance, np.maximum(grow_subjects * subjects, grow_stimuli * stimuli))
    variance = np.minimum(variance, both)
    return Spread(np.sqrt(variance), BOTH, min(n_subjects, n_stimuli) - 1)


def _variance(values: Floats) -> Floats:
    """Variance over resamples, degenerate ones left out; NaN where fewer than two remain."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = filled.sum(axis=0) / count
        squares = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0)
        variance: Floats = np.where(count > 1, squares / (count - 1), np.nan)
    return variance
