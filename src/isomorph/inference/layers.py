"""Layers of one model against each other: which of them another layer beats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from isomorph.inference.bootstrap import Resampled
from isomorph.inference.multiplicity import by_largest
from isomorph.measures import Floats


def p_beaten(estimate: Floats, drawn: Resampled) -> Floats:
    """Return for every layer of a model the p of the claim that no other layer does better.

    Every two layers are compared by the same resamples; the p of a layer is that of the layer
    which beats it most clearly, corrected for all pairs by the largest statistic of any. Layers
    with a large p are those that the data cannot tell from the best one.

    Parameters
    ----------
    estimate : (layer,)
    drawn : Resampled
        Of the same layers.

    Returns
    -------
    (layer,)
        NaN for a layer without a number, and for a model's only layer.
    """
    result = np.full(len(estimate), np.nan)
    known = np.isfinite(estimate) & (2 * np.isfinite(drawn.widest).sum(axis=0) > len(drawn.widest))
    if known.sum() < 2:
        return result
    some = drawn.mapped(lambda means: means[:, known])
    draws = some.widest[np.isfinite(some.widest).all(axis=1)]
    if len(draws) < 2:
        return result
    spread = some.spread_of_differences()
    error = np.where(spread.standard_error > 0, spread.standard_error, np.inf)
    values = estimate[known]
    p = student.sf((values - values[:, None]) / error, spread.degrees_of_freedom)
    np.fill_diagonal(p, 1.0)
    beaten_by = norm.isf(p.min(axis=1))
    return _filled(result, known, by_largest(beaten_by, _largest(draws)))


def _largest(draws: Floats) -> Floats:
    """Return the largest standardised difference of any two layers in every resample."""
    centred = draws - draws.mean(axis=0)
    largest = np.zeros(len(draws))
    for own in range(draws.shape[1] - 1):
        apart = centred[:, own + 1 :] - centred[:, [own]]
        width = apart.std(axis=0)
        standard = np.abs(apart) / np.where(width > 0, width, np.inf)
        np.maximum(largest, standard.max(axis=1), out=largest)
    return largest


def _filled(result: Floats, known: NDArray[np.bool_], values: Floats) -> Floats:
    result[known] = values
    return result
