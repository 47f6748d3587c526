"""Ties between layers: equal scores are exactly equal."""

from __future__ import annotations

import numpy as np

from isomorph.measures import Floats

DIGITS = 30
"""Binary digits of the largest score that are kept."""


def rounded(scores: Floats) -> Floats:
    """Return scores of any shape to 30 binary digits of the largest, about 1e-9.

    Layers may be alike, as a network's last layer and the dropout after it that does nothing.
    Their scores then differ by rounding alone, which depends on the processor and on where in a
    matrix a layer stands; which of them is best must not. Kept to fewer digits than rounding
    spoils they tie, and the first of the best is the same everywhere.
    """
    largest = np.abs(scores[np.isfinite(scores)]).max(initial=0.0)
    if largest == 0:
        return scores
    step = 2.0 ** (np.ceil(np.log2(largest)) - DIGITS)
    kept: Floats = np.rint(scores / step) * step
    return kept
