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

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar, NamedTuple

import numpy as np

from isomorph.measures.jackknifed import FEWEST, Jackknifed
from isomorph.measures.pairs import Counts, Floats
from isomorph.measures.principal import few_of, inverse, principal
from isomorph.measures.stack import Stack

ROUNDING = 1e-10
"""Share of the largest singular value below which one is rounding error."""

KEPT = 2**24
"""Numbers that are kept beside a stack at most (128 MiB)."""

FOLDS = 5
"""Parts of the stimuli that are held out one after the other, or as many as there are stimuli."""


class Fold(NamedTuple):
    """Whitened features of one fold.

    Attributes
    ----------
    trained, held_out : array of shape (known, stimulus, axis)
        Of training and of held-out stimuli, 0 beyond the rank in training.
    ranks : array of shape (known,)
    """

    trained: Floats
    held_out: Floats
    ranks: Counts

    def same_ranks(self) -> list[Counts]:
        """Return which have the same rank, for every rank that there is."""
        return [np.flatnonzero(self.ranks == rank) for rank in np.unique(self.ranks)]


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
        n_folds = min(FOLDS, len(np.unique(second.groups)))
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
        parts = list(folds(second.groups))
        left_out = [_with_near(second, held) for held in parts]
        sides = (self._sides(one, parts, left_out) for one in (first, second))
        every = zip(parts, *sides, strict=True)
        for held, x, y in every:
            for a, b in product(range(len(rows)), y.same_ranks()):
                p, q = x.ranks[a], y.ranks[b[0]]
                trained, test = x.trained[a, :, :p], x.held_out[a, :, :p]
                for few in few_of(trained[None], y.trained[b, :, :q]):
                    cross = trained.T @ y.trained[b[few], :, :q]
                    found = _of_variates(cross, test, y.held_out[b[few], :, :q])
                    for into, values in zip(sums, found, strict=True):
                        into[rows[a]][columns[b[few]][:, None], held] = values
        return sums

    def _sides(
        self, stack: Stack, parts: Sequence[Counts], left_out: Sequence[Counts]
    ) -> Iterable[Fold]:
        """Return the whitened features of every fold, kept with the stack where they are few."""
        sides = (
            self._whitened(stack, held, out) for held, out in zip(parts, left_out, strict=True)
        )
        if FOLDS * principal(stack).features.size > KEPT:
            return sides
        key = "whitened in folds", self, tuple(map(tuple, parts)), tuple(map(tuple, left_out))
        return stack.derived(key, lambda: list(sides))

    def _whitened(self, stack: Stack, held: Counts, left_out: Counts) -> Fold:
        """Return the whitened features of the stimuli that are held out, and of the others.

        Of others those are left out that are too near.
        """
        features = principal(stack).features
        training = np.delete(features, left_out, axis=1)
        middle = training.mean(axis=1, keepdims=True)
        training = training - middle
        left, spreads, turn = np.linalg.svd(training, full_matrices=False)
        # Of one pattern in training there are no variates.
        total = np.square(spreads).sum(axis=1)[:, None]
        mean = total / (training.shape[1] - 1)
        level = np.sqrt((1 - self.penalty) * spreads**2 + self.penalty * mean)
        some = spreads > ROUNDING * spreads.max(axis=1, initial=0.0, keepdims=True)
        factors = np.where(some, 1 / np.where(some, level, 1.0), 0.0)
        held_out = (features[:, held] - middle) @ turn.swapaxes(1, 2)
        trained = left * (spreads * factors)[:, None]
        return Fold(trained, held_out * factors[:, None], np.count_nonzero(some, axis=1))


def _of_variates(cross: Floats, first: Floats, second: Floats) -> tuple[Floats, Floats, Floats]:
    r"""Return sums over variates of weighted products and squares: `(b, stimulus)` each.

    With :math:`C = U R V^\top` the cross-covariance in training, they are those of
    :math:`z C z'^\top`, :math:`\lvert z U R^{1/2} \rvert^2` and
    :math:`\lvert z' C^\top U R^{-1/2} \rvert^2`, and U is that of the smaller :math:`C C^\top`.

    Parameters
    ----------
    cross : array of shape (b, axis, other axis)
    first : array of shape (stimulus, axis), or (b, stimulus, axis)
    second : array of shape (b, stimulus, other axis), or (stimulus, other axis)
    """
    if cross.shape[1] > cross.shape[2]:
        together, own, others = _of_variates(cross.swapaxes(1, 2), second, first)
        return together, others, own
    squares, left = np.linalg.eigh(cross @ cross.swapaxes(1, 2))
    weights = np.sqrt(np.maximum(squares, 0.0))[:, None]
    weights[weights <= ROUNDING * weights.max(axis=2, initial=0.0, keepdims=True)] = 0
    seen = second @ cross.swapaxes(1, 2)
    together = (seen * first).sum(axis=2)
    own = (np.square(first @ left) * weights).sum(axis=2)
    others = (np.square(seen @ left) * inverse(weights)).sum(axis=2)
    return together, own, others


def _with_near(stack: Stack, held: Counts) -> Counts:
    """Return the stimuli that are held out, and those too near to be fitted on."""
    if stack.near is None:
        return held
    out = np.zeros(stack.n_stimuli, dtype=bool)
    out[held] = True
    return np.flatnonzero(stack.near.beside(out))


def folds(groups: Counts) -> Iterator[Counts]:
    """Yield the stimuli of every fold, whole groups, always the same for as many groups.

    Parameters
    ----------
    groups : array of shape (stimulus,)
    """
    names = np.unique(groups)
    order = np.random.default_rng(len(names)).permutation(names)
    for part in np.array_split(order, min(FOLDS, len(names))):
        yield np.flatnonzero(np.isin(groups, part))
