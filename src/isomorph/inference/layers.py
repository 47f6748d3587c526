"""Layers of one model against each other: which of them another layer beats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from isomorph.inference.bootstrap import Resampled, variance_of_differences
from isomorph.inference.multiplicity import by_largest
from isomorph.measures import Floats

RIVALS = 512
"""Layers against which every layer is set; of more, as many are taken, evenly along the depth, so
that the cost does not grow with the square of the layers. Which ones is settled before any is
scored, so the p stays right; a neighbour stands for a layer that is passed over."""


def p_beaten(estimate: Floats, drawn: Resampled) -> Floats:
    """Return for every layer of a model the p of the claim that no other layer does better.

    Every two layers (see `RIVALS` for very many) are compared by the same resamples; the p of a
    layer is that of the layer which beats it most clearly, corrected for all pairs by the largest
    statistic of any. Layers with a large p are those that the data cannot tell from the best one.

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
    n = draws.shape[1]
    rivals = np.unique(np.linspace(0, n - 1, min(n, RIVALS)).round().astype(np.intp))
    spread = some.spread_of_differences(rivals)
    error = np.where(spread.standard_error > 0, spread.standard_error, np.inf)
    values = estimate[known]
    p = student.sf((values[rivals] - values[:, None]) / error, spread.degrees_of_freedom)
    p[rivals, np.arange(len(rivals))] = 1.0
    beaten_by = norm.isf(p.min(axis=1))
    return _filled(result, known, by_largest(beaten_by, _largest(draws, rivals)))


def _largest(draws: Floats, rivals: NDArray[np.intp]) -> Floats:
    """Return the largest standardised difference of any layer and any rival in every resample.

    Layers that differ by rounding alone, such as one and its copy times a constant, do not differ.
    """
    centred = draws - draws.mean(axis=0)
    width = np.sqrt(variance_of_differences(draws, rivals) * (1 - 1 / len(draws)))
    scale = np.divide(1.0, width, out=np.zeros_like(width), where=width > 0)
    largest = np.zeros(len(draws))
    is_rival = np.zeros(draws.shape[1], dtype=bool)
    is_rival[rivals] = True
    for place, rival in enumerate(rivals):
        # Two rivals need to be set against each other once.
        rest = np.flatnonzero(~is_rival | (np.arange(len(is_rival)) > rival))
        some = slice(rival + 1, None) if is_rival.all() else rest
        apart = centred[:, some] - centred[:, [rival]]
        apart *= scale[some, place]
        np.abs(apart, out=apart)
        np.maximum(largest, apart.max(axis=1, initial=0.0), out=largest)
    return largest


def _filled(result: Floats, known: NDArray[np.bool_], values: Floats) -> Floats:
    result[known] = values
    return result
