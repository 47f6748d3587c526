"""The best of several layers: equal scores are exactly equal, and the first of the best is it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isomorph.measures import Floats

Indices = NDArray[np.intp]

NONE = -1
"""In place of the best, where nothing has a score."""

DIGITS = 30
"""Binary digits of the largest score that are kept."""


def rounded(scores: Floats) -> Floats:
    """Return scores of any shape to 30 binary digits of the largest, about 1e-9.

    Layers may be equal, as a network's last layer and the dropout after it that does nothing.
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


def best(scores: Floats) -> Indices:
    """Return the place of the largest score on the last axis, `NONE` where none is finite.

    Parameters
    ----------
    scores : array of shape (..., thing)
    """
    known = np.isfinite(scores)
    found = rounded(np.where(known, scores, -np.inf)).argmax(axis=-1)
    return np.where(known.any(axis=-1), found, NONE)


def first_best(scores: Floats) -> int:
    """Return the place of the largest score `(thing,)`, the first where none is finite."""
    return max(int(best(scores)), 0)


def most_frequent(choices: Indices) -> tuple[int, float]:
    """Return the choice made most often, the first of equals, and how often it was made."""
    values, counts = np.unique(choices, return_counts=True)
    return int(values[counts.argmax()]), float(counts.max() / counts.sum())
