r"""Banded ridge regression: several representations together, each with a penalty of its own.

With the Gram matrix of every band scaled to one mean eigenvalue, ridge regression on
:math:`\sum_g s_g K_g` penalises band :math:`g` by :math:`\alpha / s_g` (Nunez-Elizalde, Huth &
Gallant 2019, https://doi.org/10.1016/j.neuroimage.2019.04.012). Shares :math:`s` that add up to 1
are searched at random, for every unit within the stimuli that are fitted (Dupré la Tour et al.
2022, https://doi.org/10.1016/j.neuroimage.2022.119728); a band that has nothing to say gets none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isomorph.prediction.held_out import HeldOut, Weights, about_mean, deviations
from isomorph.prediction.linear_maps import Ridge, blocks_of
from isomorph.prediction.refits import beyond_once, explained_slopes
from isomorph.prediction.spectra import Floats, Fold, spectrum

CONCENTRATIONS = (0.1, 1.0)
"""Of the Dirichlet distributions that shares are drawn from in turn: mostly one band, and any."""


@dataclass(frozen=True)
class Banded:
    """What several bands together predict.

    Attributes
    ----------
    held : HeldOut
    shares : array of shape (part, unit, band)
        Taken for each.
    """

    held: HeldOut
    shares: Floats


def candidate_shares(n_bands: int, n: int, rng: np.random.Generator) -> Floats:
    """Return shares to try: every band alone, all equally, and random ones: `(candidate, band)`.

    Parameters
    ----------
    n_bands : int
    n : int
        How many in all, if that is more than the first kinds; one band has one.
    rng : Generator
    """
    first = [*np.eye(n_bands), np.full(n_bands, 1 / n_bands)]
    if n_bands == 1:
        return np.ones((1, 1))
    random = [
        rng.dirichlet(np.full(n_bands, CONCENTRATIONS[at % len(CONCENTRATIONS)]))
        for at in range(max(0, n - len(first)))
    ]
    return np.array([*first, *random])


def banded(
    grams: Sequence[Floats], folds: Sequence[Fold], responses: Floats, by: Ridge, shares: Floats
) -> Banded:
    """Predict every response from several representations together.

    Parameters
    ----------
    grams : sequence of array of shape (stimulus, stimulus)
        Of every band.
    folds : sequence of Fold
    responses : array of shape (stimulus, unit)
    by : Ridge
    shares : array of shape (candidate, band)
        See `candidate_shares`; of several that do equally well the first is taken.
    """
    n_units, shape = responses.shape[1], (len(folds), responses.shape[1])
    predicted = np.full(responses.shape, np.nan)
    inner, penalty = np.full(shape, -np.inf), np.full(shape, np.nan)
    taken = np.full((*shape, len(grams)), np.nan)
    for at, fold in enumerate(folds):
        scaled = [_scaled(gram, fold) for gram in grams]
        training = responses[fold.train]
        training = training - training.mean(axis=0)
        for one in shares:
            layer = spectrum(sum(s * gram for s, gram in zip(one, scaled, strict=True)), fold)
            for own in blocks_of(len(fold.train), n_units):
                found = by(layer, training[:, own])
                better = found.inner > inner[at, own]
                columns = np.arange(n_units)[own][better]
                predicted[np.ix_(fold.test, columns)] = found.predicted[:, better]
                inner[at, columns], penalty[at, columns] = (
                    found.inner[better], found.penalty[better],
                )  # fmt: skip
                taken[at, columns] = one
    inner = np.where(np.isfinite(inner), inner, np.nan)
    parts = [fold.test for fold in folds]
    return Banded(HeldOut(deviations(responses, folds), predicted, parts, inner, penalty), taken)


def moved_with_bands(
    found: Banded,
    grams: Sequence[Floats],
    folds: Sequence[Fold],
    responses: Floats,
    by: Ridge,
    weights: Weights,
) -> Floats:
    """Return by how much draws of what predicts move the variance explained: `(resample, unit)`.

    With penalties and shares as they are.

    Parameters
    ----------
    found : Banded
        What `banded` predicted; units may be masked.
    grams, folds, responses, by
        See `banded`.
    weights : array of shape (resample, stimulus)
        How often each stimulus counts.
    """
    more, gradient = beyond_once(weights), explained_slopes(found.held)
    moved = np.zeros((len(weights), responses.shape[1]))
    for fold, shares, penalty in zip(folds, found.shares, found.held.penalty, strict=True):
        scaled, training = (
            [_scaled(gram, fold) for gram in grams],
            about_mean(responses[fold.train]),
        )
        known = np.flatnonzero(np.isfinite(shares).all(axis=1))
        taken, which = np.unique(shares[known], axis=0, return_inverse=True)
        for at, one in enumerate(taken):
            own = known[which == at]
            layer = spectrum(sum(s * gram for s, gram in zip(one, scaled, strict=True)), fold)
            led = by.led(layer, training[:, own], penalty[own], gradient[np.ix_(fold.test, own)])
            moved[:, own] += more[:, fold.train] @ led
    return moved


def _scaled(gram: Floats, fold: Fold) -> Floats:
    """Return a Gram matrix with mean eigenvalue 1 over the training stimuli; 0 where none is."""
    inner = gram[np.ix_(fold.train, fold.train)]
    power = (np.trace(inner) - inner.mean(axis=0).sum()) / len(inner)
    scale = 1 / power if power > 1e-12 * np.abs(np.diag(inner)).max(initial=0.0) else 0.0
    return np.asarray(gram * scale)
