r"""Layers of one model against each other: which of them may be the best.

A confidence set of layers holds the layer that would be best with all stimuli (and subjects) with
a stated probability, as model confidence sets do (Hansen, Lunde & Nason 2011,
https://doi.org/10.3982/ECTA5771). For each layer the claim that none does better is tested by the
largest standardised difference by which any does, against what that largest is by chance (multiple
comparisons with the best, Hsu 1984, https://doi.org/10.1214/aos/1176346732). The set is all layers
whose claim stands: only the claim of the truly best one has to survive, so nothing is corrected for
the number of layers beyond the largest over its own rivals.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr

from isomorph.inference.bootstrap import Resampled, variance_of_differences
from isomorph.inference.estimated import Row, said
from isomorph.inference.families import by_largest
from isomorph.inference.ties import Indices, first_best
from isomorph.measures import Floats

RIVALS = 512
"""Layers against which every layer is set; of more, as many are taken, evenly along the depth, so
that the cost does not grow with the square of the layers. Which ones is settled before any is
scored, so the p stays right; a neighbour stands for a layer that is passed over."""

LEVEL = 0.05
"""The set holds the best layer with a probability of one less this."""


def p_best(estimate: Floats, drawn: Resampled) -> Floats:
    """Return for every layer of a model the p of the claim that no other layer does better.

    Parameters
    ----------
    estimate : array of shape (layer,)
    drawn : Resampled
        Of the same layers.

    Returns
    -------
    array of shape (layer,)
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
    # A t of few degrees of freedom on the scale of the draws, which know none.
    p = stdtr(spread.degrees_of_freedom, (values[:, None] - values[rivals]) / error)
    p[rivals, np.arange(len(rivals))] = 1.0
    result[known] = _by_largest(-ndtri(p.min(axis=1)), draws, rivals)
    return result


def _by_largest(beaten_by: Floats, draws: Floats, rivals: Indices) -> Floats:
    """Return the p of each layer against the largest lead any rival has on it by chance.

    Layers that differ by rounding alone, such as one and its copy times a constant, do not differ.

    Parameters
    ----------
    beaten_by : array of shape (layer,)
        The largest standardised lead of any rival.
    draws : array of shape (resample, layer)
    rivals : array of shape (rival,)
    """
    centred = draws - draws.mean(axis=0)
    width = np.sqrt(variance_of_differences(draws, rivals) * (1 - 1 / len(draws)))
    scale = np.divide(1.0, width, out=np.zeros_like(width), where=width > 0)
    p = np.empty(len(beaten_by))
    of_rivals = np.ascontiguousarray(centred[:, rivals])
    for layer, lead in enumerate(beaten_by):
        leads = of_rivals - centred[:, [layer]]
        leads *= scale[layer]
        p[layer] = by_largest(np.array([lead]), leads.max(axis=1))[0]
    return p


def set_row(layers: pd.DataFrame, estimate: Floats, inside: NDArray[np.bool_], reason: str) -> Row:
    """Return what is said of the confidence set of one model in one region.

    Parameters
    ----------
    layers : DataFrame
        `layer`, `depth` of the model's candidates.
    estimate : array of shape (layer,)
        Values against chance.
    inside : array of shape (layer,)
        Whether a layer is in the set.
    reason : str
        Why there is no set; empty where there is one.
    """
    if not reason and not inside.any():
        reason = "the resamples do not tell the layers apart"
    chosen = [] if reason else layers[inside].sort_values("depth", kind="stable")["layer"].tolist()
    place = first_best(np.where(inside, estimate, np.nan))
    return {
        "n_layers": len(layers),
        "confidence": 1 - LEVEL,
        "n_in_set": len(chosen),
        "layers": "; ".join(chosen),
        "best_layer": layers["layer"].iloc[place] if chosen else "",
        "first_layer": chosen[0] if chosen else "",
        "last_layer": chosen[-1] if chosen else "",
        **said(reason),
    }
