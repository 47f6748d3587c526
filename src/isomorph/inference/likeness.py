"""How far neighbours on an axis are answered alike: the lag at which stimuli no longer are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import xarray as xr

from isomorph.inference.groups import Labels
from isomorph.inference.places import Places
from isomorph.measures import Floats
from isomorph.rdms.collection import distances_of

LEFT = 0.1
"""Share of the likeness of the nearest that is left where stimuli count as unlike: that of an
exponential decay after 2.3 time constants."""

ALIKE = 0.05
"""Likeness of the nearest below which no stimulus is like another."""

LEAST = 2
"""Steps that a block is at least, or blocks would be single stimuli."""

PAIRS = 2**22
"""Numbers of units looked at together."""

Unlikeness = Callable[[Labels, Labels], float]
"""The mean distance over pairs of stimuli, given by both."""


def lag_of(places: Places, axis: int, apart: Unlikeness, everywhere: float) -> int:
    """Return after how many steps stimuli of one axis are no longer alike.

    Likeness at a lag is one less the mean distance there over that of all pairs. Without any among
    the nearest it is one step; where it never ends, all there are.

    Parameters
    ----------
    places : Places
    axis : int
    apart : callable
        The mean distance over pairs of stimuli.
    everywhere : float
        The mean distance over all pairs.
    """
    most = int(places.sizes[:, axis].max())
    if not np.isfinite(everywhere) or everywhere <= 0:
        return 1
    nearest: float | None = None
    for lag in range(1, most):
        pairs = places.neighbours(axis, lag)
        if not len(pairs[0]):
            continue
        likeness = 1 - apart(*pairs) / everywhere
        if nearest is None:
            nearest = likeness
            if not nearest > ALIKE:
                return 1
        elif likeness <= LEFT * nearest:
            return lag
    return most


def lags_of_rdm(rdm: Floats, places: Places) -> list[int]:
    """Return the lag of every axis that an RDM has.

    Parameters
    ----------
    rdm : array of shape (pair,)
        Over the stimuli of `places`.
    places : Places
    """
    n = len(places.values)

    def apart(first: Labels, second: Labels) -> float:
        low, high = np.minimum(first, second), np.maximum(first, second)
        return float(rdm[low * (2 * n - low - 1) // 2 + high - low - 1].mean())

    everywhere = float(rdm.mean())
    return [lag_of(places, at, apart, everywhere) for at in range(len(places.axes))]


def lags_of_rdms(brain: xr.Dataset, places: Places) -> list[int]:
    """Return the lag of every axis that RDMs of regions have, the longest of any region.

    Parameters
    ----------
    brain : Dataset
        RDMs of regions, over the stimuli of `places`.
    places : Places
    """
    every = [lags_of_rdm(rdm, places) for rdm in _means(brain)]
    return np.max([[1] * len(places.axes), *every], axis=0).tolist()


def lags_of_responses(regions: Mapping[str, Mapping[str, Floats]], places: Places) -> list[int]:
    """Return the same of responses `(stimulus, unit[, time])`, by region and subject."""
    found = [1] * len(places.axes)
    for own in regions.values():
        values = np.concatenate([one.reshape(len(one), -1) for one in own.values()], axis=1)
        values = values[:, np.isfinite(values).all(axis=0)]
        if not values.shape[1]:
            continue
        n = len(values)
        everywhere = 2 * float(values.var(axis=0).sum()) * n / (n - 1)

        def apart(first: Labels, second: Labels, one: Floats = values) -> float:
            step = max(1, PAIRS // one.shape[1])
            parts = range(0, len(first), step)
            sums = (
                np.square(one[first[at : at + step]] - one[second[at : at + step]]).sum()
                for at in parts
            )
            return float(sum(sums)) / len(first)

        found = [max(one, lag_of(places, at, apart, everywhere)) for at, one in enumerate(found)]
    return found


def _means(brain: xr.Dataset) -> Iterator[Floats]:
    """Yield the mean RDM of every region under every distance, `(pair,)`, time bins averaged."""
    regions = brain["region"].values
    for name in distances_of(brain):
        data = brain[name].transpose("representation", ..., "pair").values
        for region in dict.fromkeys(regions.tolist()):
            own = data[regions == region].reshape(-1, data.shape[-1])
            known = own[np.isfinite(own).all(axis=1)]
            if len(known):
                yield known.mean(axis=0)
