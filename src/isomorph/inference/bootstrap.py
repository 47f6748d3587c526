"""How far an estimate would move with other stimuli, and with other subjects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from isomorph.measures import Counts, Floats

STIMULI = "stimuli"
BOTH = "stimuli and subjects"

EDGE = 1e-9
"""Share of half its range within which a value is at its limit, but for rounding."""

UNLIMITED = (-np.inf, np.inf)


SAME = 1e-6
"""Share of their spread by which two things must differ between resamples to differ at all. RDMs
are kept to 1e-12, so a layer and its copy times a constant differ by no more than rounding."""


@dataclass(frozen=True)
class Spread:
    """What the bootstrap says of estimates.

    Attributes
    ----------
    standard_error : (candidate,)
    scheme : str
        What was resampled, hence to what the interval generalises.
    degrees_of_freedom : float or (candidate,)
        Of the t distribution behind intervals and tests: stimuli (or groups of them) less 1; of two
        factors as many as their shares of the variance have together, see `freedom_of_both`.
    fisher_error : (candidate,) or None
        Standard error on Fisher's scale, where the resamples were brought there.
    edge : float or (candidate,)
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
        estimate : (candidate,)
        coverage : float
        limits : tuple of float
            What the estimate can be.
        """
        quantile = student.ppf((1 + coverage) / 2, self.degrees_of_freedom)
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
        p: Floats = 2 * student.sf(ratio, self.degrees_of_freedom)
        return p


def draw(n: int, n_resamples: int, rng: np.random.Generator) -> Counts:
    """Return how often each of `n` things is drawn in each resample: `(resample, n)`."""
    return rng.multinomial(n, np.full(n, 1 / n), size=n_resamples)


def mean_over_drawn(resampled: Floats, subject_draws: Counts) -> Floats:
    """Average `(resample, subject, candidate)` over the subjects each resample drew."""
    weights = subject_draws / subject_draws.sum(axis=1, keepdims=True)
    return np.einsum("bs,bsc->bc", weights, resampled)


def on_fishers_scale(
    resampled: Sequence[Floats], limits: tuple[float, float]
) -> tuple[list[Floats], Floats]:
    """Bring resamples to Fisher's scale, on which limits are infinitely far.

    A resample at a limit, such as one of few different stimuli whose ranks agree, says that it is
    nearer than the others, not how near. It is put at half the distance of the nearest that is
    not at a limit, as is usual for values below what can be told before logarithms are taken.

    Parameters
    ----------
    resampled : sequence of (resample, candidate)
        The same candidates under several kinds of draw.
    limits : tuple of float
        Both finite.

    Returns
    -------
    scaled : list of (resample, candidate)
    edge : (candidate,)
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
    resampled : (resample, candidate)
        Means over all subjects; NaN where a resample is degenerate.
    n_stimuli : int
        Stimuli, or groups of them, that were drawn independently.
    limits : tuple of float
        What an estimate can be; between finite ones the spread on Fisher's scale is found too.
    """
    return _spread([resampled], limits, lambda one: _over_stimuli(one, n_stimuli))


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
    over_both, over_subjects, over_stimuli : (resample, candidate)
        Means under draws of both, of subjects alone, of stimuli alone.
    n_subjects, n_stimuli : int
    limits : tuple of float
        What an estimate can be; between finite ones the spread on Fisher's scale is found too.
    """
    return _spread(
        [over_both, over_subjects, over_stimuli],
        limits,
        lambda both, subjects, stimuli: _over_both(both, subjects, stimuli, n_subjects, n_stimuli),
    )


def _spread(
    draws: Sequence[Floats], limits: tuple[float, float], of: Callable[..., Spread]
) -> Spread:
    """Return the spread that the variances of draws make, on Fisher's scale too if there is one."""
    plain = of(*map(_variance, draws))
    if not np.isfinite(limits).all():
        return plain
    scaled, edge = on_fishers_scale(draws, limits)
    error = of(*map(_variance, scaled)).standard_error
    return replace(plain, fisher_error=error, edge=edge)


def _over_stimuli(variance: Floats, n_stimuli: int) -> Spread:
    return Spread(np.sqrt(_of_few(n_stimuli) * variance), STIMULI, n_stimuli - 1)


def _of_few(n: int) -> float:
    """Return by what a variance over resamples of `n` things falls short; NaN of one thing."""
    return n / (n - 1) if n > 1 else np.nan


def _over_both(
    both: Floats, subjects: Floats, stimuli: Floats, n_subjects: int, n_stimuli: int
) -> Spread:
    """Return the spread from the variances of three bootstraps, of any shape."""
    of_subjects, of_stimuli = _of_few(n_subjects) * subjects, _of_few(n_stimuli) * stimuli
    grow = _of_few(n_subjects) * _of_few(n_stimuli)
    variance = of_subjects + of_stimuli - grow * (both - subjects - stimuli)
    variance = np.maximum(np.minimum(variance, both), np.maximum(of_subjects, of_stimuli))
    freedom = freedom_of_both(variance, of_subjects, of_stimuli, n_subjects, n_stimuli)
    return Spread(np.sqrt(variance), BOTH, freedom)


def freedom_of_both(
    variance: Floats, of_subjects: Floats, of_stimuli: Floats, n_subjects: int, n_stimuli: int
) -> Floats:
    """Return the degrees of freedom of a variance that subjects and stimuli add to.

    Satterthwaite's (1946, https://doi.org/10.2307/3002019), no fewer than the smaller factor has:
    four subjects who hardly differ leave the many that the stimuli give, four who differ a lot
    leave three.

    Parameters
    ----------
    variance, of_subjects, of_stimuli : (candidate,)
        In all, and what either factor adds.
    n_subjects, n_stimuli : int
    """
    parts = of_subjects**2 / (n_subjects - 1) + of_stimuli**2 / (n_stimuli - 1)
    least = float(min(n_subjects, n_stimuli) - 1)
    freedom = np.divide(variance**2, parts, out=np.full_like(parts, least), where=parts > 0)
    return np.maximum(freedom, least)


@dataclass(frozen=True)
class Resampled:
    """Means over subjects under every kind of draw, of things scored in one region.

    They are sums over what is scored, so differences and weighted means of things can be taken
    before the spread is.

    Attributes
    ----------
    over_stimuli : (resample, thing)
    over_subjects, over_both : (resample, thing) or None
        None where subjects are too few to resample.
    n_stimuli, n_subjects : int
        How many were drawn independently; of stimuli, the groups.
    apart_stimuli, apart_both : (resample, thing), optional
        Half the difference between two values that a resample has by chance, as two
        cross-validations give; `over_stimuli` and `over_both` are then their mean.
    n_repeats : int
        How many such values the estimate itself is the mean of.
    """

    over_stimuli: Floats
    over_subjects: Floats | None
    over_both: Floats | None
    n_stimuli: int
    n_subjects: int
    apart_stimuli: Floats | None = None
    apart_both: Floats | None = None
    n_repeats: int = 1

    def spread(self, limits: tuple[float, float] = UNLIMITED) -> Spread:
        """Return the spread over stimuli, and over subjects where they are resampled.

        What two values of one resample differ by is no spread over stimuli: it is taken off, as
        Schütt et al. (2023, https://doi.org/10.7554/eLife.82566) do with their cross-validations,
        and added as far as the estimate itself has it.

        Parameters
        ----------
        limits : tuple of float
            What a thing can be; between finite ones the spread on Fisher's scale is found too,
            unless a resample has several values.
        """
        if self.apart_stimuli is not None:
            return self._spread_of_several(self.apart_stimuli)
        if self.over_both is None or self.over_subjects is None:
            return spread_over_stimuli(self.over_stimuli, self.n_stimuli, limits)
        return spread_over_both(
            self.over_both,
            self.over_subjects,
            self.over_stimuli,
            self.n_subjects,
            self.n_stimuli,
            limits,
        )

    def _spread_of_several(self, apart_stimuli: Floats) -> Spread:
        wavering = _mean_square(apart_stimuli)
        stimuli = np.maximum(_variance(self.over_stimuli) - wavering, 0)
        if self.over_both is None or self.over_subjects is None or self.apart_both is None:
            spread = _over_stimuli(stimuli, self.n_stimuli)
        else:
            both = np.maximum(_variance(self.over_both) - _mean_square(self.apart_both), 0)
            subjects = _variance(self.over_subjects)
            spread = _over_both(both, subjects, stimuli, self.n_subjects, self.n_stimuli)
        own = 2 * wavering / self.n_repeats
        error = np.sqrt(spread.standard_error**2 + own)
        # The few resamples that can be split are those with the most stimuli, which vary less.
        usable = 2 * np.isfinite(self.widest).sum(axis=0) > len(self.widest)
        return replace(spread, standard_error=np.where(usable, error, np.nan))

    def spread_of_differences(self, rivals: NDArray[np.intp]) -> Spread:
        """Return the spread of every thing less some others: errors `(thing, rival)`.

        Resamples in which any thing is undefined are left out.

        Parameters
        ----------
        rivals : (rival,)
            Which things those others are.
        """
        stimuli = variance_of_differences(self.over_stimuli, rivals)
        if self.over_both is None or self.over_subjects is None:
            return _over_stimuli(stimuli, self.n_stimuli)
        both, subjects = (
            variance_of_differences(values, rivals)
            for values in (self.over_both, self.over_subjects)
        )
        return _over_both(both, subjects, stimuli, self.n_subjects, self.n_stimuli)

    def mapped(self, function: Callable[[Floats], Floats]) -> Resampled:
        """Return the same draws of something linear in the things."""
        return joined([self], lambda values: function(values[0]))

    @property
    def scheme(self) -> str:
        """What is resampled."""
        return STIMULI if self.over_both is None else BOTH

    @property
    def widest(self) -> Floats:
        """The draws in which all that is resampled varies."""
        return self.over_stimuli if self.over_both is None else self.over_both


def joined(
    several: Sequence[Resampled],
    how: Callable[[Sequence[Floats]], Floats] = lambda values: np.concatenate(values, axis=1),
) -> Resampled:
    """Return one of several resampled under the same draws: their things side by side.

    Parameters
    ----------
    several : sequence of Resampled
    how : callable
        Joins arrays `(resample, thing)`.
    """

    def of(name: str) -> Floats | None:
        values = [getattr(one, name) for one in several]
        return None if values[0] is None else how(values)

    return replace(
        several[0],
        over_stimuli=how([one.over_stimuli for one in several]),
        over_subjects=of("over_subjects"),
        over_both=of("over_both"),
        apart_stimuli=of("apart_stimuli"),
        apart_both=of("apart_both"),
    )


def resampled_means(
    drawn: Floats, plain: Floats, subject_draws: Counts | None, n_stimuli: int
) -> Resampled:
    """Average over subjects under draws of stimuli, of subjects, and of both.

    Parameters
    ----------
    drawn : (resample, subject, thing)
        Under draws of stimuli.
    plain : (subject, thing)
        On all stimuli.
    subject_draws : (resample, subject) or None
    n_stimuli : int
    """
    over_stimuli = drawn.mean(axis=1)
    if subject_draws is None:
        return Resampled(over_stimuli, None, None, n_stimuli, len(plain))
    weights = subject_draws / subject_draws.sum(axis=1, keepdims=True)
    return Resampled(
        over_stimuli, weights @ plain, mean_over_drawn(drawn, subject_draws), n_stimuli, len(plain)
    )


def variance_of_differences(values: Floats, rivals: NDArray[np.intp]) -> Floats:
    """Return the variance over resamples of columns less some columns: `(thing, rival)`.

    0 where only rounding is left of it.

    Parameters
    ----------
    values : (resample, thing)
        Resamples in which any is NaN are left out.
    rivals : (rival,)
        Which columns.
    """
    known = values[np.isfinite(values).all(axis=1)]
    centred = known - known.mean(axis=0)
    own = np.einsum("rt,rt->t", centred, centred)[:, None]
    together = own + own[rivals, 0]
    squares = together - 2 * (centred.T @ centred[:, rivals])
    variance: Floats = np.where(squares > SAME**2 * together, squares, 0.0) / (len(known) - 1)
    return variance


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


def _mean_square(values: Floats) -> Floats:
    """Return the mean over resamples of squares, degenerate ones left out."""
    known = np.isfinite(values)
    squares = np.where(known, values, 0.0) ** 2
    mean: Floats = squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return mean
