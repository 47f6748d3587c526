"""Baselines: what a run adds to all its responses, kept out of distances where stimuli are missing.

Where every run shows every stimulus, baselines are in all stimuli alike and in no distance. Where
some stimuli are missing from some runs, means and products rest on unlike runs, and what sets these
apart would pass for what sets the stimuli apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from isomorph.rdms.geometry import Floats

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
    seen : (fold, stimulus)
        Which stimuli a fold shows.

    Returns
    -------
    (stimulus, stimulus)
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
    within : (stimulus, stimulus)
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


def adjusted_means(sums: Floats, counts: NDArray[np.integer]) -> Floats | None:
    """Return least-squares means of stimuli, each response being theirs and a fold's baseline.

    They are plain means where every fold shows all stimuli equally often. The baselines of all
    showings have the mean 0, so that the mean over all showings is kept.

    Parameters
    ----------
    sums : (fold, stimulus, unit)
        Sums over showings.
    counts : (fold, stimulus)
        Showings; each stimulus has one at least.

    Returns
    -------
    (stimulus, unit) or None
        None where stimuli and folds fall into parts without a fold in common: nothing then tells
        baselines from stimuli.
    """
    weights = counts.astype(float)
    per_stimulus, per_fold = weights.sum(axis=0), weights.sum(axis=1)
    means = sums.sum(axis=0) / per_stimulus[:, None]
    share = weights / per_stimulus
    left = np.diag(per_fold) - share @ weights.T
    roots, vectors = np.linalg.eigh(left)
    told = roots > 1e-9 * per_fold.max()
    if told.sum() < len(left) - 1:
        return None
    beyond = sums.sum(axis=1) - weights @ means
    baselines = (vectors[:, told] / roots[told]) @ (vectors[:, told].T @ beyond)
    baselines -= per_fold @ baselines / per_fold.sum()
    adjusted: Floats = means - share.T @ baselines
    return adjusted
