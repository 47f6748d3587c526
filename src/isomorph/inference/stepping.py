r"""From halves of the repetitions to all of them: the reliability of one subject's RDMs.

Let the RDM of all repetitions be :math:`d = t + e`, the truth and noise. The RDMs of two halves
share the truth alone, so their covariance is :math:`\mathrm{var}(t)` on average, whatever the
number of repetitions in them, and the true model's correlation with :math:`d` is

.. math:: \sqrt{\mathrm{cov}(d_1, d_2) / \mathrm{var}(d)}.

That holds where halves are on the scale of the whole but for a constant: squared and
cross-validated distances are, others are brought to it first. The formula of Spearman (1910) and
Brown (1910) needs no common scale but takes the variance of noise to halve when repetitions
double; that of distances is between a half and a quarter of it, so it predicts too little. It
stands in where no scale is known.

For measures that are not covariances, such as those of ranks, the same step is taken: with
:math:`r` the agreement of halves under the measure, the reliability is
:math:`r / (r + \kappa (1 - r))`, :math:`\kappa` being what Pearson's correlation says of noise in
the whole against the halves, or a half with Spearman and Brown. Kendall's coefficients are turned
into the correlation of the normal variables that have them (Kruskal 1958,
https://doi.org/10.2307/2281954), and back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isomorph.measures import Counts, Floats, Measure
from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import pair_indices, stimulus_count
from isomorph.registry import Registry

PEARSON = LinearForm(centre=True, ridge=np.inf)

Align = Callable[[Floats, Floats, Floats], Floats]
"""Brings halves `(halving, half, pair)` to the scale of the whole `(pair,)`, given the norm
`(stimulus,)` of their patterns against it."""


@dataclass(frozen=True)
class Step:
    """How the reliability of all repetitions follows from their halves under one distance.

    Attributes
    ----------
    align : callable or None
        None for the formula of Spearman and Brown.
    caveat : str
        How far off the ceiling is in simulation, where that is more than .02 at a reliability
        over .4.
    """

    align: Align | None
    caveat: str = ""


def as_they_are(halves: Floats, whole: Floats, norm: Floats) -> Floats:
    """Return halves whose noise adds the same to every distance, and no more."""
    return halves


def by_norm(halves: Floats, whole: Floats, norm: Floats) -> Floats:
    """Return halves of which 1 less the distance is multiplied by the norm of both stimuli."""
    first, second = pair_indices(len(norm))
    aligned: Floats = 1 - (1 - halves) * (norm[first] * norm[second])
    return aligned


def by_square(halves: Floats, whole: Floats, norm: Floats) -> Floats:
    """Return roots of squared distances less what noise adds more to those of halves."""
    squares = halves**2
    more = squares.mean(axis=2, keepdims=True) - np.mean(whole**2)
    aligned: Floats = np.sqrt(np.maximum(squares - more, 0.0))
    return aligned


_BASELINES = ", up to .04 too high with three repetitions, .06 with two runs of different baselines"

STEPS: Registry[Step] = Registry(
    "step",
    {
        "correlation": Step(by_norm, _BASELINES),
        "cosine": Step(by_norm, _BASELINES),
        "euclidean": Step(by_square, ", up to .03 too low with two repetitions"),
        "euclidean_norm": Step(by_square, ", up to .03 too low with two repetitions"),
        "squared_euclidean": Step(as_they_are, ", up to .04 too low with two repetitions"),
        "crossvalidated_euclidean": Step(as_they_are),
        "mahalanobis": Step(by_norm, ", up to .06 too low with four repetitions"),
        "crossnobis": Step(by_norm, ", up to .05 too low with four repetitions"),
        "poisson_kl": Step(None, ", up to .04 too low"),
        "crossvalidated_poisson_kl": Step(as_they_are),
        "lda_accuracy": Step(None, ", up to .04 off where accuracies are not saturated"),
    },
)
"""By distance. The ceiling less the score of the truth, Pearson, 40 to 60 stimuli, 4 and 10
repetitions, reliability .4 to .95, means of 40 simulations: squared_euclidean and
crossvalidated_euclidean -.01 to 0, crossvalidated_poisson_kl -.01 to 0, correlation and cosine 0
to .01 (.03 where responses to some stimuli are half as strong as to others, and with 3
repetitions), euclidean -.015 to .01, mahalanobis and crossnobis -.06 to -.03 with 4 and -.01
with 8 repetitions, poisson_kl -.04 (at .66) to 0, lda_accuracy -.03 to .03. Spearman and Brown's
formula instead: -.2 to -.03 for cross-validated distances, -.06 to 0 for correlation. See row 4
of `benchmarks/calibration.py`.

Of whole runs, whose repetitions share half of their noise, the same with 4 and 8 runs (30
simulations); with 2, squared_euclidean -.04 and euclidean -.02 to .02. Where runs have baselines as
large as the noise, correlation and cosine are held against the RDM of the responses with the mean
baseline: 0 with 4 and 8 runs, .06 with 2."""


def agreement_of_halves(
    halves: Floats, measure: Measure, counts: Counts | None = None, signs: Floats | None = None
) -> Floats:
    """Return the measure between the halves of every halving: `(resample, halving)`.

    Parameters
    ----------
    halves : array of shape (halving, half, pair)
    measure : Measure
    counts : array of shape (resample, stimulus), optional
        All stimuli once unless given.
    signs : array of shape (stimulus, stimulus), optional
        See `Measure.resampled`.
    """
    if counts is None:
        counts = np.ones((1, stimulus_count(halves.shape[2])), dtype=int)
    found = [
        measure.resampled(one[None], other[None], counts, signs)[:, 0, 0] for one, other in halves
    ]
    return np.stack(found, axis=1)


def stepped(
    whole: Floats,
    halves: Floats,
    measure: Measure,
    step: Step,
    counts: Counts,
    signs: Floats | None = None,
) -> Floats:
    """Return the reliability of the RDM of all repetitions: `(resample,)`, 0 to 1.

    0 where halves do not agree; NaN where a resample leaves nothing to compare.

    Parameters
    ----------
    whole : array of shape (pair,)
    halves : array of shape (halving, half, pair)
        Aligned.
    measure : Measure
    step : Step
    counts : array of shape (resample, stimulus)
    signs : array of shape (stimulus, stimulus), optional
        See `Measure.resampled`.
    """
    form = measure.form if isinstance(measure.form, LinearForm) else PEARSON
    shared, linear, power = _products(whole, halves, form, counts, signs)
    if form is measure.form:
        found = linear
    else:
        found = latent(agreement_of_halves(halves, measure, counts, signs).mean(axis=1), measure)
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = np.full(len(counts), 0.5)
        if step.align is not None:
            halves_noise = 1 / linear - 1
            noise = np.where(halves_noise > ROUNDING, (power / shared - 1) / halves_noise, noise)
        stepped = found / (found + noise * (1 - found))
    agree = (found > 0) & (shared > 0)
    known = np.isfinite(found) & np.isfinite(shared)
    return np.where(known, np.where(agree, np.clip(stepped, 0.0, 1.0), 0.0), np.nan)


ROUNDING = 1e-9
"""Noise of halves, against what they share, below which there is none."""


def _products(
    whole: Floats, halves: Floats, form: LinearForm, counts: Counts, signs: Floats | None
) -> tuple[Floats, Floats, Floats]:
    """Return, over halvings, what halves share and how they correlate, and the whole's square."""
    shared, linear = np.zeros(len(counts)), np.zeros(len(counts))
    for one, other in halves:
        every = np.stack([whole, one, other])
        if signs is None:
            products, squares, _ = form.products(every, every, counts)
        else:
            products = form.first_order_products(every, signs).resampled(counts)
            squares = products.diagonal(axis1=1, axis2=2)
        shared += products[:, 1, 2] / len(halves)
        linear += products[:, 1, 2] / np.sqrt(squares[:, 1] * squares[:, 2]) / len(halves)
    return shared, linear, squares[:, 0]


def latent(value: Floats, measure: Measure) -> Floats:
    """Return the correlation that a value of the measure stands for."""
    return np.sin(np.pi / 2 * value) if measure.name in KENDALL else value


def from_latent(correlation: Floats, measure: Measure) -> Floats:
    """Return the value of the measure that a correlation has."""
    return 2 / np.pi * np.arcsin(correlation) if measure.name in KENDALL else correlation


KENDALL = ("tau_a", "tau_b")
"""Measures that are not correlations and stand for one."""
