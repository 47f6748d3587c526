"""Tails of Pearson type III distributions, for p-values from three moments."""

from __future__ import annotations

import numpy as np
from scipy.special import gammainc, gammaincc, ndtr

from isomorph.measures import Floats

LITTLE = 0.02
"""A skewness below which the tail is found from the normal one."""

SERIES = 0.05
"""A share of the mode below which distance from it is found by a series."""

LEAST_SKEWNESS = -0.5
"""Negative skewness beyond which a distribution ends too soon to stand for chance."""

FAR = 1e-3
"""A p below which a distribution that ends is not believed."""


def pearson_tail(z: Floats, skewness: Floats) -> Floats:
    """Return the upper tail of Pearson type III distributions with mean 0 and variance 1.

    One of negative skewness ends, and chance does not: no skewness is taken to be below
    `LEAST_SKEWNESS`, and no tail from `FAR` on to be thinner than the normal one.

    Parameters
    ----------
    z, skewness : arrays of one shape
    """
    z, skewness = np.broadcast_arrays(np.asarray(z, float), np.asarray(skewness, float))
    skewness = np.maximum(skewness, LEAST_SKEWNESS)
    tail = np.empty(z.shape)
    little = np.abs(skewness) < LITTLE
    tail[little] = _nearly_normal(z[little], skewness[little])
    scale = skewness[~little]
    shape = 4 / scale**2
    value = np.maximum(shape + 2 * z[~little] / scale, 0.0)
    tail[~little] = np.where(scale > 0, gammaincc(shape, value), gammainc(shape, value))
    thin = (skewness < 0) & (tail < FAR)
    found: Floats = np.where(thin, np.maximum(tail, np.minimum(FAR, ndtr(-z))), tail)
    return found


def _nearly_normal(z: Floats, skewness: Floats) -> Floats:
    """Return the tail for a skewness near 0, where the incomplete gamma function loses digits.

    It is the normal tail at a point that has moved, and a correction (Temme 1979,
    https://doi.org/10.1137/0510071).
    """
    turn = np.where(skewness < 0, -1.0, 1.0)
    beyond = np.maximum(z * skewness / 2, -1 + 1e-15)  # how far from the mode, as a share of it
    near = np.abs(beyond) < SERIES
    few = np.where(near, beyond, 0.0)
    bend = np.polynomial.polynomial.polyval(few, [(-1) ** k * 2 / (k + 2) for k in range(16)])
    away = np.where(near, 1.0, beyond)
    bend = np.where(near, bend, 2 * (away - np.log1p(away)) / away**2)
    moved = beyond * np.sqrt(bend)
    root = np.where(skewness == 0, 1.0, 2 / np.where(skewness == 0, 1.0, np.abs(skewness)))
    at = np.where(skewness == 0, z, turn * moved * root)
    small = np.polynomial.polynomial.polyval(
        np.where(near, moved, 0.0), [-1 / 3, 1 / 12, -2 / 135, 1 / 864, 1 / 2835, -139 / 777600]
    )
    first = np.where(near, small, 1 / away - 1 / np.where(near, 1.0, moved))
    second = -1 / 540 - moved / 288
    density = np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    return ndtr(-at) + turn * density * (first + second / root**2) / root * (skewness != 0)
