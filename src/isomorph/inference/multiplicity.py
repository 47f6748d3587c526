"""Corrections for asking many questions at once, a registry by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import false_discovery_control

from isomorph.measures import Floats
from isomorph.registry import Registry


def holm(p: Floats) -> Floats:
    """Return p-values corrected for the chance of any false claim (Holm 1979)."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1)
    return corrected


def bonferroni(p: Floats) -> Floats:
    """Return p-values corrected for the chance of any false claim (Bonferroni 1936)."""
    corrected: Floats = np.minimum(p * len(p), 1)
    return corrected


MAX_T = "max_t"

LEVEL = 0.05
"""Corrected p-values below it are called significant."""

CORRECTIONS: Registry[Callable[[Floats], Floats]] = Registry(
    "correction",
    {
        "fdr_bh": lambda p: false_discovery_control(p, method="bh"),
        "fdr_by": lambda p: false_discovery_control(p, method="by"),
        "bonferroni": bonferroni,
        "holm": holm,
        MAX_T: holm,
    },
)
"""False discovery rate (Benjamini & Hochberg 1995; Benjamini & Yekutieli 2001), Bonferroni, Holm,
or the largest statistic, see `by_largest`; where p-values are all there is, Holm stands for it."""


def by_p_alone(correction: str) -> str:
    """Return the name of what `corrected` does: Holm's correction where max-T is asked for."""
    return "holm" if correction == MAX_T else correction


def corrected(p: Floats, correction: str) -> Floats:
    """Correct the p-values of one family; NaN are no part of it and stay NaN."""
    p = np.asarray(p, dtype=float)
    known = np.isfinite(p)
    result = np.full(p.shape, np.nan)
    if known.any():
        result[known] = CORRECTIONS[correction](p[known])
    return result


def multiplier(n: int, correction: str) -> float:
    """Return by how much a small p of one question of `n` is multiplied where no other helps."""
    every = np.ones(n)
    every[0] = 1e-12
    return float(CORRECTIONS[correction](every)[0] / every[0])


def by_largest(statistic: Floats, largest: Floats) -> Floats:
    """Return p-values corrected by the null distribution of the largest statistic.

    Single-step max-T (Westfall & Young 1993; Nichols & Holmes 2002,
    https://doi.org/10.1002/hbm.1058): it holds the chance of any false claim at its level however
    the questions depend on each other, and loses nothing to layers that say the same. With one
    question it is that question's own p.

    Parameters
    ----------
    statistic : (question,)
        On a scale all questions share; NaN where there is none.
    largest : (draw,)
        The largest of the questions' statistics in every draw from the null.

    Returns
    -------
    (question,)
    """
    ordered = np.sort(largest)
    as_large = len(ordered) - np.searchsorted(ordered, statistic - 1e-9)
    p: Floats = np.where(np.isnan(statistic), np.nan, (1 + as_large) / (1 + len(ordered)))
    return p
