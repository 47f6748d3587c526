r"""CKA as if all features had been recorded, from some of them.

Debiased CKA is free of the bias of few stimuli, not of few features: the alignment of a
representation with itself, in the denominator, holds the noise each feature shares with itself.
Chun, Canatar, Chung & Lee (2025, https://arxiv.org/abs/2502.15104) let it run over couples of
different features only. Two representations share no feature, so the numerator stays.

Let :math:`\langle \cdot, \cdot \rangle` be the inner product of U-centred squared distances,
:math:`d_p` those of feature p alone, :math:`P` the number of features. With
:math:`D = \sum_p d_p / P`, the mean over couples :math:`p \ne q` of
:math:`\langle d_p, d_q \rangle` is

.. math:: \frac{P^2 \langle D, D \rangle - \sum_p \langle d_p, d_p \rangle}{P (P - 1)}.

:math:`\sum_p \langle d_p, d_p \rangle` is one number per representation, but another in each
resample of the stimuli, and no matrix of stimulus by stimulus holds what it needs: sums over
features of products of three stimuli. So this measure asks for the features. From them, it is a
polynomial in :math:`\sum_i g_i x_{ip}^k`, k up to 4, hence a few GEMMs for all resamples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isomorph.geometry import squared_distances
from isomorph.measures.linear import ROUNDING, LinearForm
from isomorph.measures.pairs import Counts, Floats, blocks, pair_indices, pair_weights
from isomorph.measures.stack import Stack
from isomorph.measures.weighted_sums import BLOCK

LINEAR = LinearForm(centre=True, ridge=0.0)


@dataclass(frozen=True)
class Centred:
    """What is needed of the features of one representation in any resample.

    Attributes
    ----------
    features : array of shape (stimulus, feature)
    fourths : array of shape (pair,)
        Differences to the power of 4, summed over features.
    """

    features: Floats
    fourths: Floats

    @property
    def count(self) -> int:
        """Number of features."""
        return int(self.features.shape[1])


class FeatureCorrectedForm:
    """Debiased CKA with a denominator from couples of different features."""

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare all representations: `(a, b)`, NaN where a denominator is not positive."""
        sides = [_directions(stack) for stack in (first, second)]
        return sides[0] @ sides[1].T

    def resampled(self, first: Stack, second: Stack, counts: Counts) -> Floats:
        """Compare all representations in every resample of the stimuli.

        Parameters
        ----------
        first, second : Stack
            With `features`, one `(stimulus, feature)` each; their RDMs are not looked at.
        counts : array of shape (resample, stimulus)

        Returns
        -------
        array of shape (resample, a, b)
            NaN where a denominator is not positive: too few features to tell what is shared by
            them from what each has alone.
        """
        x, y = (_distances(stack) for stack in (first, second))
        cross, *norms = LINEAR.products(x, y, counts)
        between = [
            _between(stack, norm, counts)
            for stack, norm in zip((first, second), norms, strict=True)
        ]
        cross /= np.sqrt(between[0])[:, :, None]
        cross /= np.sqrt(between[1])[:, None, :]
        return cross


def same_feature(sides: Sequence[Centred], counts: Counts) -> Floats:
    r"""Return :math:`\sum_p \langle d_p, d_p \rangle` in every resample: `(resample, a)`.

    Parameters
    ----------
    sides : sequence of Centred
        The `a` representations.
    counts : array of shape (resample, stimulus)
    """
    results = np.empty((len(counts), len(sides)))
    fourths = np.stack([one.fourths for one in sides])
    size = max(fourths.shape[1], 8 * max(one.count for one in sides))
    for part in blocks(len(counts), BLOCK // size):
        weights = counts[part].astype(float)
        degree = weights.sum(axis=1, keepdims=True)
        inverse = LINEAR.inverse(weights, degree)
        results[part] = pair_weights(weights) @ fourths.T
        for row, one in enumerate(sides):
            results[part, row] -= _removed(one.features, weights, degree, *inverse)
    return results


def _powers(features: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return powers from 1 to 4, by products, which take a tenth of the time."""
    squares = features * features
    return features, squares, squares * features, squares * squares


def _removed(features: Floats, weights: Floats, n: Floats, gain: Floats, shrink: Floats) -> Floats:
    """Return what U-centring takes off the squares, summed over features: `(resample,)`."""
    powers = _powers(features)
    mean, square = weights @ powers[0], weights @ powers[1]
    first, second, third, fourth = (gain @ power for power in powers)
    # s_ip = sum_j m_j (x_ip - x_jp)^2 = n x^2 - 2 x mean + square, to the power of 1 and 2.
    level = n * second - 2 * mean * first + square * gain.sum(axis=1, keepdims=True)
    twice = (
        n**2 * fourth
        + (4 * mean**2 + 2 * n * square) * second
        - 4 * mean * (n * third + square * first)
        + square**2 * gain.sum(axis=1, keepdims=True)
    )
    removed: Floats = (twice - shrink[:, None] * level**2).sum(axis=1)
    return removed


def centred(features: Floats) -> Centred:
    """Return features `(stimulus, feature)` with what follows from them for all resamples."""
    one, two, three, four = _powers(features)
    crossed = one @ three.T
    own = four.sum(axis=1)
    fourth = own[:, None] + own - 4 * (crossed + crossed.T) + 6 * (two @ two.T)
    return Centred(features, fourth[pair_indices(len(features))])


def _sides(stack: Stack) -> list[Centred]:
    return stack.derived(
        "centred features", lambda: [centred(scaled(x)) for x in stack.fact("features")]
    )


def _distances(stack: Stack) -> Floats:
    """Return squared distances per feature: `(representation, pair)`."""

    def make() -> Floats:
        return np.stack([_squared_distances(one.features) for one in _sides(stack)])

    return stack.derived("squared distances per feature", make)


def _directions(stack: Stack) -> Floats:
    """Return vectors of pairs whose inner products are the measure: `(representation, pair)`."""

    def make() -> Floats:
        distances, every = _distances(stack), np.ones((1, stack.n_stimuli), dtype=int)
        _, norm, _ = LINEAR.products(distances, distances[:1], every)
        with np.errstate(invalid="ignore"):
            longer = np.sqrt(norm / _between(stack, norm, every))[0]
        vectors: Floats = LINEAR.embed(distances) * longer[:, None]
        return vectors

    return stack.derived("directions of features", make)


def _between(stack: Stack, norms: Floats, counts: Counts) -> Floats:
    """Return the part of squared norms `(resample, a)` that couples of different features have.

    Its part of the same feature is the same whatever the stack is compared with, so it is kept.
    """
    sides = _sides(stack)
    key = hashlib.blake2b(counts.tobytes()).digest()
    own = stack.derived(("same feature", key), lambda: same_feature(sides, counts))
    n = np.array([one.count for one in sides])
    total = n**2 * np.nan_to_num(norms)
    # What is left by rounding alone, as with features all alike, is nothing.
    left = np.where((total - own > 1e-10 * total) & (n > 1), total - own, np.nan)
    between: Floats = left / np.maximum(n * (n - 1), 1)
    return between


def scaled(features: Floats) -> Floats:
    """Return features with mean 0 each and mean square 1 over all, so that powers stay tame."""
    centred = features - features.mean(axis=0)
    spread = np.sqrt((centred**2).mean())
    moves = spread > ROUNDING * np.abs(features).max()
    return centred / spread if moves else np.zeros_like(centred)


def _squared_distances(features: Floats) -> Floats:
    """Return squared distances per feature: `(pair,)`."""
    centred = features - features.mean(axis=0)
    upper: Floats = squared_distances(centred @ centred.T)[pair_indices(len(centred))]
    return np.maximum(upper, 0) / features.shape[1]
