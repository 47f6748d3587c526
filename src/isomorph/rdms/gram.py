"""Gram matrices of features, fast: blocks that stay in the cache, single precision where safe."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from isomorph.rdms.geometry import Floats, Geometry, joined

BLOCK = 2**20
"""Values of features held at a time: a few megabytes, so that centring does not wait for memory."""
LARGE = 2**33
"""Multiplications from which single precision is worth its error."""
NEAR = 1e-2
"""Pairs nearer than this, as a share of their squared norms or as a correlation distance, are
small differences of large inner products, so their products are computed in double precision."""
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
    features : (stimulus, feature)
    crossed : (stimulus, stimulus), optional
        Cross-validated inner products, see `Geometry.fold_gram`.
    single : bool, optional
        Whether products are taken in single precision; those of `LARGE` matrices unless given.
    """
    n_stimuli, n_features = features.shape
    if single is None:
        single = n_stimuli**2 * n_features >= LARGE
    found = joined([_of_block(block, single) for block in _blocks(features)])
    if single:
        near = _near(found)
        if len(near) > MOST_NEAR * n_stimuli:
            found = joined([_of_block(block, False) for block in _blocks(features)])
        elif len(near):
            _mend(found.gram, features, near)
    return Geometry(
        found.gram, found.mean_projection, found.mean_norm, found.stimulus_mean,
        n_features, crossed, found.offset,
    )  # fmt: skip


def _blocks(features: Floats) -> Iterator[Floats]:
    width = max(1024, BLOCK // len(features))
    for start in range(0, features.shape[1], width):
        yield features[:, start : start + width]


def _of_block(block: Floats, single: bool) -> Geometry:
    pattern = np.mean(block, axis=0, dtype=float)
    centred = block - pattern
    offset = float(pattern.mean())
    pattern -= offset
    if single:
        small = centred.astype(np.float32)
        gram = (small @ small.T).astype(float)
        np.fill_diagonal(gram, np.einsum("sf,sf->s", centred, centred))
    else:
        gram = centred @ centred.T
    return Geometry(
        gram=gram,
        mean_projection=centred @ pattern,
        mean_norm=float(pattern @ pattern),
        stimulus_mean=centred.mean(axis=1),
        n_features=block.shape[1],
        offset=offset,
    )


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


def fold_gram(folds: Floats, seen: NDArray[np.bool_]) -> Floats:
    r"""Return the cross-validated Gram matrix of repetitions, whose noise must be independent.

    With :math:`S = \sum_r x_r` the sum over repetitions, the products of different repetitions
    sum to :math:`S S^\top - \sum_r x_r x_r^\top`; no loop over pairs of repetitions.

    Parameters
    ----------
    folds : (repetition, stimulus, unit)
        Responses; any value where a stimulus was not shown.
    seen : (repetition, stimulus)
        Whether it was shown. Unbalanced designs are averaged over the couples they have.

    Returns
    -------
    (stimulus, stimulus)
        NaN where two stimuli share no couple of different repetitions.
    """
    filled = folds if seen.all() else np.where(seen[:, :, None], folds, 0.0)
    total = filled.sum(axis=0)
    every = np.ascontiguousarray(np.swapaxes(filled, 0, 1)).reshape(len(total), -1)
    return per_couple(total @ total.T - every @ every.T, seen)


def per_couple(products: Floats, seen: NDArray[np.bool_]) -> Floats:
    """Return sums of products over couples of different folds as means, NaN where there is none.

    Parameters
    ----------
    products : (stimulus, stimulus)
    seen : (fold, stimulus)
    """
    if seen.all():
        couples = len(seen) * (len(seen) - 1)
        return products / couples if couples else np.full(products.shape, np.nan)
    shown = seen.astype(float)
    couples = np.outer(shown.sum(axis=0), shown.sum(axis=0)) - shown.T @ shown
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(couples > 0, products / couples, np.nan)
