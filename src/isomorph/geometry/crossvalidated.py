"""Cross-validated Gram matrices: products of different folds, whose noise is independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

from isomorph.geometry.gram import Floats, add_square, mirrored

FEW = 8
"""Folds up to which contrasts between them cost less than the products they save."""


def fold_gram(folds: Floats, seen: NDArray[np.bool_]) -> Floats:
    r"""Return the cross-validated Gram matrix of repetitions, whose noise must be independent.

    With :math:`S = \sum_r x_r` the sum over repetitions, the products of different repetitions
    sum to :math:`S S^\top - \sum_r x_r x_r^\top`; no loop over pairs of repetitions.

    Parameters
    ----------
    folds : array of shape (repetition, stimulus, unit)
        Responses; any value where a stimulus was not shown.
    seen : array of shape (repetition, stimulus)
        Whether it was shown. Unbalanced designs are averaged over the couples they have.

    Returns
    -------
    array of shape (stimulus, stimulus)
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
    size = len(first)
    products = add_square(np.zeros((size, size), order="F"), first)
    return mirrored(add_square(products, second, -1.0).T)


def per_couple(products: Floats, seen: NDArray[np.bool_]) -> Floats:
    """Make sums of products over couples of different folds means, NaN where there is none.

    Parameters
    ----------
    products : array of shape (stimulus, stimulus)
    seen : array of shape (fold, stimulus)
    """
    if seen.all():
        couples = len(seen) * (len(seen) - 1)
        products *= 1 / couples if couples else np.nan
        return products
    shown = seen.astype(float)
    couples = np.outer(shown.sum(axis=0), shown.sum(axis=0)) - shown.T @ shown
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(couples > 0, products / couples, np.nan)
