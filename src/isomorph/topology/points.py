"""Points: the activity of a population at each moment, in few dimensions.

As in Gardner et al. 2022 (https://doi.org/10.1038/s41586-021-04268-7), rates are square-rooted,
which makes the variance of counts nearly the same for every rate (as Chaudhuri et al. 2019,
https://doi.org/10.1038/s41593-019-0460-x, do too), each unit is put to zero mean and unit variance
over time, so that all count alike, and the first principal components are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

VARIES = 1e-9
"""Standard deviation of a unit, over its mean size, below which it is constant."""


@dataclass(frozen=True)
class Kept:
    """What of a recording has values that can be used.

    Attributes
    ----------
    values : array of shape (point, unit)
        Finite, no unit constant; square-rooted if that was asked for.
    points, units : arrays of int
        Their places in what was given.
    units_constant, units_unknown, points_unknown : int
        Left out: units that never vary, units with some value NaN, points with no value at all.
    """

    values: Floats
    points: Whole
    units: Whole
    units_constant: int
    units_unknown: int
    points_unknown: int


def kept(rates: Floats, root: bool = False) -> Kept:
    """Return the points and units that have values, and say how many have not.

    Parameters
    ----------
    rates : array of shape (point, unit)
    root : bool
        Whether values are rates, of which the square root is taken.

    Raises
    ------
    IsomorphError
        When rates are negative or infinite.
    """
    values = np.asarray(rates, dtype=float)
    if values.ndim != 2:
        raise IsomorphError(f"rates are an array of shape (point, unit), not {values.shape}")
    if np.isinf(values).any():
        raise IsomorphError("rates hold infinite values, expected finite ones or NaN")
    known = ~np.isnan(values)
    points = np.flatnonzero(known.any(axis=1))
    whole = known[points].all(axis=0)
    values = values[np.ix_(points, whole)]
    if root:
        if values.size and values.min() < 0:
            raise IsomorphError(
                f"a rate of {values.min():.3g} is negative, and has no square root; expected "
                "rates in spikes/s"
            )
        values = np.sqrt(values)
    spread = values.std(axis=0) if len(points) else np.zeros(values.shape[1])
    size = np.abs(values).mean(axis=0) if len(points) else spread
    varies = spread > VARIES * size
    return Kept(
        values=values[:, varies],
        points=points,
        units=np.flatnonzero(whole)[varies],
        units_constant=int((~varies).sum()),
        units_unknown=int((~whole).sum()),
        points_unknown=int(len(rates) - len(points)),
    )


def standardised(values: Floats) -> Floats:
    """Return values of each unit at zero mean and unit variance: `(point, unit)`."""
    centred = values - values.mean(axis=0)
    return centred / np.sqrt((centred**2).mean(axis=0))


def principal(values: Floats, components: int) -> tuple[Floats, float]:
    """Return scores on the first principal components, and the share of variance they hold.

    They come from the matrix of products of units, or of points where these are fewer.

    Parameters
    ----------
    values : array of shape (point, unit)
        Centred.
    components : int

    Returns
    -------
    scores : array of shape (point, component)
        Of which only distances and angles mean something: each sign is free.
    share : float
    """
    n, units = values.shape
    if units <= n:
        spectrum, vectors = np.linalg.eigh(values.T @ values)
        scores = values @ vectors[:, ::-1][:, :components]
    else:
        spectrum, vectors = np.linalg.eigh(values @ values.T)
        spectrum = np.maximum(spectrum, 0)
        scores = (vectors * np.sqrt(spectrum))[:, ::-1][:, :components]
    total = float(spectrum.sum())
    return scores, float(spectrum[::-1][:components].sum() / total)


def away(scores: Floats) -> Whole:
    """Return which points are not at the mean, where they have no direction."""
    size = np.linalg.norm(scores, axis=1)
    return np.flatnonzero(size > VARIES * size.max(initial=0))
