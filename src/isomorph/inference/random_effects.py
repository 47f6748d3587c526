r"""Several independent data sets as one: the mean effect, and how far data sets differ in it.

Effects :math:`y_i` with standard errors :math:`s_i` vary about their mean :math:`\mu` by what was
sampled in each data set and by :math:`\tau^2`, by which data sets differ beyond that:
:math:`y_i \sim N(\mu, s_i^2 + \tau^2)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from isomorph.errors import IsomorphError
from isomorph.inference.estimated import RowStatus
from isomorph.measures import Floats

FEW = 2
"""Data sets whose mean has an interval that says next to nothing."""

ALONE = "one data set alone tells nothing of how far data sets differ"
NONE_AT_ALL = "no data set has an effect to average"
TWO = (
    "with two data sets the interval has one degree of freedom and says next to nothing, and what "
    "a further data set would give cannot be predicted"
)


@dataclass(frozen=True)
class Pooled:
    """The mean of effects over data sets; NaN is what there is not.

    Attributes
    ----------
    n_datasets : int
    estimate, standard_error, interval_low, interval_high : float
        The mean, weighted, with its interval.
    p : float
        Two-sided, of a mean of 0.
    tau2 : float
        Variance between data sets.
    q, q_p, i2 : float
        Cochran's Q, its p if data sets do not differ, and the share of the spread of the effects
        that is more than their errors.
    predicted_low, predicted_high : float
        Where the effect of a further data set of the kind is expected.
    status : RowStatus
    reason : str
        Why there is no more, or under which reservation.
    """

    n_datasets: int
    estimate: float = np.nan
    standard_error: float = np.nan
    interval_low: float = np.nan
    interval_high: float = np.nan
    p: float = np.nan
    tau2: float = np.nan
    q: float = np.nan
    q_p: float = np.nan
    i2: float = np.nan
    predicted_low: float = np.nan
    predicted_high: float = np.nan
    status: RowStatus = RowStatus.OK
    reason: str = ""


def pooled(effects: Sequence[float], errors: Sequence[float], coverage: float = 0.95) -> Pooled:
    r"""Average effects over independent data sets.

    :math:`\tau^2` is Paule and Mandel's (1982): with weights :math:`w_i = 1 / (s_i^2 + \tau^2)` the
    weighted sum of squares :math:`Q(\tau^2) = \sum_i w_i (y_i - \hat\mu)^2` is what it is on
    average, :math:`k - 1`. The interval is that of Hartung and Knapp (2001) and Sidik and Jonkman
    (2002), of Student's t with :math:`k - 1` degrees of freedom and

    .. math:: \mathrm{SE}^2 = \max\left(1, \frac{Q(\hat\tau^2)}{k - 1}\right) \Big/ \sum_i w_i,

    where the 1 (Röver, Knapp and Friede 2015) keeps it from being narrower than the errors allow
    when few effects are alike by luck. A prediction is of t with :math:`k - 2` degrees of freedom
    and the variance :math:`\hat\tau^2 + \mathrm{SE}^2` (Higgins, Thompson and Spiegelhalter 2009).

    Parameters
    ----------
    effects, errors : sequence of float
        The effect of every data set, and its standard error.
    coverage : float, optional
        Of the interval and of the prediction.

    Returns
    -------
    Pooled
        Of one data set, or none, all NaN with the reason; of two, `limited` with the reason.

    Raises
    ------
    IsomorphError
        When effects and errors are not as many, an effect is not finite, or an error is not a
        positive number; or their squares are not.

    References
    ----------
    Hartung & Knapp 2001, https://doi.org/10.1002/sim.791
    IntHout, Ioannidis & Borm 2014, https://doi.org/10.1186/1471-2288-14-25
    Röver, Knapp & Friede 2015, https://doi.org/10.1186/s12874-015-0091-1

    Examples
    --------
    >>> found = pooled([0.10, 0.30, 0.25], [0.05, 0.04, 0.10])
    >>> round(found.estimate, 3), round(found.i2, 2), found.interval_low < 0 < found.interval_high
    (0.213, 0.8, True)
    """
    y, s = np.asarray(effects, dtype=float), np.asarray(errors, dtype=float)
    if y.shape != s.shape or y.ndim != 1:
        raise IsomorphError(f"effects: {y.size} of them with {s.size} standard errors; one each")
    with np.errstate(over="ignore", divide="ignore"):
        usable = np.isfinite(y**2) & np.isfinite(s**2) & np.isfinite(1 / s**2) & (s > 0)
    if not usable.all():
        raise IsomorphError(
            f"effects {y.tolist()} with standard errors {s.tolist()}: expected numbers, and errors "
            "above 0, whose squares are so too"
        )
    k = len(y)
    if k < FEW:
        return Pooled(k, status=RowStatus.UNDEFINED, reason=ALONE if k else NONE_AT_ALL)
    tau2 = between(y, s)
    mean, sum_of_squares, weight = _weighted(y, s, tau2)
    _, q, _ = _weighted(y, s, 0.0)
    error = np.sqrt(max(1.0, sum_of_squares / (k - 1)) / weight)
    half = error * stats.t.ppf((1 + coverage) / 2, k - 1)
    ahead = np.nan
    if k > FEW:
        ahead = np.sqrt(tau2 + error**2) * stats.t.ppf((1 + coverage) / 2, k - 2)
    return Pooled(
        k, mean, float(error), float(mean - half), float(mean + half),
        p=float(2 * stats.t.sf(abs(mean) / error, k - 1)),
        tau2=tau2,
        q=q,
        q_p=float(stats.chi2.sf(q, k - 1)),
        i2=max(0.0, 1 - (k - 1) / q) if q > 0 else 0.0,
        predicted_low=float(mean - ahead),
        predicted_high=float(mean + ahead),
        status=RowStatus.LIMITED if k == FEW else RowStatus.OK,
        reason=TWO if k == FEW else "",
    )  # fmt: skip


def between(effects: Floats, errors: Floats) -> float:
    """Return Paule and Mandel's variance between data sets.

    Parameters
    ----------
    effects, errors : arrays of shape (dataset,)

    Returns
    -------
    float
        0 where effects differ no more than their errors say.
    """
    wanted, tau2 = len(effects) - 1.0, 0.0
    # Newton's steps: the sum of squares falls ever less steeply, so that no step goes too far.
    while True:
        mean, sum_of_squares, _ = _weighted(effects, errors, tau2)
        excess = sum_of_squares - wanted
        if excess <= 1e-10 * wanted:
            return tau2
        variance = errors**2 + tau2
        tau2 += float(excess / np.sum(((effects - mean) / variance) ** 2))


def _weighted(effects: Floats, errors: Floats, tau2: float) -> tuple[float, float, float]:
    """Return the weighted mean, the weighted sum of squares about it, and the sum of weights."""
    weights = 1 / (errors**2 + tau2)
    mean = weights @ effects / weights.sum()
    return float(mean), float(weights @ (effects - mean) ** 2), float(weights.sum())
