"""Representations by their features, as the measures take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isomorph.geometry import squared_distances
from isomorph.measures import MEASURES, Floats, Stack
from isomorph.measures.pairs import pair_indices


def stack_of(features: Sequence[Floats]) -> Stack:
    """Return representations of the same stimuli with all that follows from their features.

    Parameters
    ----------
    features : sequence of arrays of shape (stimulus, feature)
    """
    centred = [one - one.mean(axis=0) for one in features]
    upper = pair_indices(len(centred[0]))
    rdms = np.stack([np.maximum(squared_distances(one @ one.T)[upper], 0) for one in centred])
    stack = Stack(rdms, np.array([one.shape[1] for one in features]), {"features": list(features)})
    widest = max(one.shape[1] for one in centred)
    if widest < stack.n_stimuli:
        # The features are their own root, of fewer dimensions than one that has to be found.
        stack.derived(
            "roots",
            lambda: np.stack(
                [np.pad(one, ((0, 0), (0, widest - one.shape[1]))) for one in centred]
            ),
        )
    return stack


def alike(measure: str, first: Sequence[Floats], second: Sequence[Floats]) -> Floats:
    """Return a measure between all representations of two lists: `(a, b)`.

    Parameters
    ----------
    measure : str
    first, second : sequence of arrays of shape (stimulus, feature)
    """
    return MEASURES[measure].compare(stack_of(first), stack_of(second))
