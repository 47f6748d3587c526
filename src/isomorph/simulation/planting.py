"""Geometries as features: the Gram root of an RDM, and the distances simulated units have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from isomorph.geometry.gram import gram_of_squares
from isomorph.registry import Registry
from isomorph.simulation.representations import Floats, root_of_gram

Places = NDArray[np.intp]

LACKING = 0.1
"""Share of the inner products of an RDM that no features may have, before it is of no geometry:
judgements are mostly nearly one of distances, and far from one of correlations."""
NEGLIGIBLE = 1e-10
"""Share of the largest eigenvalue below which a dimension is rounding error."""


@dataclass(frozen=True)
class Planting:
    """How a distance is simulated with Gaussian units.

    Attributes
    ----------
    gram : callable
        From an RDM `(stimulus, stimulus)` to inner products of features that have it.
    distances : callable
        From inner products `(..., pair)` and squared lengths `(..., stimulus)` of simulated
        patterns to RDMs `(..., pair)`.
    centred : bool
        Whether patterns are centred over units first, which costs one degree of freedom.
    crossed : bool
        Whether products of a repetition with itself are left out.
    """

    gram: Callable[[Floats], Floats]
    distances: Callable[[Floats, Floats], Floats]
    centred: bool = False
    crossed: bool = False


@lru_cache(maxsize=4)
def pairs_of(n_stimuli: int) -> tuple[Places, Places]:
    """Return the first and second stimulus of every pair, each `(pair,)`; not to be written to."""
    first, second = np.triu_indices(n_stimuli, 1)
    first.flags.writeable = second.flags.writeable = False
    return first, second


def gram_of_correlation(rdm: Floats) -> Floats:
    """Return the correlations between patterns: products of z-scored features."""
    gram: Floats = 1 - rdm
    return gram


def one_minus_cosine(products: Floats, squares: Floats) -> Floats:
    """Return `1 - cos` between patterns; between centred ones it is `1 - r`."""
    first, second = pairs_of(squares.shape[-1])
    scale = 1 / np.sqrt(squares)
    cosines = products * scale[..., first]
    cosines *= scale[..., second]
    return np.subtract(1, cosines, out=cosines)


def squared(products: Floats, squares: Floats) -> Floats:
    """Return squared Euclidean distances."""
    first, second = pairs_of(squares.shape[-1])
    distances: Floats = squares[..., first] + squares[..., second]
    distances -= 2 * products
    return distances


def plain(products: Floats, squares: Floats) -> Floats:
    """Return Euclidean distances."""
    return np.sqrt(np.maximum(squared(products, squares), 0))


SQUARES = Planting(gram_of_squares, squared)
ROOTS = Planting(lambda rdm: gram_of_squares(rdm**2), plain)
CROSSED = Planting(gram_of_squares, squared, crossed=True)

PLANTINGS: Registry[Planting] = Registry(
    "distance that can be simulated",
    {
        "correlation": Planting(gram_of_correlation, one_minus_cosine, centred=True),
        "cosine": Planting(gram_of_correlation, one_minus_cosine),
        "euclidean": ROOTS,
        "euclidean_norm": ROOTS,
        "squared_euclidean": SQUARES,
        "crossvalidated_euclidean": CROSSED,
        # The simulated noise is white, so whitening by it changes nothing.
        "mahalanobis": SQUARES,
        "crossnobis": CROSSED,
    },
)
"""By distance; one that is not here has no Gaussian units to simulate, and its rows say so."""


@lru_cache
def planting_of(brain: str, layers: str) -> Planting | str:
    """Return how brains are simulated whose RDMs are of one distance, from layers of another.

    Parameters
    ----------
    brain, layers : str
        The distances of either.

    Returns
    -------
    Planting or str
        Why there is none.
    """
    for name in (brain, layers):
        if name not in PLANTINGS:
            return "no Gaussian units have it by construction"
    own, theirs = PLANTINGS[brain], PLANTINGS[layers]
    if own.gram is gram_of_correlation and theirs.gram is not gram_of_correlation:
        return "the RDMs of layers do not say where the origin is, from which it looks at patterns"
    return replace(own, gram=theirs.gram)


def root(rdm: Floats, planting: Planting) -> Floats:
    """Return features `(stimulus, component)` whose RDM is the given one.

    Parameters
    ----------
    rdm : array of shape (pair,)
    planting : Planting

    Returns
    -------
    array of shape (stimulus, component)
        Scaled so that a projected unit has a mean variance of 1 over stimuli; no component when
        the RDM is that of no geometry.
    """
    n = round((1 + np.sqrt(1 + 8 * len(rdm))) / 2)
    square = np.zeros((n, n))
    square[np.triu_indices(n, 1)] = rdm
    gram = planting.gram(square + square.T)
    features = root_of_gram(gram, NEGLIGIBLE)
    if np.linalg.norm(features @ features.T - gram) > LACKING * np.linalg.norm(gram):
        return np.empty((n, 0))
    scale = np.square(features).sum() / len(features)
    return features / np.sqrt(max(scale, np.finfo(float).tiny))
