"""Kendall's tau-a: concordant less discordant, over all couples of distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau

from isomorph.measures.pairs import Counts, Floats, pair_weights


@dataclass(frozen=True)
class TauA:
    """Kendall's tau-a (Nili et al. 2014, https://doi.org/10.1371/journal.pcbi.1003553).

    It is no inner product of vectors as long as an RDM, so each couple of RDMs is a sort, by
    scipy's merge-sort count; prefer rho-a, which orders models alike and costs one GEMM.
    """

    def compare(self, first: Floats, second: Floats) -> Floats:
        """Return tau-a between all RDMs: `(a, pair)` and `(b, pair)` give `(a, b)`."""
        untied_first = np.array([_untied_share(row) for row in first])
        untied_second = np.array([_untied_share(row) for row in second])
        scale = np.sqrt(np.outer(untied_first, untied_second))
        tau_b = np.array(
            [
                [
                    kendalltau(x, y).statistic if known else 0.0
                    for y, known in zip(second, row, strict=True)
                ]
                for x, row in zip(first, scale > 0, strict=True)
            ]
        )
        tau_a: Floats = tau_b * scale
        return tau_a

    def resampled(self, first: Floats, second: Floats, counts: Counts) -> Floats:
        """Return tau-a in every resample: `(resample, a, b)`, NaN below two pairs."""
        weights = pair_weights(counts)
        results = np.full((len(counts), len(first), len(second)), np.nan)
        for index, row in enumerate(weights):
            if row.sum() >= 2:
                results[index] = self.compare(
                    np.repeat(first, row, axis=1), np.repeat(second, row, axis=1)
                )
        return results


def _untied_share(values: Floats) -> float:
    """Return the share of couples of values that differ."""
    _, sizes = np.unique(values, return_counts=True)
    couples = len(values) * (len(values) - 1) / 2
    return float(1 - (sizes * (sizes - 1) / 2).sum() / couples)
