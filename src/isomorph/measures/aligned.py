r"""Measures by the best rotation of one representation onto another, once each is whitened or not.

With :math:`X` and :math:`Y` centred features of Frobenius norm 1 and :math:`f` a function of
eigenvalues that is applied to a covariance, let

.. math:: N = \max_Q \mathrm{tr}(Q^\top \tilde X^\top \tilde Y)
              = \lVert \tilde X^\top \tilde Y \rVert_*, \qquad \tilde X = X f(X^\top X).

With :math:`f = 1` it is the Procrustes alignment, with :math:`f(t) = t^{-1/2}` the sum of the
canonical correlations, and between the two lies partial whitening. Along the principal axes,
:math:`f` is one factor per axis, which is found once per representation; a pair costs the singular
values of a matrix as large as the ranks of the two.

Its influences come from the polar factor :math:`P = U V^\top` of
:math:`\tilde X^\top \tilde Y = U S V^\top`, in which a nuclear norm has its derivative, and from
divided differences of :math:`f`, in which a function of a matrix has its own (Daleckii & Krein
1965). With the weights :math:`1 / n` of the stimuli going toward stimulus :math:`i`, the covariance
of features scaled to norm 1 changes by :math:`D_i = n (x_i x_i^\top - |x_i|^2 X^\top X)`, and

.. math::

    \partial N = n \left(\tilde x_i^\top P \tilde y_i
        - \tfrac{1}{2} (|x_i|^2 + |y_i|^2) N\right)
        + \langle \Gamma \circ D_i, P \tilde Y^\top X \rangle
        + \langle \Gamma' \circ D'_i, P^\top \tilde X^\top Y \rangle

where :math:`\Gamma_{kl} = (f(t_k) - f(t_l)) / (t_k - t_l)`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from isomorph.measures.jackknifed import FEWEST, Jackknifed
from isomorph.measures.pairs import Counts, Floats
from isomorph.measures.principal import Principal, few_of, principal
from isomorph.measures.stack import Stack

SQUARED = 1e-8
"""Share of the largest eigenvalue of a Gram matrix above which the root of another is exact to
1e-12 of the largest root."""


@dataclass(frozen=True)
class Whitening:
    """What is done to the principal axes of representations.

    Attributes
    ----------
    factors : array of shape (known, axis)
        What each axis is multiplied by; 0 for those left out.
    differences : array of shape (known, axis, axis) or None
        Divided differences of the factors, as a function of the eigenvalues of the covariance; None
        where factors do not depend on them.
    power_slopes : array of shape (known, axis)
        Derivatives of the variance along each axis, once multiplied, by the eigenvalue.
    defined : array of shape (known,)
        Whether a value says anything.
    """

    factors: Floats
    differences: Floats | None
    power_slopes: Floats
    defined: NDArray[np.bool_]


@dataclass(frozen=True)
class Side:
    """One of the two stacks, whitened.

    Attributes
    ----------
    plain : Principal
    whitening : Whitening
    features : array of shape (known, n, axis)
        Whitened.
    norms : array of shape (known,)
        Their sums of squares, NaN where a value would say nothing.
    """

    plain: Principal
    whitening: Whitening
    features: Floats
    norms: Floats

    def moved(self, order: Counts) -> Side:
        """Return it with the stimuli in another order."""
        return replace(self, plain=self.plain.moved(order), features=self.features[:, order])

    @property
    def ranks(self) -> Counts:
        """Axes that are left of each, its first ones: `(known,)`."""
        return np.count_nonzero(self.whitening.factors, axis=1)

    @property
    def lengths(self) -> Floats:
        """Squared length of each stimulus before whitening, of sum 1: `(known, n)`."""
        return np.square(self.plain.features).sum(axis=2)

    def norm_influence(self) -> Floats:
        """Return the influence of each stimulus on `norms`: `(known, n)`."""
        along = np.square(self.plain.features)
        slopes = self.whitening.power_slopes
        level = (slopes * self.plain.spreads**2).sum(axis=1)[:, None]
        n = along.shape[1]
        found: Floats = n * ((along @ slopes[:, :, None])[:, :, 0] - self.lengths * level)
        return found


class Aligned(Jackknifed, ABC):
    """A function of the nuclear norm of whitened features and of their sums of squares."""

    @abstractmethod
    def whitening(self, plain: Principal, n_stimuli: int) -> Whitening:
        """Return what is done to the principal axes."""

    @abstractmethod
    def score(self, nuclear: Floats, first: Floats, second: Floats) -> Floats:
        """Return the measure of nuclear norms `(a, b)` and sums of squares `(a, 1)`, `(1, b)`."""

    @abstractmethod
    def slopes(self, nuclear: Floats, first: Floats, second: Floats) -> tuple[Floats, ...]:
        """Return the derivatives of the score by its three arguments, each `(a, b)`."""

    def side(self, stack: Stack) -> Side:
        """Return the whitened features of a stack, found once."""
        return stack.reordered(("whitened", self), self._side, Side.moved)

    def _side(self, stack: Stack) -> Side:
        plain = principal(stack)
        whitening = self.whitening(plain, stack.n_stimuli)
        features = plain.features * whitening.factors[:, None]
        norms = np.square(plain.spreads * whitening.factors).sum(axis=1)
        return Side(plain, whitening, features, np.where(whitening.defined, norms, np.nan))

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where one has no root or does not vary."""
        x, y = self.side(first), self.side(second)
        found = np.full((len(first), len(second)), np.nan)
        where = np.ix_(x.plain.places, y.plain.places)
        found[where] = self.score(self.nuclear(first, second), x.norms[:, None], y.norms[None])
        return found

    def nuclear(self, first: Stack, second: Stack) -> Floats:
        """Return nuclear norms of what is known of the two `(a, b)`, NaN where they say nothing."""
        x, y = self.side(first), self.side(second)
        found = np.full((len(x.features), len(y.features)), np.nan)
        for a, b in same_ranks(x, y):
            found[a, b] = nuclear_norms(
                x.features[a, :, : x.ranks[a]], y.features[b, :, : y.ranks[b[0]]]
            )
        return found

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds to the measure: `(a, b, stimulus)`, of mean 0."""
        n = first.n_stimuli
        found = np.full((len(first), len(second), n), np.nan)
        if n <= FEWEST:
            return found
        x, y = self.side(first), self.side(second)
        of_first, of_second = x.norm_influence(), y.norm_influence()
        for a, same in same_ranks(x, y):
            for part in few_of(x.features, y.features[same]):
                few = same[part]
                nuclear, added = _nuclear_influence(x, a, y, few)
                by_nuclear, by_first, by_second = (
                    slope[:, None] for slope in self.slopes(nuclear, x.norms[a], y.norms[few])
                )
                found[x.plain.places[a], y.plain.places[few]] = (
                    by_nuclear * added + by_first * of_first[a] + by_second * of_second[few]
                )
        return found


def same_ranks(x: Side, y: Side) -> Iterator[tuple[int, Counts]]:
    """Yield each of the first that has a value with those of the second that have one rank."""
    ranks = np.where(np.isfinite(y.norms), y.ranks, -1)
    groups = [np.flatnonzero(ranks == rank) for rank in np.unique(ranks[ranks >= 0])]
    return product(np.flatnonzero(np.isfinite(x.norms)), groups)


def nuclear_norms(one: Floats, others: Floats) -> Floats:
    """Return the nuclear norms of products of `(n, p)` with each of `(b, n, q)`: `(b,)`."""
    found = np.empty(len(others))
    for few in few_of(one[None], others):
        found[few] = _nuclear(one.T @ others[few])
    return found


def _nuclear(products: Floats) -> Floats:
    """Return the sums of the singular values of matrices `(b, p, q)`: `(b,)`.

    They are the roots of the eigenvalues of the smaller Gram matrix, quicker where one side is much
    the shorter. What squaring loses of small ones matters only beside those far larger.
    """
    short, long = sorted(products.shape[1:])
    if not short or 3 * short > 2 * long:
        return np.asarray(np.linalg.svd(products, compute_uv=False).sum(axis=1))
    other = products.swapaxes(1, 2)
    wide = products.shape[1] == short
    values = np.linalg.eigvalsh(products @ other if wide else other @ products)
    found: Floats = np.sqrt(np.maximum(values, 0.0)).sum(axis=1)
    unsure = values[:, 0] <= SQUARED * values[:, -1]
    if unsure.any():
        found[unsure] = np.linalg.svd(products[unsure], compute_uv=False).sum(axis=1)
    return found


def _nuclear_influence(x: Side, a: int, y: Side, few: Counts) -> tuple[Floats, Floats]:
    """Return nuclear norms `(b,)` of one representation with some, and influences `(b, n)`."""
    n = x.features.shape[1]
    white, others = x.features[a], y.features[few]
    left, values, right = np.linalg.svd(white.T @ others, full_matrices=False)
    nuclear = values.sum(axis=1)
    polar = left @ right
    turned = white @ polar
    lengths = x.lengths[a] + y.lengths[few]
    added = (turned * others).sum(axis=2) - lengths * nuclear[:, None] / 2
    if x.whitening.differences is not None:
        toward = polar @ (others.swapaxes(1, 2) @ x.plain.features[a])
        added += _through(x.plain, slice(a, a + 1), x.whitening.differences, toward)
    if y.whitening.differences is not None:
        toward = turned.swapaxes(1, 2) @ y.plain.features[few]
        added += _through(y.plain, few, y.whitening.differences, toward)
    return nuclear, n * added


def _through(plain: Principal, at: slice | Counts, differences: Floats, toward: Floats) -> Floats:
    """Return what whitening changes when stimuli do: `(b, n)`, of `toward` `(b, axis, axis)`."""
    features, spreads = plain.features[at], plain.spreads[at]
    weights = differences[at] * (toward + toward.swapaxes(1, 2)) / 2
    level = (np.diagonal(weights, axis1=1, axis2=2) * spreads**2).sum(axis=1)[:, None]
    lengths = np.square(features).sum(axis=2)
    changed: Floats = ((features @ weights) * features).sum(axis=2) - lengths * level
    return changed
