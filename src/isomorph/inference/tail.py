r"""p-values smaller than permutations can count, from the shape of the tail of the permutations.

Knijnenburg et al. (2009, https://doi.org/10.1093/bioinformatics/btp211): what exceeds a high
threshold follows a generalised Pareto distribution, with scale :math:`\sigma` and shape
:math:`\xi`, so a p is the share of permutations above the threshold times the fitted chance to lie
as far above it as what was observed. Where 10 permutations or more are as large, they are counted.
The largest 250 are taken, and 10 fewer until an Anderson-Darling test no longer rejects the fit.

Two things differ, because the recipe to the letter gives p far too small: for normal values, 1000
permutations and a true p of 1e-5, half of its p are below 1e-14, as a shape slightly too low puts
the end of the distribution before what was observed. So the p is not that of the best shape but
the mean over all shapes, each weighted by its likelihood, in the grid of Zhang and Stephens (2009,
https://doi.org/10.1198/tech.2009.08017), which also makes the fit a sum and not a search. And a
tenth of the permutations is the most that counts as tail, a hundredth of the least that can be
counted the smallest p that is reported.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isomorph.measures import Floats
from isomorph.measures.pairs import blocks

COUNTED = 10
"""As many permutations as large as what was observed are counted, not fitted."""

MOST, STEP, FEWEST = 250, 10, 50
"""Permutations that are taken for the tail: at most, fewer at a time, at least."""

SHARE = 10
"""A tail is no more than one in so many permutations."""

LEAST_DRAWS = SHARE * FEWEST
"""Permutations that have a tail."""

REACH = 100
"""By how much a p may be smaller than one permutation in all."""

BLOCK = 2**22
"""Numbers held at once while tails are fitted (32 MiB)."""

SHAPES = np.array([-0.5, -0.25, 0.0, 0.25, 0.5])
REJECTED = np.array([1.08, 1.01, 0.93, 0.86, 0.81])
"""Anderson-Darling statistics that 5 % of true tails exceed, by their shape: simulated for this
fit, 50 to 250 values deep (within .06 of each other)."""

NEARLY = 1e-9
"""A ratio of shape and scale that stands for 0, the exponential distribution."""

NO_TAIL = (
    f"counted: fewer than {LEAST_DRAWS} permutations have no tail that a distribution is fitted to"
)
NO_FIT = "counted: no generalised Pareto distribution fits the tail of the permutations"
FITTED = "from a generalised Pareto distribution fitted to the tail of the permutations"
AT_MOST = "at most this: smaller than a tail fitted to so few permutations can tell"


def tail_p(observed: Floats, null: Floats, counted: Floats) -> tuple[Floats, NDArray[np.str_]]:
    """Return one-sided p-values, from the tail where too few permutations are as large to count.

    Parameters
    ----------
    observed : array of shape (candidate,)
    null : array of shape (draw, candidate)
    counted : array of shape (candidate,)
        p-values by counting.

    Returns
    -------
    p : array of shape (candidate,)
    note : array of shape (candidate,)
        Where p comes from; empty where it is counted, as it should be.
    """
    p, note = counted.copy(), np.full(len(counted), "", dtype=object)
    rare = counted * (1 + len(null)) - 1 < COUNTED - 0.5
    if len(null) < LEAST_DRAWS:
        note[rare] = NO_TAIL
        return p, note.astype(str)
    note[rare] = NO_FIT
    rare &= np.isfinite(null).all(axis=0)
    deepest = min(MOST, len(null) // SHARE)
    grid = 20 + int(np.sqrt(deepest))
    for part in blocks(int(rare.sum()), BLOCK // (deepest * grid)):
        left = np.flatnonzero(rare)[part]
        # The largest in rising order, and below them the one that is not part of the tail.
        largest = np.sort(np.partition(null[:, left], -deepest - 1, axis=0)[-deepest - 1 :], axis=0)
        for size in range(deepest, FEWEST - 1, -STEP):
            threshold = (largest[-size - 1] + largest[-size]) / 2
            beyond, fits = _beyond(largest[-size:] - threshold, observed[left] - threshold)
            found, least = beyond * size / len(null), 1 / (REACH * len(null))
            p[left[fits]] = np.maximum(found, least)[fits]
            note[left[fits]] = np.where(found > least, FITTED, AT_MOST)[fits]
            left, largest = left[~fits], largest[:, ~fits]
            if not len(left):
                break
    return p, note.astype(str)


def _beyond(excess: Floats, observed: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the chance to lie as far above the threshold, and whether the fit is good enough.

    Parameters
    ----------
    excess : array of shape (value, candidate)
        In rising order.
    observed : array of shape (candidate,)
    """
    n = len(excess)
    quartile, top = excess[int(n / 4 + 0.5) - 1], excess[-1]
    sound = quartile > 0  # ties at the threshold have no shape
    excess = np.where(sound, excess, np.arange(1, n + 1)[:, None])
    quartile, top = np.where(sound, quartile, 1.0), np.where(sound, top, n)
    steps = 20 + int(np.sqrt(n))
    grid = 1 - np.sqrt(steps / (np.arange(1, steps + 1) - 0.5))
    # Of shape and scale only the ratio is free: for each ratio the best shape is a mean.
    ratio = -1 / top - grid[:, None] / (3 * quartile)
    ratio = np.where(np.abs(ratio * top) < NEARLY, NEARLY / top, ratio)
    shape = np.log1p(ratio[:, None] * excess).mean(axis=1)
    likelihood = n * (np.log(ratio / shape) - shape - 1)
    weight = np.exp(likelihood - likelihood.max(axis=0))
    weight /= weight.sum(axis=0)
    beyond = (weight * _survival(observed, ratio, shape)).sum(axis=0)
    best = (weight * ratio).sum(axis=0)
    best_shape = np.log1p(best * excess).mean(axis=0)
    above = np.clip(_survival(excess, best, best_shape), 1e-12, 1 - 1e-12)
    order = (2 * np.arange(1, n + 1) - 1)[:, None]
    misfit = -n - (order * (np.log1p(-above) + np.log(above[::-1]))).mean(axis=0)
    return beyond, sound & (misfit <= np.interp(best_shape, SHAPES, REJECTED))


def _survival(value: Floats, ratio: Floats, shape: Floats) -> Floats:
    """Return the chance of a larger value; `ratio` is shape over scale."""
    survival: Floats = np.exp(-np.log1p(np.maximum(ratio * value, -1 + 1e-15)) / shape)
    return survival
