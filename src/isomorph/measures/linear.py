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

Biased linear CKA is the whitened cosine, once more: centring a Gram matrix of N stimuli keeps
the rest as it is and shrinks the other two parts of :math:`-2 K` by the same
:math:`N^{-1/2}` and :math:`(2N)^{-1/2}`, with :math:`2^{-1/2}` for the rest. The last line is
the U-centring of Song et al. (2012) and Székely & Rizzo (2014) seen from the
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

from dataclasses import dataclass, replace

import numpy as np

from isomorph.measures.first_order import FirstOrder, Sides, first_order, less_additive, unit
from isomorph.measures.pairs import (
    Counts,
    Floats,
    blocks,
    pair_indices,
    pair_positions,
    pair_sums,
    stimulus_count,
)
from isomorph.measures.stack import Stackable, rdms_of
from isomorph.measures.weighted_sums import (
    BLOCK,
    moments_of_few,
    stimulus_sums,
    weighted_moments,
)

CACHED = 2**22
"""Numbers of the longer side looked at together (32 MiB)."""

CANCELLED = 1e-4
"""Share of a sum of squares below which a difference of such sums has lost too many digits."""

FEW = 3
"""Where each resample holds at most one in so many of the stimuli, as a fold of a cross-validation
does, its own pairs are looked at and no others."""

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

    def kept(self, n_stimuli: int) -> tuple[float, float]:
        """Return what the additive part and the mean of an RDM are multiplied by."""
        if np.isinf(self.ridge):
            return 1.0, float(not self.centre)
        # A A' has eigenvalue N - 2 on the additive part once the mean is gone, 2N - 2 on the mean.
        additive, mean = (
            float(np.sqrt(self.ridge / (self.ridge + own)))
            for own in (n_stimuli - 2, 2 * n_stimuli - 2)
        )
        return additive, 0.0 if self.centre else mean

    def fitted(self, sums: Floats) -> Floats:
        """Return the numbers of the penalised fit: `(..., stimulus)`.

        Parameters
        ----------
        sums : array of shape (..., stimulus)
            Over the pairs of each stimulus.
        """
        if np.isinf(self.ridge):
            return np.zeros_like(sums)
        n_stimuli = sums.shape[-1]
        diagonal = self.ridge + n_stimuli - 2
        total = sums.sum(axis=-1, keepdims=True)
        numbers: Floats = (sums - total / (diagonal + n_stimuli)) / diagonal
        return numbers

    def embed(self, rdms: Floats) -> Floats:
        """Return unit vectors whose inner products are the measure.

        Parameters
        ----------
        rdms : array of shape (rdm, pair)

        Returns
        -------
        array of shape (rdm, pair)
            A stimulus permutation acts on it as on the RDM. A row the measure cannot see (a
            constant RDM for Pearson, an additive one for CKA) is zero, so it scores 0.
        """
        rdms = np.asarray(rdms, dtype=float)
        return _unit_rows(self._scaled(rdms), rdms)

    def first_order_products(self, rdms: Floats, signs: Floats) -> FirstOrder:
        """Return inner products of RDMs `(rdm, pair)`, with what each stimulus adds to them."""
        parts = self._parts(np.asarray(rdms, dtype=float))
        plain = replace(parts, own=np.zeros_like(parts.pairs))
        return first_order(plain, plain, signs)

    def sides(self, rdms: Floats) -> Sides:
        """Return what the measure is an inner product of, as stimuli enter it.

        Where the additive part is shrunk, the inner product is that of what a penalised fit leaves
        and of the fit's numbers.

        Parameters
        ----------
        rdms : array of shape (rdm, pair)
        """
        rdms = np.asarray(rdms, dtype=float)
        return unit(self._parts(rdms), rdms)

    def _parts(self, rdms: Floats) -> Sides:
        """Return vectors whose inner products, over their lengths, are the measure."""
        centred = rdms - rdms.mean(axis=1, keepdims=True) if self.centre else rdms
        if np.isinf(self.ridge):
            return Sides(centred)
        numbers = self.fitted(pair_sums(centred))
        left = less_additive(centred, numbers)
        return Sides(left, np.sqrt(self.ridge) * numbers if self.ridge else None)

    def pool(self, rdms: Floats) -> Floats:
        """Return the RDM `(pair,)` that `(rdm, pair)` are nearest to under the measure, on average.

        Of unit vectors it is the mean, and `embed` is linear but for the length.
        """
        rdms = np.asarray(rdms, dtype=float)
        lengths = np.linalg.norm(self._scaled(rdms), axis=1, keepdims=True)
        unseen = lengths <= ROUNDING * np.linalg.norm(rdms, axis=1, keepdims=True)
        pooled: Floats = np.where(unseen, 0.0, rdms / np.where(unseen, 1.0, lengths)).mean(axis=0)
        return pooled

    def _scaled(self, rdms: Floats) -> Floats:
        """Scale the parts of RDMs `(rdm, pair)` as the table says."""
        mean = rdms.mean(axis=1, keepdims=True)
        centred = rdms - mean
        n_stimuli = stimulus_count(rdms.shape[1])
        of_additive, of_mean = self.kept(n_stimuli)
        if of_additive < 1:
            additive = pair_sums(centred) / (n_stimuli - 2)
            centred = less_additive(centred, (1 - of_additive) * additive)
        centred += of_mean * mean
        return centred

    def compare(self, first: Stackable, second: Stackable) -> Floats:
        """Return the measure between all RDMs: `(a, pair)` and `(b, pair)` give `(a, b)`.

        The longer side is never copied as a whole: the shorter is scaled for both, and of the
        longer only norms are needed, a few rows at a time.
        """
        first, second = rdms_of(first), rdms_of(second)
        if len(first) > len(second):
            return self.compare(second, first).T
        directions = self._scaled(self.embed(first))
        results = np.empty((len(first), len(second)))
        for part in blocks(len(second), CACHED // second.shape[1]):
            rows = second[part]
            power = np.einsum("rp,rp->r", rows, rows)
            squares = self._squares(rows, power)
            with np.errstate(divide="ignore", invalid="ignore"):
                results[:, part] = directions @ rows.T / np.sqrt(squares)
            # Where little is left of a sum of squares, the careful way.
            poor = np.flatnonzero(squares <= CANCELLED * power)
            if len(poor):
                results[:, part.start + poor] = self.embed(first) @ self.embed(rows[poor]).T
        return results

    def _squares(self, rdms: Floats, power: Floats) -> Floats:
        """Return squared norms `(rdm,)` of RDMs `(rdm, pair)` whose sums of squares are known."""
        mean = rdms.mean(axis=1)
        squares = power - rdms.shape[1] * mean**2 if self.centre else power.copy()
        if np.isinf(self.ridge):
            return squares
        sums = pair_sums(rdms)
        if self.centre:
            sums -= mean[:, None] * (sums.shape[1] - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            squares -= np.einsum("rs,rs->r", sums, self.fitted(sums))
        return squares

    def resampled(self, first: Stackable, second: Stackable, counts: Counts) -> Floats:
        """Return the measure between all RDMs in every resample of the stimuli.

        Parameters
        ----------
        first : array of shape (a, pair)
        second : array of shape (b, pair)
        counts : array of shape (resample, stimulus)
            How often each stimulus was drawn.

        Returns
        -------
        array of shape (resample, a, b)
            NaN where a resample leaves the measure undefined (too few different stimuli).
        """
        cross, first_norm, second_norm = self.products(first, second, counts)
        cross /= np.sqrt(first_norm)[:, :, None]
        cross /= np.sqrt(second_norm)[:, None, :]
        return cross

    def products(
        self, first: Stackable, second: Stackable, counts: Counts
    ) -> tuple[Floats, Floats, Floats]:
        """Return inner products and squared norms in every resample of the stimuli.

        Shapes `(resample, a, b)`, `(resample, a)`, `(resample, b)`; see `resampled`. NaN for a
        norm of which rounding alone is left.
        """
        x, y = rdms_of(first), rdms_of(second)
        if len(counts) == 1 and (counts == 1).all():
            return self._once(x, y)
        rows = max(1, BLOCK // max(1, (len(x) + len(y)) * counts.shape[1]))
        # Removing a constant first keeps the sums of squares small against each other.
        if self.centre:
            x = x - x.mean(axis=1, keepdims=True)
            y = y - y.mean(axis=1, keepdims=True)
        n_kept = max(2, int((counts > 0).sum(axis=1).max(initial=0)))
        if n_kept * FEW <= counts.shape[1]:
            rows = max(1, rows // 8)  # their pairs are copied for each resample
        else:
            n_kept = counts.shape[1]
        found = [self._block(x, y, counts[part], n_kept) for part in blocks(len(counts), rows)]
        cross, first_norm, second_norm = map(np.concatenate, zip(*found, strict=True))
        return cross, first_norm, second_norm

    def _once(self, first: Floats, second: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the products of all stimuli as they are, of which no weight is formed."""
        x, y = self._parts(first), self._parts(second)
        cross, norms = x.products(y), (x.squares, y.squares)
        for norm, rdms in zip(norms, (first, second), strict=True):
            norm[norm <= ROUNDING * np.einsum("ap,ap->a", rdms, rdms)] = np.nan
        return cross[None], norms[0][None], norms[1][None]

    def _block(
        self, first: Floats, second: Floats, counts: Counts, n_kept: int
    ) -> tuple[Floats, Floats, Floats]:
        n_first, n_stimuli = len(first), counts.shape[1]
        if n_kept < n_stimuli:
            kept = np.argsort(counts == 0, axis=1, kind="stable")[:, :n_kept]
            weights = np.take_along_axis(counts, kept, axis=1).astype(float)
            i, j = pair_indices(n_kept)
            pairs = pair_positions(n_stimuli)[kept[:, i], kept[:, j]]
            rdms = np.concatenate([first, second])[:, pairs].transpose(1, 0, 2)
            total, sums, squares, cross = moments_of_few(rdms, weights, n_first)
        else:
            weights = counts.astype(float)
            rdms = np.concatenate([first, second])
            total, sums, squares, cross = weighted_moments(first, second, weights)
        norms = squares.copy()
        mean = sums / np.maximum(total, 1)[:, None]
        if self.centre:
            norms -= sums * mean
            cross -= sums[:, :n_first, None] * mean[:, None, n_first:]
        if not np.isinf(self.ridge):
            own, crossed = self._additive(rdms, weights, mean, n_first)
            norms -= own
            cross -= crossed
        # What is left of a norm after cancellation, where nothing should be, is rounding.
        norms[norms <= ROUNDING * squares] = np.nan
        return cross, norms[:, :n_first], norms[:, n_first:]

    def _additive(
        self, rdms: Floats, weights: Floats, mean: Floats, n_first: int
    ) -> tuple[Floats, Floats]:
        """Return what the ridge takes off squared norms and off inner products.

        Parameters
        ----------
        rdms : array of shape (rdm, pair) or (resample, rdm, pair)
            The first representations, then the second; with a leading axis where each resample has
            stimuli of its own.
        weights : array of shape (resample, stimulus)
        mean : array of shape (resample, rdm)
        n_first : int

        Returns
        -------
        own : array of shape (resample, rdm)
        crossed : array of shape (resample, first, second)
        """
        degree = weights.sum(axis=1, keepdims=True)
        sums = stimulus_sums(rdms, weights)
        if self.centre:
            others = degree - weights
            for rdm in range(sums.shape[1]):  # no array as large as the sums beside them
                sums[:, rdm] -= mean[:, rdm, None] * others
        gain, shrink = self.inverse(weights, degree)
        level = (sums @ gain[:, :, None])[:, :, 0]
        own = np.einsum("rks,rks,rs->rk", sums, sums, gain, optimize=False)
        crossed = (sums[:, :n_first] * gain[:, None, :]) @ sums[:, n_first:].transpose(0, 2, 1)
        scaled = level * shrink[:, None]
        own -= level * scaled
        crossed -= level[:, :n_first, None] * scaled[:, None, n_first:]
        return own, crossed

    def inverse(self, counts: Floats, degree: Floats) -> tuple[Floats, Floats]:
        """Return the diagonal and the rank-one factor of the inverse on the additive part.

        NaN for a resample in which one stimulus makes up so much that there is no inverse.
        """
        diagonal = degree + self.ridge - 2 * counts
        diagonal[diagonal == 0] = np.nan
        gain = counts / diagonal
        level = 1 + gain.sum(axis=1)
        level[np.abs(level) < ROUNDING] = np.nan
        return gain, 1 / level


def _unit_rows(vectors: Floats, original: Floats) -> Floats:
    """Scale rows to unit length, rows that vanish against their original to zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    vanish = norms <= 1e-12 * np.linalg.norm(original, axis=1, keepdims=True)
    unit: Floats = np.where(vanish, 0.0, vectors / np.where(vanish, 1.0, norms))
    return unit
