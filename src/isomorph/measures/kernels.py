"""Kernels of squared distances, for alignment beyond the linear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isomorph.measures.first_order import Sides
from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import (
    Counts,
    Floats,
    pair_positions,
    pair_weights,
    stimulus_count,
)
from isomorph.measures.stack import Stackable, rdms_of

ROUNDING = 1e-12
"""Share of the largest distance below which a median is rounding error."""


@dataclass(frozen=True)
class RbfForm:
    r"""Alignment of Gaussian kernels :math:`\exp(-d_{ij}^2 / 2\sigma^2)`.

    A kernel with ones on its diagonal is, as far as centring goes, minus half of the squared
    distances :math:`2 - 2K_{ij}` of its feature space, so linear CKA of those is CKA of the
    kernel, biased or debiased.

    Attributes
    ----------
    linear : LinearForm
        What aligns the kernels.
    bandwidth : float
        :math:`\sigma` as a fraction of the median distance, that is the root of the median squared
        distance over the full matrix, zeros of its diagonal included (Kornblith et al. 2019, who
        try 0.2 to 0.8). In a resample the median is that of the resample.
    """

    linear: LinearForm
    bandwidth: float = 0.5
    parameter: ClassVar[str] = "bandwidth"
    meaning: ClassVar[str] = "a fraction of the median distance above 0"
    allowed: ClassVar[tuple[float, float]] = (0.0, np.inf)

    def embed(self, rdms: Floats) -> Floats:
        """Return unit vectors `(rdm, pair)` whose inner products are the measure.

        Parameters
        ----------
        rdms : array of shape (rdm, pair)
            Squared distances.
        """
        rdms = np.asarray(rdms, dtype=float)
        return self.linear.embed(self._kernel(rdms, _median(rdms)))

    def sides(self, rdms: Floats) -> Sides:
        """Return what the measure is an inner product of, as stimuli enter kernels of this width.

        Parameters
        ----------
        rdms : array of shape (rdm, pair)
            Squared distances.
        """
        rdms = np.asarray(rdms, dtype=float)
        return self.linear.sides(self._kernel(rdms, _median(rdms)))

    def compare(self, first: Stackable, second: Stackable) -> Floats:
        """Return the measure between all RDMs: `(a, pair)` and `(b, pair)` give `(a, b)`."""
        return self.embed(rdms_of(first)) @ self.embed(rdms_of(second)).T

    def resampled(self, first: Stackable, second: Stackable, counts: Counts) -> Floats:
        """Return the measure in every resample: `(resample, a, b)`, NaN where undefined."""
        first, second = rdms_of(first), rdms_of(second)
        position = pair_positions(counts.shape[1])
        results = np.full((len(counts), len(first), len(second)), np.nan)
        for result, row in zip(results, counts, strict=True):
            drawn = np.flatnonzero(row)
            if len(drawn) < 3:
                continue
            own = row[drawn]
            pairs = position[drawn[:, None], drawn][np.triu_indices(len(drawn), 1)]
            weights = pair_weights(own[None])[0]
            x, y = (
                self._kernel(rdms, _weighted_median(rdms, weights, int(own.sum())))
                for rdms in (first[:, pairs], second[:, pairs])
            )
            result[:] = self.linear.resampled(x, y, own[None])[0]
        return results

    def _kernel(self, rdms: Floats, median: Floats) -> Floats:
        """Return one less the kernel `(rdm, pair)`; 0 where the median distance is."""
        # A median of rounding alone, against the largest distance, is none.
        some = median > ROUNDING * rdms.max(axis=1, initial=0.0)
        spread = 2 * self.bandwidth**2 * np.where(some, median, np.inf)
        return -np.expm1(-rdms / spread[:, None])


def _middle(diagonal: int, pairs: int) -> list[int]:
    """Return the places among sorted pairs of the median of a full matrix, -1 for its diagonal.

    The matrix holds zeros on its diagonal, the smallest of all, and each pair twice.
    """
    total = diagonal + 2 * pairs
    return [(place - diagonal) // 2 if place >= diagonal else -1
            for place in ((total - 1) // 2, total // 2)]  # fmt: skip


def _median(rdms: Floats) -> Floats:
    """Return the median of the full matrix of each RDM `(rdm, pair)`: `(rdm,)`."""
    places = _middle(stimulus_count(rdms.shape[1]), rdms.shape[1])
    ordered = np.partition(rdms, sorted({place for place in places if place >= 0}), axis=1)
    middle = [ordered[:, place] if place >= 0 else np.zeros(len(rdms)) for place in places]
    median: Floats = (middle[0] + middle[1]) / 2
    return median


def _weighted_median(rdms: Floats, weights: Counts, diagonal: int) -> Floats:
    """Return the median of the full matrix of each RDM `(rdm, pair)`.

    A pair stands for `weights` copies, and there are `diagonal` stimuli, copies counted; pairs of
    copies of one stimulus are left out.
    """
    order = np.argsort(rdms, axis=1)
    ordered = np.take_along_axis(rdms, order, axis=1)
    up_to = np.cumsum(weights[order], axis=1)
    middle = [
        np.take_along_axis(ordered, (up_to <= place).sum(axis=1, keepdims=True), axis=1)[:, 0]
        if place >= 0
        else np.zeros(len(rdms))
        for place in _middle(diagonal, int(weights.sum()))
    ]
    median: Floats = (middle[0] + middle[1]) / 2
    return median
