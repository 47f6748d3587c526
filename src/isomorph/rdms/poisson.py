r"""Distances between the rates of Poisson units: symmetrised Kullback-Leibler divergences.

Between rates :math:`a` and :math:`b` it is :math:`\sum_u (a_u - b_u)(\log a_u - \log b_u)` (Schütt
et al. 2023, https://doi.org/10.7554/eLife.82566); cross-validated, the differences come from some
folds and the logarithms from another. A gamma prior keeps rates above 0.
"""

from __future__ import annotations

import numpy as np

from isomorph.rdms.folds import Folds
from isomorph.rdms.geometry import Floats, Part, UndefinedDistanceError
from isomorph.study.dataset import NoiseSpec


def poisson_kl(folds: Folds, settings: NoiseSpec) -> Part:
    """Return divergences `(stimulus, stimulus)` between the rates of stimuli, summed over units."""
    _refuse_negative(folds)
    rates = with_prior(folds.means, settings)
    return Part(divergences(rates, rates), rates.shape[1])


def crossvalidated_poisson_kl(folds: Folds, settings: NoiseSpec) -> Part:
    """Return divergences between one fold and the mean of the others, the mean over all folds.

    Where a stimulus is missing from a fold, or from all others, its pairs have one fold less.

    Raises
    ------
    UndefinedDistanceError
        When a pair is left with none.
    """
    _refuse_negative(folds)
    total, counts = folds.values.sum(axis=0), folds.seen.sum(axis=0)
    n_stimuli = len(total)
    summed, pairs = np.zeros((n_stimuli, n_stimuli)), np.zeros((n_stimuli, n_stimuli))
    for values, seen in zip(folds.values, folds.seen, strict=True):
        others = counts - seen
        both = seen & (others > 0)
        train = (total - values) / np.maximum(others, 1)[:, None]
        found = divergences(with_prior(train, settings), with_prior(values, settings))
        there = np.outer(both, both)
        summed[there] += found[there]
        pairs += there
    if not pairs.all():
        raise UndefinedDistanceError("it needs two folds, one of which shows both of any stimuli")
    return Part(summed / pairs, total.shape[1])


def divergences(train: Floats, test: Floats) -> Floats:
    r"""Return :math:`(a_i - a_j)(\log b_i - \log b_j)` summed over units: `(stimulus, stimulus)`.

    Parameters
    ----------
    train, test : (stimulus, unit)
        Rates above 0.
    """
    kernel = train @ np.log(test).T
    own = np.diag(kernel)
    found: Floats = own[:, None] + own - kernel - kernel.T
    return found


def with_prior(rates: Floats, settings: NoiseSpec) -> Floats:
    """Return the mean of rates `(stimulus, unit)` and their prior, by weight."""
    weight = settings.prior_weight
    return (rates + weight * settings.prior_rate) / (1 + weight)


def _refuse_negative(folds: Folds) -> None:
    if folds.values.min() < 0:
        raise UndefinedDistanceError(
            "Poisson rates need counts or rates, and some responses are negative; use no baseline, "
            "no centring and transform: none"
        )
