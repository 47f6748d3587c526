r"""Canonical correlation of stimuli it was not fitted to.

On the training stimuli of a fold, features of variance 1 are whitened with a penalty,

.. math:: Z = X \left((1 - \kappa) X^\top X + \kappa I / (n - 1)\right)^{-1/2},

which at :math:`\kappa = 0` is canonical correlation and at :math:`\kappa = 1` partial least
squares; :math:`1 / (n - 1)` is the mean variance of :math:`n` stimuli in all their dimensions.
From :math:`Z_x^\top Z_y = U R V^\top` come the variates of the two, and their weights :math:`R`:
those of the held-out stimuli are :math:`a = z_x U`, :math:`b = z_y V`, and the measure is

.. math::

    \frac{\sum_i \sum_k R_k a_{ik} b_{ik}}
         {\sqrt{\sum_i \sum_k R_k a_{ik}^2 \, \sum_i \sum_k R_k b_{ik}^2}}

over all stimuli, each held out once: a mean correlation of the variates, each weighted by what it
was worth in training. It is 1 for a representation with itself and 0 on average for unrelated
ones, however many features there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isomorph.measures.jackknifed import FEWEST, Jackknifed
from isomorph.measures.pairs import Counts, Floats
from isomorph.measures.principal import few_of, principal
from isomorph.measures.stack import Stack

FOLDS = 5
"""Parts of the stimuli that are held out one after the other, or as many as there are stimuli."""


@dataclass(frozen=True)
class CrossedForm(Jackknifed):
    """Canonical correlation with a penalty, on held-out stimuli.

    Attributes
    ----------
    penalty : float
        κ above.
    """

    penalty: float = 0.5
    parameter: ClassVar[str] = "penalty"
    meaning: ClassVar[str] = "above 0 (canonical correlation) and up to 1 (partial least squares)"
    allowed: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where one has no root or does not vary."""
        together, own, others = self._sums(first, second)
        size = np.sqrt(own.sum(axis=2) * others.sum(axis=2))
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = np.where(size > 0, together.sum(axis=2) / size, np.nan)
        return found

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds to the measure: `(a, b, stimulus)`, of mean 0.

        What it adds once it is held out, and more for what it does in the training of the others:
        with `k` folds the variance of a cross-validated score is `1 + k / (k - 1)` times that over
        held-out stimuli (Nadeau & Bengio 2003, https://doi.org/10.1023/A:1024068626366).
        """
        together, own, others = self._sums(first, second)
        powers = [one.sum(axis=2, keepdims=True) for one in (own, others)]
        with np.errstate(invalid="ignore", divide="ignore"):
            share = together / np.sqrt(powers[0] * powers[1])
            level = share.sum(axis=2, keepdims=True)
            added = share - level * (own / powers[0] + others / powers[1]) / 2
        n_folds = min(FOLDS, first.n_stimuli)
        more = np.sqrt(1 + n_folds / (n_folds - 1))
        return np.asarray(more * first.n_stimuli * np.where(np.isfinite(added), added, np.nan))

    def _sums(self, first: Stack, second: Stack) -> tuple[Floats, Floats, Floats]:
        """Return what each stimulus has in the three sums of the measure: `(a, b, stimulus)`."""
        key = ("held out", self, id(second))
        # The second is kept, so that its place in memory is not given to another.
        return first.derived(key, lambda: (self._held_out(first, second), second))[0]

    def _held_out(self, first: Stack, second: Stack) -> tuple[Floats, Floats, Floats]:
        shape = len(first), len(second), first.n_stimuli
        sums = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
        if first.n_stimuli < FEWEST:
            return sums
        rows, columns = principal(first).places, principal(second).places
        for held in folds(first.n_stimuli):
            x_trained, x_held = self._whitened(first, held)
            y_trained, y_held = self._whitened(second, held)
            for few in few_of(x_trained, y_trained):
                at = columns[few][:, None], held
                for row, trained, test in zip(rows, x_trained, x_held, strict=True):
                    left, weights, right = np.linalg.svd(
                        trained.T @ y_trained[few], full_matrices=False
                    )
                    own, other = test @ left, y_held[few] @ right.swapaxes(1, 2)
                    for into, variates in zip(sums, (own * other, own**2, other**2), strict=True):
                        into[row][at] = (variates @ weights[:, :, None])[:, :, 0]
        return sums

    def _whitened(self, stack: Stack, held: Counts) -> tuple[Floats, Floats]:
        """Return whitened features of training and held-out stimuli, `(known, stimulus, axis)`."""
        features = principal(stack).features
        training = np.delete(features, held, axis=1)
        middle = training.mean(axis=1, keepdims=True)
        training = training - middle
        left, spreads, turn = np.linalg.svd(training, full_matrices=False)
        # Of one pattern in training there are no variates.
        total = np.square(spreads).sum(axis=1)[:, None]
        mean = total / (training.shape[1] - 1)
        level = np.sqrt((1 - self.penalty) * spreads**2 + self.penalty * mean)
        factors = 1 / np.where(total > 0, level, np.inf)
        held_out = (features[:, held] - middle) @ turn.swapaxes(1, 2)
        return left * (spreads * factors)[:, None], held_out * factors[:, None]


def folds(n_stimuli: int) -> Iterator[Counts]:
    """Yield the stimuli of every fold, always the same for as many stimuli."""
    order = np.random.default_rng(n_stimuli).permutation(n_stimuli)
    for part in np.array_split(order, min(FOLDS, n_stimuli)):
        yield np.sort(part)
