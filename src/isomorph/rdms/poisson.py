r"""Distances between the rates of Poisson units: symmetrised Kullback-Leibler divergences.

Between rates :math:`a` and :math:`b` it is :math:`\sum_u (a_u - b_u)(\log a_u - \log b_u)` (Schütt
et al. 2023, https://doi.org/10.7554/eLife.82566); cross-validated, the differences come from some
folds and the logarithms from another. A gamma prior keeps rates above 0.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from isomorph.geometry import Contribution, Floats, UndefinedDistanceError
from isomorph.rdms.baselines import within_folds
from isomorph.rdms.folds import Folds
from isomorph.study.dataset import NoiseSpec


def poisson_kl(folds: Folds, settings: NoiseSpec) -> Contribution:
    """Return divergences `(stimulus, stimulus)` between the rates of stimuli, summed over units."""
    _refuse_negative(folds)
    rates = with_prior(folds.plain_means, settings)  # adjusted ones may fall below 0
    return Contribution(divergences(rates, rates), rates.shape[1])


def crossvalidated_poisson_kl(folds: Folds, settings: NoiseSpec) -> Contribution:
    """Return divergences between one fold and the mean of the others, the mean over all folds.

    Where a stimulus is missing from a fold, or from all others, its pairs have one fold less.
    Where folds have baselines of their own, differences are taken within them, see
    `isomorph.rdms.baselines`.

    Raises
    ------
    UndefinedDistanceError
        When a pair is left with none.
    """
    _refuse_negative(folds)
    by_fold = folds.by_fold
    values, seen = by_fold.values, by_fold.seen
    rates, logs = with_prior(values, settings), np.log(with_prior(values, settings))
    if by_fold.lacking:
        couples = (((r, s), rates[r], logs[s]) for r, s in permutations(range(len(rates)), 2))
        found = within_folds(couples, seen)
    else:
        found = _one_fold_against_others(values, seen, settings)
    if np.isnan(found).any():
        raise UndefinedDistanceError("it needs two folds, one of which shows both of any stimuli")
    return Contribution(found, values.shape[2])


def _one_fold_against_others(
    values: Floats, seen: NDArray[np.bool_], settings: NoiseSpec
) -> Floats:
    """Return the mean divergence `(stimulus, stimulus)`, NaN where there is none."""
    total, counts = values.sum(axis=0), seen.sum(axis=0)
    n_stimuli = len(total)
    summed, pairs = np.zeros((n_stimuli, n_stimuli)), np.zeros((n_stimuli, n_stimuli))
    for own, shown in zip(values, seen, strict=True):
        others = counts - shown
        both = shown & (others > 0)
        train = (total - own) / np.maximum(others, 1)[:, None]
        found = divergences(with_prior(train, settings), with_prior(own, settings))
        there = np.outer(both, both)
        summed[there] += found[there]
        pairs += there
    with np.errstate(invalid="ignore"):
        return np.where(pairs > 0, summed / pairs, np.nan)


def divergences(train: Floats, test: Floats) -> Floats:
    r"""Return :math:`(a_i - a_j)(\log b_i - \log b_j)` summed over units: `(stimulus, stimulus)`.

    Parameters
    ----------
    train, test : arrays of shape (stimulus, unit)
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
