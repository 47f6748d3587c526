"""Gram matrices of features, fast: blocks that stay in the cache, single precision where safe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

from isomorph.rdms.geometry import Floats, Geometry

FEWEST, MOST = 2048, 4096
"""Features of a block: few enough for centring not to wait for memory, and enough for adding up
Gram matrices to cost little beside the products."""
LARGE = 2**33
"""Multiplications from which single precision is worth its error."""
NEAR = 1e-2
"""Pairs nearer than this, as a share of their squared norms or as a correlation distance, are
small differences of large inner products, so their products are computed in double precision."""
FEW = 8
"""Folds up to which contrasts between them cost less than the products they save."""
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
    features : (stimulus, feature)
    crossed : (stimulus, stimulus), optional
        Cross-validated inner products, see `Geometry.fold_gram`.
    single : bool, optional
        Whether products are taken in single precision; those of `LARGE` matrices unless given.
    """
    n_stimuli, n_features = features.shape
    if single is None:
        single = n_stimuli**2 * n_features >= LARGE
    found = None if single else _as_they_are(features)
    if found is None:
        found = _centred(features, np.float32 if single else np.float64)
    if single:
        near = _near(found)
        if len(near) > MOST_NEAR * n_stimuli:
            found = _centred(features, np.float64)
        elif len(near):
            _mend(found.gram, features, near)
    return replace(found, fold_gram=crossed)


def _blocks(features: Floats) -> Iterator[Floats]:
    width = min(max(FEWEST, 4 * len(features)), MOST)
    for start in range(0, features.shape[1], width):
        yield features[:, start : start + width]


def _as_they_are(features: Floats) -> Geometry | None:
    """Return the geometry of features by centring their Gram matrix, None where that is unsafe."""
    n_stimuli, n_features = features.shape
    gram = np.zeros((n_stimuli, n_stimuli))
    sums = np.zeros(n_stimuli)
    for block in _blocks(features):
        factor = block.astype(float, copy=False)
        gram += factor @ factor.T
        sums += factor.sum(axis=1)
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


def _centred(features: Floats, precision: type[np.floating]) -> Geometry:
    """Return the geometry of features, products being taken in some precision.

    The constant taken off the mean pattern is at first that of the first block; what another one
    would have given follows, as the pattern enters by sums alone.
    """
    n_stimuli, n_features = features.shape
    gram = np.zeros((n_stimuli, n_stimuli))
    sums = np.zeros((n_stimuli, 2))
    norms = np.zeros(n_stimuli)
    first, square, total = np.nan, 0.0, 0.0
    for block in _blocks(features):
        pattern = np.mean(block, axis=0, dtype=float)
        centred = block - pattern
        if np.isnan(first):
            first = float(pattern.mean())
        pattern -= first
        sums += centred @ np.stack([pattern, np.ones_like(pattern)], axis=1)
        square += float(pattern @ pattern)
        total += float(pattern.sum())
        if precision is np.float32:
            norms += np.einsum("sf,sf->s", centred, centred)
        factor = centred.astype(precision, copy=False)
        gram += factor @ factor.T
    if precision is np.float32:
        np.fill_diagonal(gram, norms)
    moved = total / n_features
    return Geometry(
        gram=gram,
        mean_projection=sums[:, 0] - moved * sums[:, 1],
        mean_norm=square - n_features * moved**2,
        stimulus_mean=sums[:, 1] / n_features,
        n_features=n_features,
        offset=first + moved,
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
    if 2 <= len(filled) <= FEW:
        # The same from a part less: with contrasts between folds, orthonormal to their sum.
        total *= np.sqrt(1 - 1 / len(filled))
        filled = np.tensordot(helmert(len(filled)), filled, axes=1)
    return per_couple(difference_of_squares(total, side_by_side(filled)), seen)


def side_by_side(folds: Floats) -> Floats:
    """Return folds `(fold, stimulus, unit)` as features: `(stimulus, fold and unit)`."""
    return np.ascontiguousarray(np.swapaxes(folds, 0, 1)).reshape(folds.shape[1], -1)


def difference_of_squares(first: Floats, second: Floats) -> Floats:
    """Return the Gram matrix of some features less that of others: `(stimulus, stimulus)`."""
    products: Floats = first @ first.T
    products -= second @ second.T
    return products


def per_couple(products: Floats, seen: NDArray[np.bool_]) -> Floats:
    """Make sums of products over couples of different folds means, NaN where there is none.

    Parameters
    ----------
    products : (stimulus, stimulus)
    seen : (fold, stimulus)
    """
    if seen.all():
        couples = len(seen) * (len(seen) - 1)
        products *= 1 / couples if couples else np.nan
        return products
    shown = seen.astype(float)
    couples = np.outer(shown.sum(axis=0), shown.sum(axis=0)) - shown.T @ shown
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(couples > 0, products / couples, np.nan)
