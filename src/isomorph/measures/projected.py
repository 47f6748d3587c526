"""Projection-weighted canonical correlation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from isomorph.measures.jackknifed import FEWEST, Jackknifed
from isomorph.measures.pairs import Floats
from isomorph.measures.principal import ROUNDING, different
from isomorph.measures.stack import Stack

CONSTANT = 1e-12
"""Share of the features' own size below which what varies of them is rounding error."""


@dataclass(frozen=True)
class ProjectedForm(Jackknifed):
    r"""Canonical correlations weighted by what their variates are to the features of the first.

    The variate :math:`h_k` of the first weighs :math:`\sum_j |\langle h_k, x_j \rangle|`, over its
    centred features :math:`x_j` (Morcos et al. 2018). The sum of absolute values depends on the
    axes, which is why features are needed, and on the first alone, which is why the order of the
    two matters.
    """

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where one has as many dimensions as there can be.

        Parameters
        ----------
        first, second : Stack
            With features.
        """
        found = np.full((len(first), len(second)), np.nan)
        for place, pair in _pairs(first, second):
            weights = pair.weights
            found[place] = min(weights @ pair.correlations / weights.sum(), 1.0)
        return found

    def influence(self, first: Stack, second: Stack) -> Floats:
        r"""Return what each stimulus adds to the measure: `(a, b, stimulus)`, of mean 0.

        With :math:`a` and :math:`b` the values of a pair of variates, of norm 1, a correlation
        :math:`\rho` has the derivative :math:`n (a_i b_i - \rho (a_i^2 + b_i^2) / 2)`. Weights are
        taken as they are: they follow the directions of the variates, which have no derivative
        between two of about the same correlation.
        """
        n = first.n_stimuli
        found = np.full((len(first), len(second), n), np.nan)
        if n <= FEWEST:
            return found
        for place, pair in _pairs(first, second):
            a, b, weights = pair.first, pair.second, pair.weights
            correlated = n * (a * b - pair.correlations * (a**2 + b**2) / 2)
            found[place] = correlated @ weights / weights.sum()
        return found


@dataclass(frozen=True)
class Pair:
    """The variates of a pair of representations.

    Attributes
    ----------
    features : array of shape (stimulus, feature)
        Of the first, centred.
    first, second : arrays of shape (stimulus, variate)
        Of norm 1.
    correlations : array of shape (variate,)
    """

    features: Floats
    first: Floats
    second: Floats
    correlations: Floats

    @property
    def weights(self) -> Floats:
        """Absolute projections of each variate on the features, summed: `(variate,)`."""
        found: Floats = np.abs(self.first.T @ self.features).sum(axis=1)
        return found


def _pairs(first: Stack, second: Stack) -> Iterator[tuple[tuple[int, int], Pair]]:
    """Yield places and variates of all pairs that have a value."""
    bases, others = (_bases(stack) for stack in (first, second))
    for a, (x, basis) in enumerate(zip(first.fact("features"), bases, strict=True)):
        if not basis.shape[1]:
            continue
        features = x - x.mean(axis=0)
        for b, other in enumerate(others):
            if other.shape[1]:
                left, correlations, right = np.linalg.svd(basis.T @ other, full_matrices=False)
                yield (a, b), Pair(features, basis @ left, other @ right.T, correlations)


def _bases(stack: Stack) -> list[Floats]:
    """Return orthonormal bases `(stimulus, dimension)` of features, empty where of no use."""
    return stack.derived("bases", lambda: [_basis(x) for x in stack.fact("features")])


def _basis(features: Floats) -> Floats:
    n_stimuli = len(features)
    none = np.empty((n_stimuli, 0))
    size = np.linalg.norm(features)
    if not np.isfinite(size):
        return none
    features = features - features.mean(axis=0)
    left, spreads, _ = np.linalg.svd(features, full_matrices=False)
    largest = spreads.max(initial=0.0)
    kept = spreads > ROUNDING * largest
    if largest <= CONSTANT * size or kept.sum() >= different(features) - 1:
        return none
    return np.asarray(left[:, kept])
