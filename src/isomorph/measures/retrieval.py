"""How well stimuli of one representation are found again in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from isomorph.measures.pairs import Counts, Floats

Bools = NDArray[np.bool_]
Score = Callable[[Counts, Counts], Floats]

SAME = 1e-9
"""Difference of cosines below which two stimuli are equally near."""


def accuracy(nearer: Counts, as_near: Counts) -> Floats:
    """Return how often what is looked for is found at once, ties being broken at random.

    Parameters
    ----------
    nearer : array
        Other stimuli that are nearer.
    as_near : array
        Stimuli that are as near, itself counted.
    """
    return np.where(nearer == 0, 1.0 / as_near, 0.0)


def reciprocal_rank(nearer: Counts, as_near: Counts) -> Floats:
    """Return the mean of 1 / rank over the orders of what is as near, see `accuracy`."""
    harmonic = _harmonic(int((nearer + as_near).max(initial=1)))
    mean: Floats = (harmonic[nearer + as_near] - harmonic[nearer]) / as_near
    return mean


def chance_accuracy(n_held_out: int) -> float:
    """Return the accuracy of unrelated representations."""
    return 1 / n_held_out


def chance_reciprocal_rank(n_held_out: int) -> float:
    """Return the mean reciprocal rank of unrelated representations."""
    return float(_harmonic(n_held_out)[-1]) / n_held_out


SCORES: Mapping[str, tuple[Score, Callable[[int], float]]] = {
    "accuracy": (accuracy, chance_accuracy),
    "mrr": (reciprocal_rank, chance_reciprocal_rank),
}
"""Scores of what is found, and what they are by chance."""


def retrieved(first: Floats, second: Floats, score: str) -> tuple[float, float]:
    """Return how well stimuli of one representation are found in the other, and back.

    By the cosine between their vectors; the two numbers differ where one representation has
    stimuli that are near to many.

    Parameters
    ----------
    first, second : arrays of shape (stimulus, coordinate)
        Vectors of one space, such as relative representations.
    score : str
        `accuracy` or `mrr`.
    """
    x, y = (_directions(np.asarray(one, dtype=float)) for one in (first, second))
    cosines = x @ y.T
    forth, back = (SCORES[score][0](*ranked(one)) for one in (cosines, cosines.T))
    return float(forth.mean()), float(back.mean())


def places(cosines: Floats) -> tuple[Bools, Bools]:
    """Return which stimuli `(..., sought, found)` are nearer than the right one, and as near."""
    own = np.diagonal(cosines, axis1=-2, axis2=-1)[..., None]
    above = cosines > own + SAME
    equal = (cosines >= own - SAME) & ~above & ~np.eye(cosines.shape[-1], dtype=bool)
    return above, equal


def ranked(cosines: Floats) -> tuple[Counts, Counts]:
    """Return how many are nearer than the right one, and as near, itself counted."""
    own = np.diagonal(cosines, axis1=-2, axis2=-1)[..., None]
    nearer = _count(cosines > own + SAME)
    return nearer, np.maximum(_count(cosines >= own - SAME) - nearer, 1)


def _count(marks: Bools) -> Counts:
    """Return how many are true along the last axis, by BLAS, which is exact below 2^24."""
    one = np.ones(marks.shape[-1], dtype=np.float32)
    return np.asarray(marks.astype(np.float32) @ one, dtype=np.intp)


def _harmonic(n: int) -> Floats:
    """Return sums of 1, 1/2, ... up to the first, the second, ... of n, and 0 before these."""
    return np.concatenate([[0.0], np.cumsum(1 / np.arange(1, n + 1))])


def _directions(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions: Floats = vectors / np.where(length > 0, length, 1.0)
    return directions
