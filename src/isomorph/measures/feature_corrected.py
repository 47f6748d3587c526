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

import numpy as np

from isomorph.geometry import squared_distances
from isomorph.measures.linear import ROUNDING, LinearForm
from isomorph.measures.pairs import Counts, Floats, blocks, pair_indices, pair_weights
from isomorph.measures.stack import Stack
from isomorph.measures.weighted_sums import BLOCK

LINEAR = LinearForm(centre=True, ridge=0.0)


class FeatureCorrectedForm:
    """Debiased CKA with a denominator from couples of different features."""

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare all representations: `(a, b)`, NaN where a denominator is not positive."""
        return self.resampled(first, second, np.ones((1, first.n_stimuli), dtype=int))[0]

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
        sides = [[scaled(x) for x in stack.fact("features")] for stack in (first, second)]
        x, y = (np.stack([_squared_distances(one) for one in side]) for side in sides)
        cross, *norms = LINEAR.products(x, y, counts)
        for side, norm in zip(sides, norms, strict=True):
            for row, features in enumerate(side):
                n = features.shape[1]
                own = same_feature(features, counts)
                total = n**2 * np.nan_to_num(norm[:, row])
                # What is left by rounding alone, as with features all alike, is nothing.
                left = np.where(total - own > 1e-10 * total, total - own, np.nan)
                between = left / (n * (n - 1)) if n > 1 else np.full(len(counts), np.nan)
                norm[:, row] = between
        cross /= np.sqrt(norms[0])[:, :, None]
        cross /= np.sqrt(norms[1])[:, None, :]
        return cross


def same_feature(features: Floats, counts: Counts) -> Floats:
    r"""Return :math:`\sum_p \langle d_p, d_p \rangle` in every resample: `(resample,)`.

    Parameters
    ----------
    features : array of shape (stimulus, feature)
    counts : array of shape (resample, stimulus)
    """
    results = np.empty(len(counts))
    for part in blocks(len(counts), BLOCK // 8 // features.shape[1]):
        results[part] = _same_feature(features, counts[part].astype(float))
    return results


def _same_feature(features: Floats, weights: Floats) -> Floats:
    n = weights.sum(axis=1, keepdims=True)
    gain, shrink = LINEAR.inverse(weights, n)
    squares = features * features  # products, which take a tenth of the time of powers
    powers = [features, squares, squares * features, squares * squares]
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
    fourths = _power_distances(powers)
    squares = pair_weights(weights) @ fourths
    removed: Floats = (twice - shrink[:, None] * level**2).sum(axis=1)
    return squares - removed


def _power_distances(powers: list[Floats]) -> Floats:
    """Return the sum over features of differences to the power of 4: `(pair,)`."""
    one, two, three, four = powers
    crossed = one @ three.T
    own = four.sum(axis=1)
    fourth = own[:, None] + own - 4 * (crossed + crossed.T) + 6 * (two @ two.T)
    upper: Floats = fourth[pair_indices(len(one))]
    return upper


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
