r"""Measures that are cosines in the space of pairs, one decomposition for all of them.

A vector over pairs splits into three orthogonal parts: its mean, what is additive in the two
stimuli (:math:`a_i + a_j`), and the rest. With :math:`A` the incidence matrix of pairs and
stimuli, these are the eigenspaces of :math:`A A^\top`, hence of the covariance
:math:`V = 2I + A A^\top` that the distances of white patterns have under noise (Diedrichsen et
al. 2021, https://arxiv.org/abs/2007.02789), with eigenvalues :math:`2N`, :math:`N` and 2. Each
measure is the cosine after scaling the parts:

==================== ========= ========= ========
measure              mean      additive  rest
==================== ========= ========= ========
cosine               1         1         1
Pearson              0         1         1
whitened cosine      (2N)^-1/2 N^-1/2    2^-1/2
whitened correlation 0         N^-1/2    2^-1/2
debiased linear CKA  0         0         1
==================== ========= ========= ========

The last line is the U-centring of Song et al. (2012) and Székely & Rizzo (2014) seen from the
side of the distances: squared distances differ from :math:`-2` times the Gram matrix by an
additive part only.

All five come from one inner product with a ridge :math:`\lambda` on the additive part,

.. math:: d^\top d' - (A^\top d)^\top (\lambda I + A^\top A)^{-1} (A^\top d'),

:math:`\lambda = \infty, 2, 0` for plain, whitened and debiased. Under resampling, a stimulus
drawn :math:`m_i` times stands for as many copies; pairs of copies of one stimulus drop out, and
:math:`A^\top A` restricted to vectors that agree on copies becomes
:math:`\mathrm{diag}(n - 2 m_i) + 1 m^\top` with :math:`n = \sum m_i`, inverted by Sherman and
Morrison's formula. So every resample of every pair of representations costs one GEMM.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isomorph.measures.pairs import (
    Counts,
    Floats,
    blocks,
    pair_sums,
    pair_weights,
    squareform,
    stimulus_count,
)

BLOCK = 2**24
"""Numbers held at once by a temporary array (128 MiB of float64)."""

ROUNDING = 1e-12
"""Share of a sum of squares below which a difference of such sums is rounding error."""


@dataclass(frozen=True)
class LinearForm:
    """A cosine in the space of pairs.

    Attributes
    ----------
    centre : bool
        Whether the mean over pairs is removed.
    ridge : float
        λ above; infinite leaves the additive part as it is.
    """

    centre: bool
    ridge: float

    def embed(self, rdms: Floats) -> Floats:
        """Return unit vectors whose inner products are the measure.

        Parameters
        ----------
        rdms : (rdm, pair)

        Returns
        -------
        (rdm, pair)
            A stimulus permutation acts on it as on the RDM. A row the measure cannot see (a
            constant RDM for Pearson, an additive one for CKA) is zero, so it scores 0.
        """
        rdms = np.asarray(rdms, dtype=float)
        return _unit_rows(self.project(rdms), rdms)

    def project(self, rdms: Floats) -> Floats:
        """Return what `embed` scales to unit length, a linear map of RDMs: `(rdm, pair)`."""
        n_stimuli = stimulus_count(rdms.shape[1])
        mean = rdms.mean(axis=1, keepdims=True)
        centred = rdms - mean
        parts = 0 if self.centre else mean
        if np.isinf(self.ridge):
            projected: Floats = centred + parts
        else:
            # A A' has eigenvalue N - 2 on the additive part once the mean is gone.
            additive = pair_sums(centred) / (n_stimuli - 2)
            first, second = np.triu_indices(n_stimuli, 1)
            additive_pairs = additive[:, first] + additive[:, second]
            rest = centred - additive_pairs
            keep_additive = np.sqrt(self.ridge / (self.ridge + n_stimuli - 2))
            keep_mean = np.sqrt(self.ridge / (self.ridge + 2 * n_stimuli - 2))
            projected = rest + keep_additive * additive_pairs + keep_mean * parts
        return projected

    def compare(self, first: Floats, second: Floats) -> Floats:
        """Return the measure between all RDMs: `(a, pair)` and `(b, pair)` give `(a, b)`."""
        return self.embed(first) @ self.embed(second).T

    def resampled(self, first: Floats, second: Floats, counts: Counts) -> Floats:
        """Return the measure between all RDMs in every resample of the stimuli.

        Parameters
        ----------
        first : (a, pair)
        second : (b, pair)
        counts : (resample, stimulus)
            How often each stimulus was drawn.

        Returns
        -------
        (resample, a, b)
            NaN where a resample leaves the measure undefined (too few different stimuli).
        """
        n_stimuli = counts.shape[1]
        rows = max(1, BLOCK // max(1, (len(first) + len(second)) * n_stimuli))
        # Removing a constant first keeps the sums of squares small against each other.
        first = first - first.mean(axis=1, keepdims=True) if self.centre else np.asarray(first)
        second = second - second.mean(axis=1, keepdims=True) if self.centre else np.asarray(second)
        return np.concatenate(
            [self._block(first, second, counts[part]) for part in blocks(len(counts), rows)]
        )

    def _block(self, first: Floats, second: Floats, counts: Counts) -> Floats:
        weights = counts.astype(float)
        total, sums, squares, cross = _weighted_moments(first, second, weights)
        n_first = len(first)
        first_norm, second_norm = squares[:, :n_first].copy(), squares[:, n_first:].copy()
        mean = sums / np.maximum(total, 1)[:, None]
        if self.centre:
            first_norm = first_norm - sums[:, :n_first] * mean[:, :n_first]
            second_norm = second_norm - sums[:, n_first:] * mean[:, n_first:]
            cross = cross - sums[:, :n_first, None] * mean[:, None, n_first:]
        if not np.isinf(self.ridge):
            degree = weights.sum(axis=1, keepdims=True)
            per_stimulus = _stimulus_sums(np.concatenate([first, second]), weights)
            if self.centre:
                per_stimulus -= mean[:, :, None] * (degree - weights)[:, None, :]
            gain, shrink = self._inverse(weights, degree)
            scaled = per_stimulus * gain[:, None, :]
            level = scaled.sum(axis=2)
            additive_cross = scaled[:, :n_first] @ per_stimulus[:, n_first:].transpose(0, 2, 1)
            cross = cross - additive_cross
            cross += level[:, :n_first, None] * level[:, None, n_first:] * shrink[:, None, None]
            own = (scaled * per_stimulus).sum(axis=2) - level**2 * shrink[:, None]
            first_norm = first_norm - own[:, :n_first]
            second_norm = second_norm - own[:, n_first:]
        # What is left of a norm after cancellation, where nothing should be, is rounding.
        first_norm[first_norm <= ROUNDING * squares[:, :n_first]] = np.nan
        second_norm[second_norm <= ROUNDING * squares[:, n_first:]] = np.nan
        similarity: Floats = cross / np.sqrt(first_norm)[:, :, None]
        similarity /= np.sqrt(second_norm)[:, None, :]
        return similarity

    def _inverse(self, counts: Floats, degree: Floats) -> tuple[Floats, Floats]:
        """Return the diagonal and the rank-one factor of the inverse on the additive part.

        NaN for a resample in which one stimulus makes up so much that there is no inverse.
        """
        diagonal = degree + self.ridge - 2 * counts
        diagonal[diagonal == 0] = np.nan
        gain = counts / diagonal
        level = 1 + gain.sum(axis=1)
        level[np.abs(level) < ROUNDING] = np.nan
        return gain, 1 / level


def _weighted_moments(
    first: Floats, second: Floats, counts: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return weighted sums over pairs: of 1, of each RDM, of each square, of each product.

    Shapes `(resample,)`, `(resample, a + b)`, `(resample, a + b)`, `(resample, a, b)`; a GEMM
    per block of pairs.
    """
    both = np.concatenate([first, second])
    n_first, n_second = len(first), len(second)
    features = 1 + 2 * len(both) + n_first * n_second
    totals = np.zeros((len(counts), features))
    for part in blocks(both.shape[1], BLOCK // (features + len(counts))):
        x, y = first[:, part], second[:, part]
        products = (x[:, None, :] * y[None, :, :]).reshape(n_first * n_second, -1)
        rows = np.concatenate(
            [np.ones((1, x.shape[1])), both[:, part], both[:, part] ** 2, products]
        )
        totals += pair_weights(counts, part) @ rows.T
    ends = np.cumsum([1, len(both), len(both)])
    total, sums, squares, cross = np.split(totals, ends, axis=1)
    return total[:, 0], sums, squares, cross.reshape(-1, n_first, n_second)


def _stimulus_sums(rdms: Floats, counts: Floats) -> Floats:
    """Return `sum_j m_j d_ij`: `(resample, rdm, stimulus)`."""
    n_stimuli = counts.shape[1]
    square = squareform(rdms, n_stimuli)
    flat = counts @ square.transpose(1, 0, 2).reshape(n_stimuli, -1)
    return flat.reshape(len(counts), len(rdms), n_stimuli)


def _unit_rows(vectors: Floats, original: Floats) -> Floats:
    """Scale rows to unit length, rows that vanish against their original to zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    vanish = norms <= 1e-12 * np.linalg.norm(original, axis=1, keepdims=True)
    unit: Floats = np.where(vanish, 0.0, vectors / np.where(vanish, 1.0, norms))
    return unit
