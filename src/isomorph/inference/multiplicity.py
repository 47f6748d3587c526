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


CORRECTIONS: Registry[Callable[[Floats], Floats]] = Registry(
    "correction",
    {
        "fdr_bh": lambda p: false_discovery_control(p, method="bh"),
        "fdr_by": lambda p: false_discovery_control(p, method="by"),
        "holm": holm,
    },
)
"""False discovery rate (Benjamini & Hochberg 1995; Benjamini & Yekutieli 2001), or Holm."""


def corrected(p: Floats, correction: str) -> Floats:
    """Correct the p-values of one family; NaN are no part of it and stay NaN."""
    p = np.asarray(p, dtype=float)
    known = np.isfinite(p)
    result = np.full(p.shape, np.nan)
    if known.any():
        result[known] = CORRECTIONS[correction](p[known])
    return result
