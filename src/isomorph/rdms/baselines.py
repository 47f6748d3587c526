"""Baselines: what a run adds to all its responses, kept out of distances where stimuli are missing.

Where every run shows every stimulus, baselines are in all stimuli alike and in no distance. Where
some stimuli are missing from some runs, means and products rest on different runs, and what sets
these apart would pass for what sets the stimuli apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from isomorph.geometry import Floats

Couple = tuple[tuple[int, int], Floats, Floats]
"""Two different folds and what is multiplied of them: `(stimulus, unit)` each."""


def within_folds(couples: Iterable[Couple], seen: NDArray[np.bool_]) -> Floats:
    r"""Return squared distances from differences within folds, crossed between them.

    For stimuli :math:`i` and :math:`j` the mean of :math:`(x_{ri} - x_{rj})^\top (y_{si} - y_{sj})`
    over the couples of different folds :math:`r, s` that both show both. What a fold adds to all
    its responses is in no difference.

    Parameters
    ----------
    couples : iterable of Couple
        Each couple of folds in one order or in both.
    seen : array of shape (fold, stimulus)
        Which stimuli a fold shows.

    Returns
    -------
    array of shape (stimulus, stimulus)
        NaN for stimuli that share fewer than two folds.
    """
    n_stimuli = seen.shape[1]
    total, count = np.zeros((n_stimuli, n_stimuli)), np.zeros((n_stimuli, n_stimuli))
    for (one, other), first, second in couples:
        both = np.flatnonzero(seen[one] & seen[other])
        products = first[both] @ second[both].T
        own = np.diag(products)
        place = np.ix_(both, both)
        total[place] += own[:, None] + own - products - products.T
        count[place] += 1
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, total / count, np.nan)


def as_products(within: Floats, otherwise: Callable[[], Floats]) -> Floats:
    """Return inner products, up to what is in no distance, that have some squared distances.

    Parameters
    ----------
    within : array of shape (stimulus, stimulus)
        Squared distances, see `within_folds`.
    otherwise : callable
        Gives the inner products `(stimulus, stimulus)` that the others are taken from, those of
        stimuli that share fewer than two folds: unbiased too, but baselines do not cancel.
    """
    gaps = np.isnan(within)
    if gaps.any():
        products = otherwise()
        own = np.diag(products)
        within = np.where(gaps, own[:, None] + own - 2 * products, within)
    return within / -2


def told_apart(counts: NDArray[np.integer]) -> tuple[Floats, Floats, int]:
    """Return how well least squares tell the baselines of folds, each response being one and more.

    Parameters
    ----------
    counts : array of shape (fold, stimulus)
        Presentations.

    Returns
    -------
    inverse : array of shape (fold, fold)
        Covariance of the baselines, their mean 0 in every part without a fold in common with
        others, where responses have a variance of 1.
    share : array of shape (fold, stimulus)
        Of a stimulus's presentations, which stood in a fold.
    rank : int
        Of the baselines beyond what stimuli explain: folds less parts.
    """
    weights = counts.astype(float)
    per_fold = weights.sum(axis=1)
    share = weights / np.maximum(weights.sum(axis=0), 1)
    roots, vectors = np.linalg.eigh(np.diag(per_fold) - share @ weights.T)
    told = roots > 1e-9 * per_fold.max(initial=0)
    vectors = vectors[:, told]
    return (vectors / roots[told]) @ vectors.T, share, int(told.sum())


def baselines_of(sums: Floats, counts: NDArray[np.integer]) -> Floats:
    """Return the baselines of folds by least squares: `(fold, unit)`, see `adjusted_means`."""
    inverse, share, _ = told_apart(counts)
    found: Floats = inverse @ (sums.sum(axis=1) - share @ sums.sum(axis=0))
    return found


def leverages(counts: NDArray[np.integer]) -> Floats:
    """Return how much of a presentation its stimulus and its fold explain: `(fold, stimulus)`."""
    inverse, share, _ = told_apart(counts)
    across = inverse @ share
    explained = np.diag(inverse)[:, None] - 2 * across + np.einsum("fs,fs->s", share, across)
    found: Floats = explained + 1 / np.maximum(counts.sum(axis=0), 1)
    return found


def adjusted_means(sums: Floats, counts: NDArray[np.integer]) -> Floats | None:
    """Return least-squares means of stimuli, each response being theirs and a fold's baseline.

    They are plain means where every fold shows all stimuli equally often. The baselines of all
    presentations have the mean 0, so that the mean over all presentations is kept.

    Parameters
    ----------
    sums : array of shape (fold, stimulus, unit)
        Sums over presentations.
    counts : array of shape (fold, stimulus)
        Presentations; each stimulus has one at least.

    Returns
    -------
    array of shape (stimulus, unit) or None
        None where stimuli and folds fall into parts without a fold in common: nothing then tells
        baselines from stimuli.
    """
    _, share, rank = told_apart(counts)
    if rank < len(counts) - 1:
        return None
    baselines = baselines_of(sums, counts)
    baselines -= np.average(baselines, axis=0, weights=counts.sum(axis=1))
    adjusted: Floats = sums.sum(axis=0) / counts.sum(axis=0)[:, None] - share.T @ baselines
    return adjusted
