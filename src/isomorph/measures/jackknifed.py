r"""Measures that are computed anew for other stimuli, and how they vary all the same.

Correlations of RDMs are sums over pairs, which weights of the stimuli enter as they are. Shape,
canonical correlation, neighbours or topology are no such sums: a stimulus drawn twice would be
its own nearest neighbour, and align perfectly with itself. How such a measure varies with the
stimuli is told by what each of them adds: with :math:`\theta` the value, :math:`\theta_{-i}` that
without stimulus i and :math:`\bar\theta` the mean of these,

.. math:: I_i = -(n - 1) (\theta_{-i} - \bar\theta)

is the influence of stimulus i, and a draw in which it comes :math:`m_i` times has to first order
the value :math:`\theta + \sum_i m_i I_i / \sum_i m_i` (Efron 1982,
https://doi.org/10.1137/1.9781611970319, chapter 6). So all draws, shared with every other
measure, follow from n values, or from derivatives where a measure has them in closed form.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from isomorph.measures.pairs import Counts, Floats
from isomorph.measures.stack import Stack

FEWEST = 4
"""Different stimuli of which a measure can have a value."""


class Jackknifed(ABC):
    """A measure without an algebra for weights of stimuli."""

    @abstractmethod
    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare `a` representations with `b`: `(a, b)`, NaN where there is no value."""

    @property
    def deletes(self) -> bool:
        """Whether influences take as many comparisons as there are stimuli."""
        return type(self).influence is Jackknifed.influence

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds to the measure: `(a, b, stimulus)`, of mean 0.

        Parameters
        ----------
        first, second : Stack
        """
        n = first.n_stimuli
        if n <= FEWEST:
            return np.full((len(first), len(second), n), np.nan)
        every = np.arange(n)
        without = np.stack(
            [
                self.compare(first.chosen(np.delete(every, i)), second.chosen(np.delete(every, i)))
                for i in every
            ],
            axis=-1,
        )
        added: Floats = -(n - 1) * (without - without.mean(axis=-1, keepdims=True))
        return added

    def resampled(self, first: Stack, second: Stack, counts: Counts) -> Floats:
        """Compare representations in every resample of the stimuli, to first order.

        Parameters
        ----------
        first, second : Stack
        counts : array of shape (resample, stimulus)

        Returns
        -------
        array of shape (resample, a, b)
            NaN where a resample has fewer than `FEWEST` different stimuli.
        """
        key = ("influence", self, id(second))
        value, influence, _ = first.derived(
            key,
            # The second is kept, so that its place in memory is not given to another.
            lambda: (self.compare(first, second), self.influence(first, second), second),
        )
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        drawn: Floats = value + np.einsum("rn,abn->rab", share, influence, optimize=True)
        # Of every stimulus as often the value is known, whether or not the influences are.
        drawn[(counts == counts[:, :1]).all(axis=1)] = value
        drawn[(counts > 0).sum(axis=1) < FEWEST] = np.nan
        return drawn


class OfRoots(Jackknifed):
    """A measure of centred features up to a rotation, hence of roots of Gram matrices."""

    @abstractmethod
    def of_roots(self, first: Floats, second: Floats) -> Floats:
        """Compare centred features `(a, n, p)` with `(b, n, q)`: `(a, b)`."""

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where one has no root or does not vary."""
        x, y = first.roots, second.roots
        found = np.full((len(first), len(second)), np.nan)
        sides = [np.flatnonzero(_varies(one)) for one in (x, y)]
        if all(map(len, sides)):
            found[np.ix_(*sides)] = self.of_roots(x[sides[0]], y[sides[1]])
        return found


class OfFeatures(Jackknifed):
    """A measure that asks for the features themselves."""

    @abstractmethod
    def of_features(self, first: Floats, second: Floats) -> float:
        """Compare features `(n, p)` with `(n, q)`."""

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`."""
        return np.array(
            [
                [self.of_features(x, y) for y in second.fact("features")]
                for x in first.fact("features")
            ]
        )


def _varies(roots: Floats) -> Floats:
    """Return which roots `(representation, n, p)` are known and not all of one pattern."""
    power = np.square(roots).sum(axis=(1, 2))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.isfinite(power) & (power > 0))
