"""Halvings: random divisions of the repetitions of every session of a subject."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HALVINGS = 20
"""Most halvings: all are of the same repetitions, so more of them add little."""
TRIES = 20
"""Draws per halving wanted: of few repetitions most are the same again."""
KEPT = 10**8
"""Numbers that the halves' RDMs of a dataset may be, 400 MB; with more pairs halvings are fewer."""

Halving = Sequence[NDArray[np.bool_]]
"""By session, which folds make the first half: `(fold,)`; the others make the second."""


def most_halvings(n_rdms: int, n_stimuli: int) -> int:
    """Return how many halvings a dataset of some RDMs has room for: `HALVINGS`, or fewer."""
    return int(np.clip(KEPT // max(1, n_rdms * n_stimuli * (n_stimuli - 1)), 1, HALVINGS))


def draw_halvings(
    seen: Sequence[NDArray[np.bool_]], n: int, rng: np.random.Generator
) -> list[Halving]:
    """Draw different halvings of the folds of every session, of which either half shows all.

    Parameters
    ----------
    seen : sequence of arrays of shape (fold, stimulus)
        By session, which stimuli were shown. Of an odd number of folds one half has one more.
    n : int
        At most.
    rng : Generator

    Returns
    -------
    list of Halving
        All there are where they are few, none where a half always lacks a stimulus.
    """
    found: dict[bytes, Halving] = {}
    if any(len(shown) < 2 for shown in seen):
        return []
    for _ in range(TRIES * n):
        halving = []
        for shown in seen:
            size = len(shown) // 2 + int(len(shown) % 2 and rng.random() < 0.5)
            halving.append(rng.permutation(len(shown)) < size)
        if halving and not halving[0][0]:  # which half is the first does not matter
            halving = [~first for first in halving]
        if all(shown[part].any(axis=0).all() for first, shown in zip(halving, seen, strict=True)
               for part in (first, ~first)):  # fmt: skip
            found.setdefault(np.concatenate([*halving, []]).tobytes(), halving)
        if len(found) == n:
            break
    return list(found.values())
