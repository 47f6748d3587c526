r"""Maps from a representation to responses: ridge regression, components, partial least squares.

The penalty of ridge regression is chosen on the training stimuli alone. Of a map that is linear in
the responses, :math:`\hat y = H y`, what it would have said of a stimulus that it had not been
fitted on follows without fitting it again: the residual is :math:`(y_i - \hat y_i) / (1 - h_{ii})`,
of a group of stimuli :math:`(I - H_{gg})^{-1} (y_g - \hat y_g)` (Allen 1974; Hastie, Tibshirani &
Friedman 2009, section 7.10). The mean over stimuli is fitted too and has its part in :math:`H`.
Generalised cross-validation (Golub, Heath & Wahba 1979, https://doi.org/10.1080/00401706.1979.10489751)
puts the mean of :math:`h_{ii}` in place of each, and needs no residuals.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from isomorph.prediction.spectra import Floats, Fold, Labels, Spectrum, spectrum

PENALTIES = tuple(np.logspace(-4, 5, 20).tolist())
"""Penalties that are tried, relative to the mean eigenvalue of the training stimuli's Gram."""

BLOCK = 2**21
"""Numbers of responses handled at once (16 MiB)."""

SAME = 1e-12
"""Share of what there is below which what is left of it is rounding error."""

INNER_PARTS = 3
"""Parts of the training stimuli on which a map without an identity is tried."""

Targets = NDArray[np.intp] | None
"""Which responses share a penalty; each has its own where it is None."""


@dataclass(frozen=True)
class Fitted:
    """What a map says of held-out stimuli.

    Attributes
    ----------
    predicted : array of shape (held-out stimulus, unit)
        About the mean of the training stimuli.
    inner : array of shape (unit,)
        Share of the variance explained when training stimuli are left out: what the penalty, and
        the layer, are chosen by.
    penalty : array of shape (unit,)
        Chosen, relative to the mean eigenvalue; NaN for maps without one.
    """

    predicted: Floats
    inner: Floats
    penalty: Floats


class Map(Protocol):
    """Fits responses to a representation and predicts others."""

    def __call__(self, layer: Spectrum, responses: Floats, targets: Targets = None) -> Fitted:
        """Fit the responses `(training stimulus, unit)`, about their mean, to a spectrum."""

    def led(
        self,
        layer: Spectrum,
        responses: Floats,
        penalty: Floats,
        gradient: Floats,
        targets: Targets = None,
    ) -> Floats:
        """Return how something moves with the weight of each training stimulus, `(stimulus, unit)`.

        By as much as leaving it out takes away, with the penalty as it is; where stimuli are left
        out in groups, it is the sum over a group that is.

        Parameters
        ----------
        layer : Spectrum
        responses : array of shape (training stimulus, unit)
            About their mean.
        penalty : array of shape (unit,)
            That was chosen.
        gradient : array of shape (held-out stimulus, unit)
            How it moves with what is predicted about the training mean; adds up to 0 over stimuli
            if that mean has no part in it.
        targets : array of int of shape (unit,), optional
        """


class Weighing(ABC):
    """A map that weighs the components of a spectrum, and so is linear in the responses."""

    @abstractmethod
    def weights(self, layer: Spectrum, penalty: float) -> Floats:
        """Return what each component is weighed by in what is predicted: `(component,)`.

        Parameters
        ----------
        layer : Spectrum
        penalty : float
            Chosen, relative to the mean eigenvalue.
        """

    def led(
        self,
        layer: Spectrum,
        responses: Floats,
        penalty: Floats,
        gradient: Floats,
        targets: Targets = None,
    ) -> Floats:
        """Return how something moves with the weight of each training stimulus, see `Map.led`."""
        found = np.zeros(responses.shape)
        each = np.where(np.isfinite(penalty), penalty, -1.0)
        for one in np.unique(each) if layer.rank else ():
            own = each == one
            found[:, own] = led(
                layer, responses[:, own], self.weights(layer, float(one)), gradient[:, own]
            )
        return found


@dataclass(frozen=True)
class Ridge(Weighing):
    """Ridge regression, the penalty of every unit chosen within the training stimuli.

    Attributes
    ----------
    penalties : tuple of float
        Relative to the mean eigenvalue.
    inner : {"gcv", "loo"}
        Generalised cross-validation, or leaving out one training stimulus at a time. Either leaves
        out whole groups of stimuli where there are any.
    """

    penalties: tuple[float, ...] = PENALTIES
    inner: str = "gcv"

    def __call__(self, layer: Spectrum, responses: Floats, targets: Targets = None) -> Fitted:
        """Fit responses about their training mean, see `Map`."""
        if not layer.rank:
            return _nothing(layer, responses)
        alphas = self.alphas(layer)
        turned = layer.vectors.T @ responses
        filters = layer.values / (layer.values + alphas[:, None])
        errors = INNER[self.inner](layer, responses, turned, filters)
        if targets is not None:
            # Responses of one target are scored, and penalised, together.
            whole = np.zeros((len(errors), int(targets.max()) + 1))
            np.add.at(whole.T, targets, errors.T)
            best = whole.argmin(axis=0)[targets]
        else:
            best = errors.argmin(axis=0)
        weighed = turned / (layer.values[:, None] + alphas[best])
        return Fitted(
            layer.toward @ weighed,
            _explained(errors[best, np.arange(len(best))], responses, layer.fold),
            np.array(self.penalties)[best],
        )

    def alphas(self, layer: Spectrum) -> Floats:
        """Return the penalties as they are added to eigenvalues: `(penalty,)`."""
        return np.asarray(np.array(self.penalties) * layer.mean)

    def weights(self, layer: Spectrum, penalty: float) -> Floats:
        """Return what each component is weighed by in what is predicted: `(component,)`."""
        return np.asarray(1 / (layer.values + penalty * layer.mean))


@dataclass(frozen=True)
class Components(Weighing):
    """Least squares on the first principal components of the training stimuli.

    Attributes
    ----------
    k : int
        How many; all where there are fewer.
    judged : bool
        Whether it is also tried within the training stimuli, to choose layers by.
    """

    k: int
    judged: bool = True

    def __call__(self, layer: Spectrum, responses: Floats, targets: Targets = None) -> Fitted:
        """Fit responses about their training mean, see `Map`."""
        if not layer.rank:
            return _nothing(layer, responses)
        k = min(self.k, layer.rank)
        kept = (np.arange(len(layer.values)) >= len(layer.values) - k).astype(float)
        turned = layer.vectors.T @ responses
        scale = self.weights(layer)
        nothing = inner = np.full(responses.shape[1], np.nan)
        # What goes through every response says nothing of others.
        if self.judged and k < len(kept) - 1:
            errors = left_out(layer, responses, turned, kept[None])[0]
            inner = _explained(errors, responses, layer.fold)
        return Fitted(layer.toward @ (scale[:, None] * turned), inner, nothing)

    def weights(self, layer: Spectrum, penalty: float = np.nan) -> Floats:
        """Return what each component is weighed by in what is predicted: `(component,)`."""
        first = np.arange(len(layer.values)) < len(layer.values) - min(self.k, layer.rank)
        return np.where(first, 0.0, 1 / np.where(layer.values > 0, layer.values, 1.0))


@dataclass(frozen=True)
class PartialLeastSquares:
    """Partial least squares of all responses together, by deflation (NIPALS; Wold 1975).

    Attributes
    ----------
    k : int
        Components; all where there are fewer.
    judged : bool
        Whether it is also tried within the training stimuli, to choose layers by.
    """

    k: int
    judged: bool = True

    def __call__(self, layer: Spectrum, responses: Floats, targets: Targets = None) -> Fitted:
        """Fit responses about their training mean, see `Map`; targets are fitted apart."""
        kept = layer.values > 0
        if not layer.rank:
            return _nothing(layer, responses)
        size = np.sqrt(layer.values[kept])
        features, held_out = layer.vectors[:, kept] * size, layer.toward[:, kept] / size
        predicted = np.empty((len(held_out), responses.shape[1]))
        for own in _apart(targets, responses.shape[1]):
            predicted[:, own] = held_out @ self._coefficients(features, responses[:, own])
        inner = np.full(responses.shape[1], np.nan)
        if self.judged:
            inner = self._inner(features @ features.T, layer.fold, responses, targets)
        return Fitted(predicted, inner, np.full(len(inner), np.nan))

    def led(
        self,
        layer: Spectrum,
        responses: Floats,
        penalty: Floats,
        gradient: Floats,
        targets: Targets = None,
    ) -> Floats:
        """Return how something moves with the weight of each training stimulus, see `Map.led`.

        The components follow the responses, so there is no identity: each is left out in turn.
        """
        moved, kept = np.zeros(responses.shape), layer.values > 0
        if not layer.rank:
            return moved
        size = np.sqrt(layer.values[kept])
        features, held_out = layer.vectors[:, kept] * size, layer.toward[:, kept] / size
        for own in _apart(targets, responses.shape[1]):
            every = np.arange(len(responses))
            whole = held_out @ self._coefficients(features, responses[:, own])
            for members in (one for some in layer.fold.members for one in some):
                rest = np.delete(every, members)
                mean = features[rest].mean(axis=0)
                centred = responses[np.ix_(rest, own)]
                centred = centred - centred.mean(axis=0)
                without = (held_out - mean) @ self._coefficients(features[rest] - mean, centred)
                taken = ((whole - without) * gradient[:, own]).sum(axis=0)
                moved[np.ix_(members, own)] = taken / len(members)
        return moved

    def _coefficients(self, features: Floats, responses: Floats) -> Floats:
        return _pls(features, responses, min(self.k, len(features) - 1, features.shape[1]))

    def _inner(self, gram: Floats, fold: Fold, responses: Floats, targets: Targets) -> Floats:
        """Return the share of the variance explained in parts of the training stimuli."""
        plain, errors = PartialLeastSquares(self.k, judged=False), np.zeros(responses.shape[1])
        total = np.zeros_like(errors)
        for inside in _inner_folds(fold):
            mean = responses[inside.train].mean(axis=0)
            found = plain(spectrum(gram, inside), responses[inside.train] - mean, targets)
            actual = responses[inside.test] - mean
            errors += np.square(actual - found.predicted).sum(axis=0)
            total += np.square(actual).sum(axis=0)
        return 1 - np.divide(errors, total, out=np.full_like(total, np.nan), where=total > 0)


def left_out(layer: Spectrum, responses: Floats, turned: Floats, filters: Floats) -> Floats:
    """Return squared errors when each group of training stimuli is left out: `(filter, unit)`.

    Parameters
    ----------
    layer : Spectrum
    responses : array of shape (training stimulus, unit)
        About their mean.
    turned : array of shape (component, unit)
        The same in the eigenvectors of the spectrum.
    filters : array of shape (filter, component)
        What is left of each component in what is fitted, from 0 to 1.
    """
    n, fold = len(layer.values), layer.fold
    errors = np.zeros((len(filters), responses.shape[1]))
    squared = np.square(layer.vectors)
    for row, taken in enumerate(1 - filters):
        # The mean has an eigenvalue of 0, so it is among what the filter takes away.
        residual = layer.vectors @ (taken[:, None] * turned)
        if fold.alone:
            residual /= np.maximum(squared @ taken - 1 / n, 1e-12)[:, None]
            errors[row] = np.einsum("iu,iu->u", residual, residual)
            continue
        for members in fold.members:
            away = _taken(layer, members, taken)
            errors[row] += np.square(np.linalg.solve(away, residual[members])).sum(axis=(0, 1))
    return errors


def generalised(layer: Spectrum, responses: Floats, turned: Floats, filters: Floats) -> Floats:
    """Return squared errors as generalised cross-validation has them: `(filter, unit)`.

    Groups of stimuli, which it does not know, are left out instead, see `left_out`.
    """
    if not layer.fold.alone:
        return left_out(layer, responses, turned, filters)
    taken, away = errors_of(filters)
    errors: Floats = (taken @ np.square(turned)) / away[:, None]
    return errors


def errors_of(filters: Floats) -> tuple[Floats, Floats]:
    """Return what generalised cross-validation weighs squares of turned responses by.

    Parameters
    ----------
    filters : array of shape (filter, component)

    Returns
    -------
    array of shape (filter, component)
        What is left of the square of each component.
    array of shape (filter,)
        What the sum of these is divided by.
    """
    taken = 1 - filters
    away = np.maximum((taken.sum(axis=1) - 1) / filters.shape[1], 1e-12)
    return np.square(taken), np.square(away)


def led(layer: Spectrum, responses: Floats, weights: Floats, gradient: Floats) -> Floats:
    r"""Return how something moves with the weight of each training stimulus: `(stimulus, unit)`.

    Without stimulus i what is predicted of t is less by :math:`A_{ti} (y_i - \hat y_i) / (1 -
    h_{ii})`, :math:`A_{ti}` being its part in the prediction; without a group of stimuli by
    :math:`A_{tg} (I - H_{gg})^{-1} (y_g - \hat y_g)`, a sum over its members.

    Parameters
    ----------
    layer : Spectrum
    responses : array of shape (training stimulus, unit)
        About their mean.
    weights : array of shape (component,)
        Of the map, the same for these units.
    gradient : array of shape (held-out stimulus, unit)
        How it moves with what is predicted.
    """
    filters, fold = weights * layer.values, layer.fold
    residual = responses - layer.vectors @ (filters[:, None] * (layer.vectors.T @ responses))
    part = layer.vectors @ (weights[:, None] * (layer.toward.T @ gradient))
    if fold.alone:
        away = 1 - np.square(layer.vectors) @ filters - 1 / len(responses)
        return np.asarray(part * residual / np.maximum(away, 1e-12)[:, None])
    for members in fold.members:
        taken = _taken(layer, members, 1 - filters)
        residual[members] = np.linalg.solve(taken, residual[members])
    return np.asarray(part * residual)


def _taken(layer: Spectrum, members: Labels, taken: Floats) -> Floats:
    """Return what is not fitted of groups of training stimuli: `(group, member, member)`."""
    vectors = layer.vectors[members]
    away: Floats = np.einsum("gij,j,gkj->gik", vectors, taken, vectors, optimize=True)
    away += 1e-12 * np.eye(members.shape[1]) - 1 / len(layer.values)
    return away


INNER: dict[str, Callable[[Spectrum, Floats, Floats, Floats], Floats]] = {
    "loo": left_out,
    "gcv": generalised,
}
"""How the error on stimuli that were not fitted is told from the training stimuli, by name."""


def blocks_of(n_rows: int, n_units: int) -> Iterator[slice]:
    """Yield units a block at a time, so that memory does not grow with them."""
    width = max(1, BLOCK // max(n_rows, 1))
    for start in range(0, n_units, width):
        yield slice(start, min(start + width, n_units))


def _explained(errors: Floats, responses: Floats, fold: Fold) -> Floats:
    """Return 1 less the errors over those of the mean, which is left-one-out as well."""
    n = len(responses)
    total = np.square(responses).sum(axis=0) * (n / (n - 1)) ** 2
    return 1 - np.divide(errors, total, out=np.full_like(total, np.nan), where=total > 0)


def _nothing(layer: Spectrum, responses: Floats) -> Fitted:
    nothing = np.full(responses.shape[1], np.nan)
    return Fitted(np.full((len(layer.toward), len(nothing)), np.nan), nothing, nothing)


def _apart(targets: Targets, n_units: int) -> list[Labels]:
    every = np.arange(n_units)
    if targets is None:
        return [every]
    return [every[targets == one] for one in np.unique(targets)]


def _inner_folds(fold: Fold) -> list[Fold]:
    """Return parts of the training stimuli, whole groups of them, the largest first."""
    sizes = np.bincount(fold.groups)
    part, filled = np.zeros(len(sizes), dtype=np.intp), np.zeros(INNER_PARTS)
    for group in np.argsort(-sizes, kind="stable"):
        part[group] = filled.argmin()
        filled[part[group]] += sizes[group]
    of, every = part[fold.groups], np.arange(len(fold.train))
    return [
        Fold(every[of != one], every[of == one], fold.groups[of != one])
        for one in range(INNER_PARTS)
        if (of == one).any()
    ]


def _pls(features: Floats, responses: Floats, k: int) -> Floats:
    """Return coefficients `(feature, unit)` of partial least squares with `k` components."""
    x, cross = features.copy(), features.T @ responses
    wide = cross.shape[0] > cross.shape[1]
    last = min(cross.shape) - 1
    least = SAME * np.linalg.norm(features) * np.linalg.norm(responses)
    weights, loadings, scores_of = [], [], []
    for _ in range(k):
        if not np.linalg.norm(cross) > least:
            break
        # Of all directions only the first is asked for.
        vector = eigh(
            cross.T @ cross if wide else cross @ cross.T,
            subset_by_index=[last, last], overwrite_a=True, check_finite=False,
        )[1][:, 0]  # fmt: skip
        weight = cross @ vector if wide else vector
        weight = weight / np.linalg.norm(weight)
        score = x @ weight
        power = score @ score
        loading = score @ x / power
        toward = score @ responses / power  # scores are orthogonal
        x -= np.outer(score, loading)
        cross -= np.outer(power * loading, toward)
        weights.append(weight)
        loadings.append(loading)
        scores_of.append(toward)
    if not weights:
        return np.zeros((features.shape[1], responses.shape[1]))
    w, p, q = (np.array(one) for one in (weights, loadings, scores_of))
    coefficients: Floats = w.T @ np.linalg.solve(p @ w.T, q)
    return coefficients
