"""Some pairs for all: an estimate with its error, where even tiles take too long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.measures.large.tiles import Representation, same_stimuli
from isomorph.measures.pairs import Floats, blocks

CHUNK = 2**22
"""Numbers held at once by differences of features (32 MiB)."""


@dataclass(frozen=True)
class SampledPairs:
    """An estimate from a sample of pairs.

    Attributes
    ----------
    estimate : float
    standard_error : float
        Of the value over all pairs of these stimuli; it says nothing of other stimuli.
    n_pairs : int
    seed : int
    """

    estimate: float
    standard_error: float
    n_pairs: int
    seed: int


def sampled_pearson(
    first: Representation, second: Representation, n_pairs: int = 10**6, seed: int = 0
) -> SampledPairs:
    """Estimate Pearson's correlation of two RDMs from pairs drawn with replacement.

    Pairs rather than stimuli: for the same number of pairs, the pairs of few stimuli say less,
    since those that share a stimulus go together.

    Parameters
    ----------
    first, second : Representation
    n_pairs : int
        At least 10.
    seed : int
    """
    n_stimuli = same_stimuli(first, second)
    if n_pairs < 10:
        raise IsomorphError(f"{n_pairs} pairs are too few for an error, at least 10 are needed")
    rng = np.random.default_rng(seed)
    i = rng.integers(n_stimuli, size=n_pairs)
    j = (i + rng.integers(1, n_stimuli, size=n_pairs)) % n_stimuli
    d, e = (_distances(one, i, j) for one in (first, second))
    x, y = ((values - values.mean()) / values.std() for values in (d, e))
    estimate = float((x * y).mean())
    # The influence of one pair on a correlation, whatever the distribution of distances.
    influence = x * y - estimate * (x**2 + y**2) / 2
    error = float(influence.std() / np.sqrt(n_pairs))
    return SampledPairs(estimate, error, n_pairs, seed)


def _distances(one: Representation, i: np.ndarray, j: np.ndarray) -> Floats:
    """Return the distances between stimuli `i` and `j`, one by one: `(pair,)`."""
    squares = np.empty(len(i))
    for part in blocks(len(i), CHUNK // one.features.shape[1]):
        apart = one.features[i[part]].astype(float) - one.features[j[part]]
        squares[part] = np.einsum("pf,pf->p", apart, apart)
    return np.sqrt(squares) if one.root else squares
