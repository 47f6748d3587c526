"""The spread of estimates over stimuli and subjects, and the intervals and tests that it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr, stdtrit

from isomorph.measures import Floats

STIMULI = "stimuli"
BOTH = "stimuli and subjects"

EDGE = 1e-9
"""Share of half its range within which a value is at its limit, but for rounding."""

UNLIMITED = (-np.inf, np.inf)


@dataclass(frozen=True)
class Spread:
    """What the bootstrap says of estimates.

    Attributes
    ----------
    standard_error : array of shape (candidate,)
    scheme : str
        What was resampled, hence to what the interval generalises.
    degrees_of_freedom : float or array of shape (candidate,)
        Of the t distribution behind intervals and tests: stimuli (or groups of them) less 1; of two
        factors as many as their shares of the variance have together, see `satterthwaite`.
    fisher_error : array of shape (candidate,) or None
        Standard error on Fisher's scale, where the resamples were brought there.
    edge : float or array of shape (candidate,)
        How near to its limits, as a share of half the range, a value was let come on that scale.
    """

    standard_error: Floats
    scheme: str
    degrees_of_freedom: float | Floats
    fisher_error: Floats | None = None
    edge: float | Floats = EDGE

    def interval(
        self,
        estimate: Floats,
        coverage: float,
        limits: tuple[float, float] = UNLIMITED,
    ) -> tuple[Floats, Floats]:
        """Return the lower and upper end of a two-sided interval.

        Between finite limits it is symmetric on Fisher's scale, the inverse hyperbolic tangent of
        the estimate brought to -1 to 1, so neither end leaves the limits. The standard error on
        that scale is that of the resamples brought there; where they were not, it is brought there
        by the slope of the scale at the estimate, which is infinite at the limits. Where no
        resample moves, the interval is the estimate.

        Parameters
        ----------
        estimate : array of shape (candidate,)
        coverage : float
        limits : tuple of float
            What the estimate can be.
        """
        quantile = stdtrit(self.degrees_of_freedom, (1 + coverage) / 2)
        reach = quantile * self.standard_error
        middle, half = (limits[0] + limits[1]) / 2, (limits[1] - limits[0]) / 2
        if not np.isfinite(half):
            return estimate - reach, estimate + reach
        inside = np.clip((estimate - middle) / half, -1 + self.edge, 1 - self.edge)
        if self.fisher_error is None:
            scaled = reach / half / (1 - inside**2)
        else:
            scaled = np.where(np.isnan(reach), np.nan, quantile * self.fisher_error)
        low, high = (middle + half * np.tanh(np.arctanh(inside) + s * scaled) for s in (-1, 1))
        still = (reach == 0) | (scaled == 0)
        return (
            np.where(still, estimate, np.minimum(low, estimate)),
            np.where(still, estimate, np.maximum(high, estimate)),
        )

    def two_sided_p(self, estimate: Floats) -> Floats:
        """Return the p-value of a two-sided t-test against 0; NaN without a standard error."""
        error = np.where(self.standard_error > 0, self.standard_error, np.nan)
        ratio = np.abs(estimate) / error
        p: Floats = 2 * stdtr(self.degrees_of_freedom, -ratio)
        return p


def on_fishers_scale(
    resampled: Sequence[Floats], limits: tuple[float, float]
) -> tuple[list[Floats], Floats]:
    """Bring resamples to Fisher's scale, on which limits are infinitely far.

    A resample at a limit, such as one of few different stimuli whose ranks agree, says that it is
    nearer than the others, not how near. It is put at half the distance of the nearest that is
    not at a limit, as is usual for values below what can be told before logarithms are taken.

    Parameters
    ----------
    resampled : sequence of arrays of shape (resample, candidate)
        The same candidates under several kinds of draw.
    limits : tuple of float
        Both finite.

    Returns
    -------
    scaled : list of arrays of shape (resample, candidate)
    edge : array of shape (candidate,)
        How near to its limits a value was let come, as a share of half the range.
    """
    middle, half = (limits[0] + limits[1]) / 2, (limits[1] - limits[0]) / 2
    inside = [(values - middle) / half for values in resampled]
    nearest = np.full(inside[0].shape[1], np.inf)
    for values in inside:
        gap = 1 - np.abs(values)
        np.minimum(nearest, np.where(gap > EDGE, gap, np.inf).min(axis=0), out=nearest)
    edge = np.where(np.isfinite(nearest), np.maximum(nearest / 2, EDGE), EDGE)
    return [np.arctanh(np.clip(values, -1 + edge, 1 - edge)) for values in inside], edge


def spread_over_stimuli(
    resampled: Floats, n_stimuli: int, limits: tuple[float, float] = UNLIMITED
) -> Spread:
    """Return the spread of estimates when only stimuli are resampled.

    Parameters
    ----------
    resampled : array of shape (resample, candidate)
        Means over all subjects; NaN where a resample is degenerate.
    n_stimuli : int
        Stimuli, or groups of them, that were drawn independently.
    limits : tuple of float
        What an estimate can be; between finite ones the spread on Fisher's scale is found too.
    """
    return _spread([resampled], limits, lambda one: one_factor(one, n_stimuli))


def spread_over_both(
    over_both: Floats,
    over_subjects: Floats,
    over_stimuli: Floats,
    n_subjects: int,
    n_stimuli: int,
    limits: tuple[float, float] = UNLIMITED,
) -> Spread:
    r"""Return the spread of estimates when stimuli and subjects are resampled.

    Resampling both at once counts the noise of single measurements three times. The variance is
    put right from three bootstraps, as in Schütt et al. (2023,
    https://doi.org/10.7554/eLife.82566), with their terms for small samples and their bounds:
    with :math:`a = n / (n - 1)` for each factor,
    :math:`a_S V_S + a_P V_P - a_S a_P (V_{SP} - V_S - V_P)`, no more than :math:`V_{SP}` and no
    less than either of the first two terms. With few subjects the bounds can cross; then the
    second holds, or four subjects who differ would seem to differ by a quarter less.

    Parameters
    ----------
    over_both, over_subjects, over_stimuli : arrays of shape (resample, candidate)
        Means under draws of both, of subjects alone, of stimuli alone.
    n_subjects, n_stimuli : int
    limits : tuple of float
        What an estimate can be; between finite ones the spread on Fisher's scale is found too.
    """
    return _spread(
        [over_both, over_subjects, over_stimuli],
        limits,
        lambda both, subjects, stimuli: two_factors(both, subjects, stimuli, n_subjects, n_stimuli),
    )


def _spread(
    draws: Sequence[Floats], limits: tuple[float, float], of: Callable[..., Spread]
) -> Spread:
    """Return the spread that the variances of draws make, on Fisher's scale too if there is one."""
    plain = of(*map(variance_of, draws))
    if not np.isfinite(limits).all():
        return plain
    scaled, edge = on_fishers_scale(draws, limits)
    error = of(*map(variance_of, scaled)).standard_error
    return replace(plain, fisher_error=error, edge=edge)


def one_factor(variance: Floats, n_stimuli: int) -> Spread:
    """Return the spread from the variance of the bootstrap of stimuli, of any shape."""
    return Spread(np.sqrt(_of_few(n_stimuli) * variance), STIMULI, n_stimuli - 1)


def _of_few(n: int) -> float:
    """Return by what a variance over resamples of `n` things falls short; NaN of one thing."""
    return n / (n - 1) if n > 1 else np.nan


def two_factors(
    both: Floats,
    subjects: Floats,
    stimuli: Floats,
    n_subjects: int,
    n_stimuli: int,
    excess: tuple[Floats | float, Floats | float] = (0.0, 0.0),
) -> Spread:
    """Return the spread from the variances of three bootstraps, of any shape.

    Parameters
    ----------
    both, subjects, stimuli : arrays of any shape
    n_subjects, n_stimuli : int
    excess : tuple of two such arrays, optional
        What the variance over stimuli has too much, in all and beside each subject's own noise,
        which three bootstraps together count once as it is.
    """
    of_subjects = _of_few(n_subjects) * subjects
    of_stimuli, shared = (_of_few(n_stimuli) * (stimuli - each) for each in excess)
    grow = _of_few(n_subjects) * _of_few(n_stimuli)
    variance = of_subjects + shared - grow * (both - subjects - stimuli)
    variance = np.maximum(np.minimum(variance, both), np.maximum(of_subjects, of_stimuli))
    parts = of_subjects**2 / (n_subjects - 1) + of_stimuli**2 / (n_stimuli - 1)
    least = float(min(n_subjects, n_stimuli) - 1)
    freedom = np.maximum(satterthwaite(variance, parts, least), least)
    return Spread(np.sqrt(variance), BOTH, freedom)


def satterthwaite(total: Floats, parts: Floats, otherwise: float | Floats) -> Floats:
    """Return the degrees of freedom of a variance that several known ones add to.

    Satterthwaite (1946, https://doi.org/10.2307/3002019): four subjects who hardly differ leave the
    many that the stimuli give, four who differ a lot leave three.

    Parameters
    ----------
    total : array of shape (candidate,)
        The variance.
    parts : array of shape (candidate,)
        Sum over the variances in it of their squares over their degrees of freedom.
    otherwise : float or array of shape (candidate,)
        Where there is no variance.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom: Floats = np.where(parts > 0, total**2 / parts, otherwise)
    return freedom


def variance_of(values: Floats) -> Floats:
    """Variance over resamples, degenerate ones left out; NaN where fewer than two remain."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = filled.sum(axis=0) / count
        squares = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0)
        variance: Floats = np.where(count > 1, squares / (count - 1), np.nan)
    return variance
