r"""How held-out correlations move with the stimuli, those that predictions are fitted to included.

Other stimuli would be predicted, and would be predicted from others. The first is a weighted sum.
For the second nothing is fitted again: what leaving out a training stimulus takes away follows from
the fit with it, see `isomorph.prediction.linear_maps`, and a draw in which stimulus i comes
:math:`m_i` times differs by :math:`m_i - 1` times that to first order (Efron 1982,
https://doi.org/10.1137/1.9781611970319, chapter 6). The penalty stays as
it is, and so do principal components.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from isomorph.prediction.held_out import (
    HeldOut,
    Weights,
    about_mean,
    correlations,
    moments,
    pooled,
    pooled_r,
)
from isomorph.prediction.linear_maps import Map, Targets
from isomorph.prediction.spectra import Floats, Spectrum


def influences(
    held: HeldOut,
    layers: Sequence[Spectrum],
    responses: Floats,
    by: Map,
    targets: Targets = None,
) -> Floats:
    r"""Return how the correlation of each unit moves with the weight of each stimulus.

    As one that is predicted: with :math:`z` what is standardised over the stimuli of a part, the
    derivative is :math:`z_a z_p - r_k (z_a^2 + z_p^2) / 2 + r_k - r`, of mean 0. As one of those
    that the other parts are predicted from, with the penalty as it is: see `led`.

    Parameters
    ----------
    held : HeldOut
    layers : sequence of Spectrum
        What it was predicted from.
    responses : array of shape (stimulus, unit)
    by : Map
    targets : array of int of shape (unit,), optional
        See `isomorph.prediction.held_out`.

    Returns
    -------
    array of shape (stimulus, unit)
        NaN for units without a correlation; 0 for stimuli of parts without one.
    """
    r = correlations(moments(held))[0]
    found, counted = np.zeros(held.actual.shape), np.zeros(held.actual.shape)
    for part, (a, p, _, here, counts) in zip(held.parts, _standardised(held), strict=True):
        moved = a * p - here * (a**2 + p**2) / 2 + here - r
        found[part], counted[part] = np.where(counts, moved, 0.0), counts
    found += refitted(held, layers, responses, by, slopes(held), targets)
    # A unit that is predicted for some stimuli alone is moved more by each of them.
    total = counted.sum(axis=0)
    found *= np.divide(len(found), total, out=np.zeros(len(total)), where=total > 0)
    return np.where(np.isfinite(r), found, np.nan)


def pooled_influence(
    held: HeldOut, layers: Sequence[Spectrum], responses: Floats, by: Map
) -> Floats:
    """Return how the correlation of all units at once moves with each stimulus: `(stimulus,)`.

    As one that is predicted and as one that others are predicted from.

    Parameters
    ----------
    held, layers, responses, by
        See `influences`.
    """
    sums = pooled(held)
    r = sums.r()[0]
    if not np.isfinite(r):
        return np.full(len(held.actual), np.nan)
    found, counted = np.zeros(len(held.actual)), 0
    for part in held.parts:
        product, actual, predicted = (one[part] for one in sums.of_stimuli)
        here = pooled_r(product.sum(), actual.sum(), predicted.sum())
        if np.isfinite(here):
            scale = np.sqrt(actual.mean() * predicted.mean())
            both = actual / actual.mean() + predicted / predicted.mean()
            found[part] = product / scale - here * both / 2 + here - r
            counted += len(part)
    found += refitted(held, layers, responses, by, pooled_slopes(held)).sum(axis=1)
    return found * len(found) / counted


def slopes(held: HeldOut) -> Floats:
    """Return how correlations move with what is predicted, times the stimuli they are of.

    Parameters
    ----------
    held : HeldOut

    Returns
    -------
    array of shape (stimulus, unit)
        0 where there is no correlation.
    """
    found = np.zeros(held.actual.shape)
    for part, (a, p, spread, here, counts) in zip(held.parts, _standardised(held), strict=True):
        with np.errstate(invalid="ignore", divide="ignore"):
            found[part] = np.where(counts, (a - here * p) / spread, 0.0)
    return found


def pooled_slopes(held: HeldOut) -> Floats:
    """Return how the correlation of all units at once moves with what is predicted, as `slopes`.

    Parameters
    ----------
    held : HeldOut
    """
    known, sums = held.known, pooled(held)
    a, p = (np.where(known, one, 0.0) for one in (held.actual, held.predicted))
    found = np.zeros(a.shape)
    for part in held.parts:
        product, actual, predicted = (one[part] for one in sums.of_stimuli)
        here = pooled_r(product.sum(), actual.sum(), predicted.sum())
        if np.isfinite(here):
            scale = np.sqrt(actual.mean() * predicted.mean())
            found[part] = a[part] / scale - here * p[part] / predicted.mean()
    return found


def explained_slopes(held: HeldOut) -> Floats:
    """Return how the share of variance explained moves with what is predicted.

    Parameters
    ----------
    held : HeldOut

    Returns
    -------
    array of shape (stimulus, unit)
        0 where nothing is predicted or nothing varies.
    """
    a, p = (np.where(held.known, one, 0.0) for one in (held.actual, held.predicted))
    total = np.square(a).sum(axis=0)
    return np.divide(2 * (a - p), total, out=np.zeros(a.shape), where=total > 0)


def refitted(
    held: HeldOut,
    layers: Sequence[Spectrum],
    responses: Floats,
    by: Map,
    gradient: Floats,
    targets: Targets = None,
) -> Floats:
    """Return how something moves with the weights of what predictions are fitted to, of mean 0.

    Parameters
    ----------
    held, layers, responses, by
        See `influences`.
    gradient : array of shape (stimulus, unit)
        How it moves with what is predicted of each stimulus.

    Returns
    -------
    array of shape (stimulus, unit)
    """
    found = np.zeros(responses.shape)
    for penalty, layer in zip(held.penalty, layers, strict=True):
        train, test = layer.fold.train, layer.fold.test
        training = about_mean(responses[train])
        found[train] += by.led(layer, training, penalty, gradient[test], targets)
    centred: Floats = found - found.mean(axis=0)
    return centred


def moved(
    held: HeldOut,
    layers: Sequence[Spectrum],
    responses: Floats,
    by: Map,
    gradient: Floats,
    weights: Weights,
    targets: Targets = None,
) -> Floats:
    """Return by how much draws of what each part is predicted from move something.

    In every resample the next one's stimuli predict. A held-out correlation is mostly a sum over
    pairs, of a stimulus that is predicted and one that it is predicted from. Drawn as one, both
    ways round, each pair would count twice in the variance (Efron & Stein 1981,
    https://doi.org/10.1214/aos/1176345462), so stimuli are drawn apart for what they predict.

    Parameters
    ----------
    held, layers, responses, by, gradient
        See `refitted`.
    weights : array of shape (resample, stimulus)
        How often each stimulus counts.

    Returns
    -------
    array of shape (part, resample, unit)
    """
    more, found = beyond_once(weights), []
    for penalty, layer in zip(held.penalty, layers, strict=True):
        train, test = layer.fold.train, layer.fold.test
        training = about_mean(responses[train])
        found.append(more[:, train] @ by.led(layer, training, penalty, gradient[test], targets))
    return np.stack(found)


def beyond_once(weights: Weights) -> Floats:
    """Return by how much more than once each stimulus predicts, of mean 0, see `moved`.

    Parameters
    ----------
    weights : array of shape (resample, stimulus)

    Returns
    -------
    array of shape (resample, stimulus)
    """
    mean = weights.mean(axis=1, keepdims=True)
    return np.roll(weights / np.where(mean > 0, mean, 1) - 1, -1, axis=0)


def _standardised(
    held: HeldOut,
) -> list[tuple[Floats, Floats, Floats, Floats, NDArray[np.bool_]]]:
    """Return of every part responses and predictions in standard deviations about their mean.

    Also the standard deviation of predictions, the correlation and where there is one.
    """
    known, found = held.known, []
    for part, own in zip(held.parts, moments(held), strict=True):
        inside, here, n = known[part], own.r[0], own.n[0]
        with np.errstate(invalid="ignore", divide="ignore"):
            (a, _), (p, spread) = (
                _about(np.where(inside, values[part], mean[0] / n), mean[0] / n, square[0] / n)
                for values, mean, square in (
                    (held.actual, own.actual, own.squared_actual),
                    (held.predicted, own.predicted, own.squared_predicted),
                )
            )
        found.append((a, p, spread, here, inside & np.isfinite(here)))
    return found


def _about(values: Floats, mean: Floats, square: Floats) -> tuple[Floats, Floats]:
    """Return values about their mean in standard deviations, and these."""
    spread = np.sqrt(square - mean**2)
    return (values - mean) / spread, spread
