r"""Correlations of predictions with responses whose stimuli are shuffled, many orders at once.

Of shuffled responses nothing but correlations is asked for. The eigenvectors of a spectrum with a
value above 0 are orthogonal to the mean, so responses need not be centred for every order; what the
rest of the components take is what is missing from the whole. A prediction less its mean over the
stimuli of a part is orthogonal to the mean as well. Where responses are predicted all at once,
their squares are summed as soon as they are turned into the components.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.prediction.held_out import FEWEST, VARIES, pooled_r
from isomorph.prediction.linear_maps import Map, Ridge, errors_of
from isomorph.prediction.spectra import Floats, Fold, Spectrum

Orders = NDArray[np.integer]

BLOCK = 2**18
"""Numbers of turned responses handled at once: they stay in the processor's cache (2 MiB)."""


def summed(by: Map, folds: Sequence[Fold]) -> bool:
    """Whether a map needs no more than sums of squares of turned responses to be chosen by.

    Parameters
    ----------
    by : Map
    folds : sequence of Fold
    """
    return isinstance(by, Ridge) and by.inner == "gcv" and all(one.alone for one in folds)


@dataclass(frozen=True)
class ShuffledUnits:
    """Responses of units in shuffled orders: what does not depend on the layer.

    Attributes
    ----------
    responses : array of shape (unit, stimulus)
        About their mean.
    orders : array of int of shape (shuffle, stimulus)
    folds : sequence of Fold
    power : array of shape (part, unit, shuffle)
        Sums of squares over the training stimuli, about their mean.
    size, spread : arrays of shape (part, unit, shuffle)
        Sums of squares over the held-out stimuli, about the mean of the training stimuli and about
        their own; the second is NaN of a unit that has no correlation whatever is predicted.
    """

    responses: Floats
    orders: Orders
    folds: Sequence[Fold]
    power: Floats
    size: Floats
    spread: Floats

    @classmethod
    def of(
        cls, responses: Floats, kept: NDArray[np.bool_], orders: Orders, folds: Sequence[Fold]
    ) -> ShuffledUnits:
        """Return what shuffled responses are before anything predicts them.

        Parameters
        ----------
        responses : array of shape (stimulus, unit)
        kept : array of shape (part, unit)
            Which units are predicted in each part.
        orders : array of int of shape (shuffle, stimulus)
        folds : sequence of Fold
        """
        centred = np.ascontiguousarray((responses - responses.mean(axis=0)).T)
        level = VARIES * np.abs(responses).max(axis=0)
        moves = np.ptp(responses, axis=0) > level
        shape = (len(folds), len(centred), len(orders))
        power, size, spread = np.empty(shape), np.empty(shape), np.full(shape, np.nan)
        for at, fold in enumerate(folds):
            for own in _blocks(len(orders), centred.size):
                train = centred[:, orders[own][:, fold.train]]
                mean = train.mean(axis=-1)
                power[at][:, own] = np.square(train).sum(axis=-1) - len(fold.train) * mean**2
                raw = responses.T[:, orders[own][:, fold.train]]
                some = np.ptp(raw, axis=-1) > VARIES * np.abs(raw).max(axis=-1)
                test = centred[:, orders[own][:, fold.test]] - mean[..., None]
                size[at][:, own] = whole = np.square(test).sum(axis=-1)
                about = np.square(test - test.mean(axis=-1, keepdims=True)).sum(axis=-1)
                known = some & (moves & kept[at])[:, None] & (about > VARIES * whole)
                if len(fold.test) >= FEWEST:
                    spread[at][:, own] = np.where(known, about, np.nan)
        return cls(centred, orders, folds, power, size, spread)

    def correlations(self, layers: Sequence[Spectrum], by: Ridge) -> Floats:
        """Return the mean over parts of the correlation within each: `(shuffle, unit)`.

        NaN where no part has one.

        Parameters
        ----------
        layers : sequence of Spectrum
            Of the representation in every fold.
        by : Ridge
        """
        n_units, n_orders = self.spread.shape[1:]
        total, counted = np.zeros((n_units, n_orders)), np.zeros((n_units, n_orders))
        for at, layer in enumerate(layers):
            if not layer.rank:
                continue
            basis, n_test = _Basis.of(layer, by), len(layer.fold.test)
            mean = basis.toward.mean(axis=0)
            # The last column is the mean of what is predicted.
            toward = np.vstack([basis.toward - mean, mean]).T
            for own in _blocks(n_orders, n_units * len(layer.fold.train)):
                orders = self.orders[own]
                turned = self.responses[:, orders[:, layer.fold.train]] @ basis.vectors
                flat = turned.reshape(-1, turned.shape[-1])
                weighed = basis.chosen(np.square(flat), self.power[at][:, own].ravel())
                weighed *= flat
                predicted = (weighed @ toward).reshape(*turned.shape[:2], -1)
                about = np.einsum("uot,uot->uo", predicted[..., :-1], predicted[..., :-1])
                level = np.maximum(
                    VARIES * (about + n_test * predicted[..., -1] ** 2),
                    VARIES**2 * self.size[at][:, own],
                )
                actual = self.responses[:, orders[:, layer.fold.test]]
                product = np.einsum("uot,uot->uo", actual, predicted[..., :-1])
                with np.errstate(invalid="ignore", divide="ignore"):
                    r = np.clip(product / np.sqrt(about * self.spread[at][:, own]), -1, 1)
                known = np.isfinite(self.spread[at][:, own]) & (about > level)
                total[:, own] += np.where(known, n_test * r, 0.0)
                counted[:, own] += n_test * known
        with np.errstate(invalid="ignore"):
            return np.asarray((total / np.where(counted > 0, counted, np.nan)).T)


@dataclass(frozen=True)
class ShuffledLayer:
    """Coordinates of a layer in shuffled orders: what does not depend on what predicts it.

    Attributes
    ----------
    root : array of shape (coordinate, stimulus)
        About their mean.
    orders : array of int of shape (shuffle, stimulus)
    """

    root: Floats
    orders: Orders

    @classmethod
    def of(cls, root: Floats, orders: Orders) -> ShuffledLayer:
        """Return the coordinates `(stimulus, coordinate)` of a layer, to be shuffled."""
        return cls(np.ascontiguousarray(root.T), orders)

    def r(self, regions: Sequence[Sequence[Spectrum]], by: Ridge) -> Floats:
        """Return the correlation of all coordinates at once: `(region, shuffle)`.

        The mean over parts that have one, with one penalty for all coordinates.

        Parameters
        ----------
        regions : sequence of sequence of Spectrum
            Of what predicts, in the same folds.
        by : Ridge
        """
        shape = (len(regions), len(self.orders))
        total, counted = np.zeros(shape), np.zeros(shape)
        for at, fold in enumerate(one.fold for one in regions[0]):
            for own in _blocks(len(self.orders), len(self.root) * len(fold.train)):
                # (shuffle, coordinate, stimulus)
                every = np.moveaxis(self.root[:, self.orders[own]], 1, 0)
                train, test = every[..., fold.train], every[..., fold.test]
                mean = train.mean(axis=-1)
                power = (np.square(train).sum(-1) - len(fold.train) * mean**2).sum(-1)
                test = (test - mean[..., None]).reshape(len(train), -1)
                actual = np.square(test).sum(axis=-1)
                for row, region in enumerate(one[at] for one in regions):
                    if not region.rank:
                        continue
                    basis = _Basis.of(region, by)
                    turned = train @ basis.vectors
                    sums = np.einsum("ocj,ocj->oj", turned, turned)
                    turned *= basis.chosen(sums, power)[:, None]
                    said = (turned @ basis.toward.T).reshape(len(train), -1)
                    product = np.einsum("oi,oi->o", said, test)
                    r = pooled_r(product, actual, np.einsum("oi,oi->o", said, said))
                    known = np.isfinite(r)
                    total[row, own] += np.where(known, len(fold.test) * r, 0.0)
                    counted[row, own] += len(fold.test) * known
        with np.errstate(invalid="ignore"):
            return np.asarray(total / np.where(counted > 0, counted, np.nan))


@dataclass(frozen=True)
class _Basis:
    """The components of a spectrum that have a size, and what each penalty makes of them.

    Attributes
    ----------
    vectors : array of shape (training stimulus, component)
    toward : array of shape (held-out stimulus, component)
    weights : array of shape (penalty, component)
    errors : array of shape (penalty, component)
        What a component of the responses adds to the error.
    missing : array of shape (penalty,)
        What the rest of the responses adds.
    """

    vectors: Floats
    toward: Floats
    weights: Floats
    errors: Floats
    missing: Floats

    @classmethod
    def of(cls, layer: Spectrum, by: Ridge) -> _Basis:
        """Return what is needed of a spectrum."""
        kept = layer.values > 0
        alphas = by.alphas(layer)
        taken, away = errors_of(layer.values / (layer.values + alphas[:, None]))
        full = kept.sum() >= len(kept) - 1
        return cls(
            layer.vectors[:, kept], layer.toward[:, kept],
            1 / (layer.values[kept] + alphas[:, None]), taken[:, kept] / away[:, None],
            np.zeros(len(alphas)) if full else 1 / away,
        )  # fmt: skip

    def chosen(self, squared: Floats, power: Floats) -> Floats:
        """Return the weights of the penalty with the least error: `(row, component)`.

        Parameters
        ----------
        squared : array of shape (row, component)
            Squares of turned responses.
        power : array of shape (row,)
            Sums of squares of the same responses in all components.
        """
        errors = squared @ self.errors.T
        if self.missing.any():
            rest = np.maximum(power - squared.sum(axis=-1), 0.0)
            errors += rest[:, None] * self.missing
        found: Floats = self.weights[errors.argmin(axis=-1)]
        return found


def _blocks(n_orders: int, size: int) -> Iterator[slice]:
    """Yield orders a block at a time."""
    step = max(1, BLOCK // max(size, 1))
    for start in range(0, n_orders, step):
        yield slice(start, min(start + step, n_orders))
