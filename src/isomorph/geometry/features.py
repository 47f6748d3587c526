"""The geometry of features at hand, fast: single precision where it is safe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from isomorph.geometry.gram import Floats, GramSums, Products, block_width
from isomorph.geometry.representation import Geometry

LARGE = 2**33
"""Multiplications from which single precision is worth its error."""
NEAR = 1e-2
"""Pairs nearer than this, as a share of their squared norms or as a correlation distance, are
small differences of large inner products, so their products are computed in double precision."""
LIFTED = 100.0
"""How many times the squared norm of a centred stimulus that of the mean pattern may be for
features to be multiplied as they are and their Gram matrix centred: two digits are lost then."""
MOST_NEAR = 8
"""Near pairs per stimulus above which everything is."""


def geometry_of_features(
    features: Floats, crossed: Floats | None = None, *, single: bool | None = None
) -> Geometry:
    """Return the geometry of features.

    Features are centred over stimuli in double precision, block by block. Large products are then
    taken in single precision, which costs a Gram matrix of centred features about 1e-8 of its
    diagonal; the diagonal and everything about the mean pattern stay double, and so do the
    products of pairs nearer than `NEAR`, of which rounding would be a larger share.

    Parameters
    ----------
    features : array of shape (stimulus, feature)
    crossed : array of shape (stimulus, stimulus), optional
        Cross-validated inner products, see `Geometry.fold_gram`.
    single : bool, optional
        Whether products are taken in single precision; those of `LARGE` matrices unless given.
    """
    n_stimuli, n_features = features.shape
    if single is None:
        single = n_stimuli**2 * n_features >= LARGE
    found = None if single else _as_they_are(features)
    if found is None:
        found = _centred(features, single=single)
    if single:
        near = _near(found)
        if len(near) > MOST_NEAR * n_stimuli:
            found = _centred(features, single=False)
        elif len(near):
            _mend(found.gram, features, near)
    return replace(found, fold_gram=crossed)


def _blocks(features: Floats) -> Iterator[Floats]:
    width = block_width(len(features))
    for start in range(0, features.shape[1], width):
        yield features[:, start : start + width]


def _as_they_are(features: Floats) -> Geometry | None:
    """Return the geometry of features by centring their Gram matrix, None where that is unsafe."""
    n_stimuli, n_features = features.shape
    products = Products(n_stimuli)
    sums = np.zeros(n_stimuli)
    for block in _blocks(features):
        factor = block.astype(float, copy=False)
        products.add(factor)
        sums += factor.sum(axis=1)
    gram = products.total()
    along = gram.mean(axis=1)  # products with the mean pattern
    level = float(along.mean())
    gram -= along
    gram -= (along - level)[:, None]
    if not level <= LIFTED * np.diag(gram).min():
        return None
    offset = float(sums.mean()) / n_features
    sums -= sums.mean()
    return Geometry(
        gram=gram,
        mean_projection=along - level - offset * sums,
        mean_norm=level - n_features * offset**2,
        stimulus_mean=sums / n_features,
        n_features=n_features,
        offset=offset,
    )


def _centred(features: Floats, *, single: bool) -> Geometry:
    """Return the geometry of features that are centred before they are multiplied."""
    sums = GramSums(len(features), single=single, lowered=True)
    for block in _blocks(features):
        sums.add(block)
    return Geometry(**vars(sums.result()), offset=sums.offset)


def _near(geometry: Geometry) -> NDArray[np.intp]:
    """Return pairs of stimuli `(pair, 2)` that are near by either distance."""
    norm = np.diag(geometry.gram)
    mean = geometry.stimulus_mean
    raw_norm = norm + 2 * geometry.mean_projection + geometry.mean_norm
    variance = raw_norm / geometry.n_features - mean**2
    spread = np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    found = []
    for start in range(0, len(norm), 512):
        rows = slice(start, start + 512)
        gram = geometry.gram[rows]
        close = 2 * gram > (1 - NEAR) * (norm[rows, None] + norm)
        raw = gram + geometry.mean_projection[rows, None] + geometry.mean_projection
        covariance = (raw + geometry.mean_norm) / geometry.n_features - np.outer(mean[rows], mean)
        close |= covariance > (1 - NEAR) * np.outer(spread[rows], spread)
        pairs = np.argwhere(close) + np.array([start, 0])
        found.append(pairs[pairs[:, 0] < pairs[:, 1]])
    return np.concatenate(found)


def _mend(gram: Floats, features: Floats, pairs: NDArray[np.intp]) -> None:
    """Put the products of some pairs, taken in double precision, into a Gram matrix."""
    first, second = pairs.T
    products = np.zeros(len(pairs))
    for block in _blocks(features):
        centred = block - np.mean(block, axis=0, dtype=float)
        for some in np.array_split(np.arange(len(pairs)), len(pairs) // len(features) + 1):
            products[some] += np.einsum("pf,pf->p", centred[first[some]], centred[second[some]])
    gram[first, second] = gram[second, first] = products
