"""Halves of the stimuli: one chooses and fits, the other scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from isomorph.inference.splits import sides_of
from isomorph.measures import Counts
from isomorph.measures.pairs import pair_indices, squareform

Indices = NDArray[np.intp]
Half = tuple[Indices, Indices]
"""Stimuli to choose and fit on, stimuli to score on; both sorted, nothing in common."""

FEWEST = 6
"""Stimuli of a half: 15 pairs. With fewer there is nothing to choose a layer on."""


def halves(groups: Indices, n_splits: int, rng: np.random.Generator) -> list[Half]:
    """Return random halvings of the stimuli, each used in both directions.

    Parameters
    ----------
    groups : (stimulus,)
        Stimuli of one group stay together.
    n_splits : int
    rng : Generator

    Returns
    -------
    list of Half
        Twice as many as splits; empty where the stimuli are too few to be halved.
    """
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    found: list[Half] = []
    for _ in range(n_splits):
        sides: tuple[list[int], list[int]] = ([], [])
        for number in rng.permutation(len(members)):
            min(sides, key=len).extend(members[number].tolist())
        first, second = (np.array(sorted(side), dtype=np.intp) for side in sides)
        if min(len(first), len(second)) < FEWEST:
            return []
        found += [(first, second), (second, first)]
    return found


def halved(drawn: Counts, groups: Indices, rng: np.random.Generator) -> Counts:
    """Return two halves of every resample: `(resample, half, stimulus)`.

    Copies of a stimulus, and stimuli of a group, stay in one half. Either half is that of which the
    other is the rest; nothing where a resample holds too few different stimuli.

    Parameters
    ----------
    drawn : (resample, stimulus)
        How often each stimulus was drawn.
    groups : (stimulus,)
    rng : Generator
    """
    return sides_of(drawn, groups, 2, 1, rng).chosen_on[:, 0]


def pairs_among(stimuli: Indices, n_stimuli: int) -> Indices:
    """Return which pairs of an RDM are those among some stimuli, in the order of their own RDM."""
    n_pairs = n_stimuli * (n_stimuli - 1) // 2
    position = squareform(np.arange(n_pairs, dtype=float)[None], n_stimuli)[0].astype(np.intp)
    first, second = pair_indices(len(stimuli))
    pairs: Indices = position[stimuli[first], stimuli[second]]
    return pairs


def most_frequent(choices: Sequence[int]) -> tuple[int, float]:
    """Return the choice made most often, the first of equals, and how often it was made."""
    values, counts = np.unique(np.asarray(choices), return_counts=True)
    return int(values[counts.argmax()]), float(counts.max() / counts.sum())
