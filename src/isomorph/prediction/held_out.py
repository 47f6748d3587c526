r"""Held-out predictions and what they are worth, for any weights of the stimuli.

What was measured and what was predicted are taken about the mean of the stimuli that the map was
fitted on, and correlated within each part of the stimuli that was held out together; the score is
the mean over parts. Over all parts at once a map that knows nothing would correlate negatively: its
predictions go with the mean of the others, and they are large where, by chance, the others agreed
on something that the rest then takes back. Within a part the two are independent.

With predictions fixed every score is one of weighted sums over stimuli, and all resamples of the
stimuli are a few products of matrices. What other stimuli would have predicted comes on top of
that, see `isomorph.prediction.refits`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.prediction.linear_maps import Fitted, Map, Targets, blocks_of
from isomorph.prediction.spectra import Floats, Fold, Labels, Spectrum

Weights = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]
"""How often each stimulus counts: `(resample, stimulus)`."""

VARIES = 1e-12
"""Share of its mean square by which a response must vary to vary at all."""

FEWEST = 3
"""Stimuli of a part whose correlation is one: two always correlate perfectly."""


@dataclass(frozen=True)
class HeldOut:
    """Responses to stimuli that were held out, and what was predicted of them.

    Attributes
    ----------
    actual, predicted : arrays of shape (stimulus, unit)
        About the mean of the training stimuli; NaN where nothing was predicted.
    parts : sequence of arrays of shape (held-out stimulus,)
        Stimuli that were held out together.
    inner : array of shape (part, unit)
        Share of the variance explained within the training stimuli.
    penalty : array of shape (part, unit)
    """

    actual: Floats
    predicted: Floats
    parts: Sequence[Labels]
    inner: Floats
    penalty: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where there is a prediction: `(stimulus, unit)`."""
        return np.asarray(np.isfinite(self.actual) & np.isfinite(self.predicted))

    def masked(self, kept: NDArray[np.bool_]) -> HeldOut:
        """Return the predictions of the units that are kept in each part: `(part, unit)`."""
        predicted = self.predicted.copy()
        for part, units in zip(self.parts, kept, strict=True):
            predicted[np.ix_(part, np.flatnonzero(~units))] = np.nan
        return replace(self, predicted=predicted)

    def units(self, own: slice | Labels) -> HeldOut:
        """Return some of the units."""
        return HeldOut(
            self.actual[:, own], self.predicted[:, own], self.parts,
            self.inner[:, own], self.penalty[:, own],
        )  # fmt: skip


def deviations(responses: Floats, folds: Sequence[Fold]) -> Floats:
    """Return responses about the mean of the stimuli that predict them: `(stimulus, unit)`.

    NaN for stimuli in no fold.

    Parameters
    ----------
    responses : array of shape (stimulus, unit)
    folds : sequence of Fold
    """
    found = np.full(responses.shape, np.nan)
    for fold in folds:
        found[fold.test] = responses[fold.test] - responses[fold.train].mean(axis=0)
    return np.where(_still(responses), 0.0 * found, found)


def about_mean(training: Floats) -> Floats:
    """Return responses of training stimuli about their mean, 0 where it is all that they say."""
    return np.where(_still(training), 0.0, training - training.mean(axis=0))


def _still(responses: Floats) -> NDArray[np.bool_]:
    """Return which units say the same of every stimulus, but for rounding: `(unit,)`."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.ptp(responses, axis=0) <= VARIES * np.abs(responses).max(axis=0))


def held_out(
    layers: Sequence[Spectrum], responses: Floats, by: Map, targets: Targets = None
) -> HeldOut:
    """Predict every response from a representation fitted to others.

    Parameters
    ----------
    layers : sequence of Spectrum
        Of the representation in every fold.
    responses : array of shape (stimulus, unit)
        Of units of any regions and subjects.
    by : callable
        See `isomorph.prediction.linear_maps`.
    targets : array of int of shape (unit,), optional
        Which units share a penalty, or are fitted together; each stands for itself unless given,
        but for maps that fit all together.
    """
    folds = [one.fold for one in layers]
    predicted = np.full(responses.shape, np.nan)
    inner, penalty = (np.full((len(folds), responses.shape[1]), np.nan) for _ in range(2))
    whole = targets is not None or not getattr(by, "penalties", ())
    for at, (layer, fold) in enumerate(zip(layers, folds, strict=True)):
        n_units = responses.shape[1]
        for own in [slice(None)] if whole else blocks_of(len(fold.train), n_units):
            found: Fitted = by(layer, about_mean(responses[fold.train, own]), targets)
            predicted[fold.test, own] = found.predicted
            inner[at, own], penalty[at, own] = found.inner, found.penalty
    parts = [fold.test for fold in folds]
    return HeldOut(deviations(responses, folds), predicted, parts, inner, penalty)


@dataclass(frozen=True)
class Moments:
    """Weighted sums over the stimuli of one part: `(resample, unit)`.

    Attributes
    ----------
    n, actual, predicted, squared_actual, squared_predicted, product
        Of ones, responses, predictions, their squares and products.
    """

    n: Floats
    actual: Floats
    predicted: Floats
    squared_actual: Floats
    squared_predicted: Floats
    product: Floats

    @property
    def r(self) -> Floats:
        """Pearson correlation of responses with predictions; NaN where either does not vary."""
        with np.errstate(invalid="ignore", divide="ignore"):
            covariance = self.product - self.actual * self.predicted / self.n
            of_actual = self.squared_actual - self.actual**2 / self.n
            of_predicted = self.squared_predicted - self.predicted**2 / self.n
            # What is predicted of a response without any relation is rounding error alone.
            varies = (of_actual > VARIES * self.squared_actual) & (
                of_predicted
                > np.maximum(VARIES * self.squared_predicted, VARIES**2 * self.squared_actual)
            )
            found = np.clip(covariance / np.sqrt(of_actual * of_predicted), -1, 1)
        return np.where(varies & (self.n >= FEWEST), found, np.nan)


def moments(held: HeldOut, weights: Weights | None = None) -> list[Moments]:
    """Return weighted sums over the stimuli of every part.

    Parameters
    ----------
    held : HeldOut
    weights : array of shape (resample, stimulus), optional
        How often each stimulus counts; once each unless given.
    """
    known = held.known
    a, p = (np.where(known, one, 0.0) for one in (held.actual, held.predicted))
    rows = np.ones((1, len(a))) if weights is None else np.asarray(weights, dtype=float)
    every = (known.astype(float), a, p, a * a, p * p, a * p)
    return [Moments(*(rows[:, part] @ one[part] for one in every)) for part in held.parts]


def correlations(sums: Sequence[Moments]) -> Floats:
    """Return the mean over parts of the correlation within each: `(resample, unit)`.

    Parts count by their stimuli, those without a correlation not at all; NaN where none has one.

    Parameters
    ----------
    sums : sequence of Moments
    """
    return _mean_over_parts([one.r for one in sums], [one.n for one in sums])


def explained(sums: Sequence[Moments]) -> Floats:
    """Return the share of variance explained, of which training means explain 0.

    Parameters
    ----------
    sums : sequence of Moments

    Returns
    -------
    array of shape (resample, unit)
        NaN where nothing varies.
    """
    actual, predicted, product = (
        np.sum([getattr(one, name) for one in sums], axis=0) if sums else np.zeros((1, 0))
        for name in ("squared_actual", "squared_predicted", "product")
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = 1 - (actual - 2 * product + predicted) / actual
    return np.where(actual > 0, found, np.nan)


@dataclass(frozen=True)
class Pooled:
    r"""Sums over units of products of held-out responses and predictions, stimulus by stimulus.

    The correlation of all units at once about the training mean,
    :math:`\langle A, P \rangle / (|A| |P|)` in each part, does not change with a rotation of the
    units, so it is that of their principal components, each weighted by its variance. Its square is
    the share of the variance that the best multiple of the predictions explains.

    Attributes
    ----------
    product, actual, predicted : arrays of shape (stimulus,)
    parts : sequence of arrays of shape (held-out stimulus,)
    """

    product: Floats
    actual: Floats
    predicted: Floats
    parts: Sequence[Labels]

    def r(self, weights: Weights | None = None) -> Floats:
        """Return the mean correlation over parts, `(resample,)`, under weights of the stimuli."""
        rows = np.ones((1, len(self.product))) if weights is None else weights
        values = [
            pooled_r(*(rows[:, part] @ one[part] for one in self.of_stimuli)) for part in self.parts
        ]
        return _mean_over_parts(values, [rows[:, part].sum(axis=1) for part in self.parts])

    @property
    def of_stimuli(self) -> tuple[Floats, Floats, Floats]:
        """All three."""
        return self.product, self.actual, self.predicted


def pooled(held: HeldOut) -> Pooled:
    """Return sums over the units of what was held out and predicted."""
    known = held.known
    a, p = (np.where(known, one, 0.0) for one in (held.actual, held.predicted))
    product, actual, predicted = (np.einsum("iu,iu->i", *two) for two in ((a, p), (a, a), (p, p)))
    return Pooled(product, actual, predicted, held.parts)


def pooled_r(product: Floats, actual: Floats, predicted: Floats) -> Floats:
    """Return correlations from sums; NaN where either side has none."""
    power = actual * predicted
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.clip(product / np.sqrt(power), -1, 1)
    return np.where(power > 0, found, np.nan)


def _mean_over_parts(values: Sequence[Floats], sizes: Sequence[Floats]) -> Floats:
    """Return the mean over parts, by their sizes, of those that have a value."""
    if not len(values):
        return np.full((1, 0), np.nan)
    every, weights = np.stack(values), np.stack(sizes)
    known = np.isfinite(every)
    weights = np.where(known, weights, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = (weights * np.where(known, every, 0.0)).sum(axis=0) / weights.sum(axis=0)
    return found
