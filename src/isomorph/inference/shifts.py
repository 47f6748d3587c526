"""Orders of stimuli that follow one another: shifted against themselves, or blocks exchanged."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from isomorph.inference.groups import Labels
from isomorph.inference.places import Places
from isomorph.measures import Counts, Floats
from isomorph.measures.pairs import pair_indices, pair_sums, stimulus_count

FEWEST_SHIFTS = 20
"""Orders, the one that stimuli have among them, below which no p is at .05."""

MISSING = 0.1
"""Share of the places of an axis that may be empty for stimuli to be shifted along it."""


def not_shifted(places: Places) -> str:
    """Return why stimuli cannot be shifted along their axes; empty where they can."""
    names = " and ".join(axis.column for axis in places.axes)
    n_places = sum(prod(places.sizes[own[0]].tolist()) for own in _courses(places))
    n_stimuli = len(places.values)
    missing = n_places - n_stimuli
    allowed = 0 if len(places.axes) > 1 else MISSING * n_places
    if missing > allowed:
        return (
            f"{missing} of {n_places} places along {names} have no stimulus, so that a shift would "
            "set stimuli against others that are not as far away"
        )
    if (n_orders := n_shifts(places)) < FEWEST_SHIFTS:
        return f"{n_orders} shifts along {names} are too few, at least {FEWEST_SHIFTS} are needed"
    return ""


def n_shifts(places: Places) -> int:
    """Return how many different orders shifts give, the one that stimuli have among them."""
    return prod(len(own) for own in _courses(places))


def shifts(places: Places, n: int, rng: np.random.Generator) -> Counts:
    """Return orders of the stimuli in which every course is shifted along its axes.

    What leaves at one end comes in at the other. All there are, but for the one that stimuli have,
    where these are no more than asked for; else so many random ones, of which that may be one.

    Parameters
    ----------
    places : Places
        Such that `not_shifted` says nothing.
    n : int
    rng : Generator

    Returns
    -------
    array of shape (order, stimulus)
    """
    courses = _courses(places)
    by = [
        tuple(places.sizes[own[0]].tolist()) if len(places.axes) > 1 else (len(own),)
        for own in courses
    ]
    sizes = [size for shape in by for size in shape]
    if prod(sizes) - 1 <= n:
        steps = np.array(list(product(*map(range, sizes))))[1:].reshape(-1, len(sizes))
        chosen = steps[rng.permutation(len(steps))]
    else:
        chosen = rng.integers(0, sizes, (n, len(sizes)))
    orders = np.tile(np.arange(len(places.values)), (len(chosen), 1))
    for row, own_steps in zip(orders, chosen.tolist(), strict=True):
        taken = 0
        for own, shape in zip(courses, by, strict=True):
            some = tuple(-step for step in own_steps[taken : taken + len(shape)])
            taken += len(shape)
            moved = np.roll(own.reshape(shape), some, tuple(range(len(shape))))
            row[own] = moved.ravel()
    return orders


def blocks_exchanged(places: Places, groups: Labels, n: int, rng: np.random.Generator) -> Counts:
    """Return orders in which blocks of one axis, of whatever length, follow in another order.

    Parameters
    ----------
    places : Places
        On one axis.
    groups : array of shape (stimulus,)
        The blocks, from 0.
    n : int
    rng : Generator
    """
    members = [places.order[groups[places.order] == one] for one in range(int(groups.max()) + 1)]
    orders = np.empty((n, len(groups)), dtype=np.intp)
    for row in orders:
        turn = rng.permutation(len(members))
        row[places.order] = np.concatenate([members[one] for one in turn])
    return orders


def lags(places: Places) -> NDArray[np.intp]:
    """Return which pairs of stimuli are as far apart: a number for each, `(pair,)`.

    Pairs of two courses have one number.
    """
    first, second = pair_indices(len(places.values))
    found = np.zeros(len(first), dtype=np.intp)
    for number, axis in enumerate(places.axes):
        away = np.abs(places.at[first, number] - places.at[second, number])
        if axis.period is not None:
            around = places.sizes[first, number]
            away = np.minimum(away, around - away)
        found = found * (int(away.max(initial=0)) + 1) + away
    found += 1
    found[places.course[first] != places.course[second]] = 0
    return np.unique(found, return_inverse=True)[1]


def by_lag(values: Floats, lag: NDArray[np.intp]) -> Floats:
    """Return means over the pairs that are as far apart, in the place of each: `(..., pair)`.

    Parameters
    ----------
    values : array of shape (..., pair)
    lag : array of shape (pair,)
    """
    counts = np.bincount(lag)
    flat = values.reshape(-1, values.shape[-1])
    found = np.empty(flat.shape)
    for row, own in zip(found, flat, strict=True):
        row[:] = (np.bincount(lag, own) / counts)[lag]
    return found.reshape(values.shape)


def less_lag(values: Floats, lag: NDArray[np.intp]) -> Floats:
    """Return values less the means over the pairs that are as far apart, see `by_lag`."""
    means = by_lag(values, lag)
    return np.subtract(values, means, out=means)


def less_course(values: Floats, lag: NDArray[np.intp]) -> Floats:
    """Return values less what distance along the axes and single stimuli add up to, fitted as one.

    Kernels that are centred hold what distances say less a number of each stimulus. Of a slow drift
    this is the product of two times, which is no function of how far they are apart, though the
    squared distance is; means over pairs that are as far apart would leave it in.

    Parameters
    ----------
    values : array of shape (..., pair)
    lag : array of shape (pair,)
    """
    n_stimuli = stimulus_count(len(lag))
    first, second = pair_indices(n_stimuli)
    counts = np.bincount(lag)
    # How often stimuli are in pairs that are as far apart: (stimulus, lag).
    often = np.zeros((n_stimuli, len(counts)))
    np.add.at(often, (first, lag), 1.0)
    np.add.at(often, (second, lag), 1.0)
    numbers = _added(often.T).T
    solved = np.linalg.pinv(np.diag(counts.astype(float)) - often.T @ numbers, hermitian=True)
    flat = values.reshape(-1, values.shape[-1])
    found = np.empty(flat.shape)
    for row, own in zip(found, flat, strict=True):
        sums = pair_sums(own[None])[0]
        by_distance = solved @ (np.bincount(lag, own) - numbers.T @ sums)
        of_each = _added(sums - often @ by_distance)
        row[:] = own - by_distance[lag] - of_each[first] - of_each[second]
    return found.reshape(values.shape)


def _added(sums: Floats) -> Floats:
    """Return numbers of stimuli whose sums of two fit pairs best, of sums `(..., stimulus)`."""
    n_stimuli = sums.shape[-1]
    total = sums.sum(axis=-1, keepdims=True)
    numbers: Floats = (sums - total / (2 * n_stimuli - 2)) / (n_stimuli - 2)
    return numbers


def _courses(places: Places) -> list[Labels]:
    """Return the stimuli of every course along its axes."""
    own = places.course[places.order]
    return [places.order[own == one] for one in range(int(own.max()) + 1)]
