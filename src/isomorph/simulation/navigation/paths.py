"""Headings, paths and states for simulated cells to follow: smooth, and at random."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Array = npt.NDArray[np.float64]

TURN = 1.5
"""Standard deviation of the angular velocity of a head, radians per second."""
TURN_LASTS = 0.5
"""Seconds after which the correlation of the angular velocity with itself has fallen to 1/e."""
SPEED = 0.16
"""Standard deviation of each component of a rat's velocity, m/s: the speed is .2 m/s on average."""
RUN_LASTS = 1.0
"""Seconds after which the correlation of the velocity with itself has fallen to 1/e."""
DWELL = 2.0
"""Seconds a state lasts on average."""


def random_heading(
    n_samples: int,
    step: float,
    rng: np.random.Generator,
    *,
    turn: float = TURN,
    lasts: float = TURN_LASTS,
) -> Array:
    """Turn a head at random, smoothly: its angular velocity is an Ornstein-Uhlenbeck process.

    Parameters
    ----------
    n_samples : int
    step : float
        Seconds between samples.
    rng : Generator
    turn : float
        Standard deviation of the angular velocity, radians per second.
    lasts : float
        Its correlation time, seconds.

    Returns
    -------
    array of shape (sample,)
        Radians in [0, 2 pi).

    Examples
    --------
    >>> import numpy as np
    >>> from isomorph.simulation.navigation import random_heading
    >>> heading = random_heading(60_000, 0.01, np.random.default_rng(0))
    >>> bool(heading.min() >= 0 and heading.max() < 2 * np.pi)
    True
    """
    start = rng.uniform(0, 2 * np.pi)
    velocity = turn * _correlated((n_samples, 1), step, lasts, rng)[:, 0]
    # The remainder of a tiny negative number rounds to the period itself.
    turned = (start + np.cumsum(velocity) * step) % (2 * np.pi)
    return np.where(turned < 2 * np.pi, turned, 0.0)


def random_path(
    n_samples: int,
    step: float,
    rng: np.random.Generator,
    *,
    side: float = 1.0,
    dimensions: int = 2,
    speed: float = SPEED,
    lasts: float = RUN_LASTS,
) -> tuple[Array, Array]:
    """Run at random, smoothly, between walls that reflect.

    The velocity is an Ornstein-Uhlenbeck process; a path without walls is folded into the arena,
    so that in the long run every place is visited alike.

    Parameters
    ----------
    n_samples : int
    step : float
        Seconds between samples.
    rng : Generator
    side : float
        Of the arena, m: a square where there are two dimensions, a track where there is one.
    dimensions : int
    speed : float
        Standard deviation of each component of the velocity, m/s.
    lasts : float
        Its correlation time, seconds.

    Returns
    -------
    position : array of shape (sample, dimension)
        m, each coordinate in [0, side].
    velocity : array of shape (sample, dimension)
        m/s, mirrored where the path is; in a plane its direction is the heading.
    """
    start = rng.uniform(0, side, size=dimensions)
    velocity = speed * _correlated((n_samples, dimensions), step, lasts, rng)
    unfolded = (start + np.cumsum(velocity, axis=0) * step) % (2 * side)
    mirrored = unfolded > side
    return (
        np.where(mirrored, 2 * side - unfolded, unfolded),
        np.where(mirrored, -velocity, velocity),
    )


def random_states(
    n_samples: int,
    step: float,
    rng: np.random.Generator,
    *,
    states: int = 6,
    dwell: float = DWELL,
) -> npt.NDArray[np.intp]:
    """Jump between a few states, to any other alike, after times without memory.

    Parameters
    ----------
    n_samples : int
    step : float
        Seconds between samples.
    rng : Generator
    states : int
        At least two.
    dwell : float
        Seconds a state lasts on average.

    Returns
    -------
    array of shape (sample,)
        Index of the state.
    """
    jumps = rng.random(n_samples) < -np.expm1(-step / dwell)
    by = np.where(jumps, rng.integers(1, states, size=n_samples), 0)
    return (rng.integers(states) + np.cumsum(by)) % states


def _correlated(
    shape: tuple[int, int], step: float, lasts: float, rng: np.random.Generator
) -> Array:
    """Return standard normal numbers whose correlation falls by 1/e along the first axis."""
    kept = np.exp(-step / lasts)
    noise = rng.standard_normal(shape)
    noise[1:] *= np.sqrt(1 - kept**2)
    return np.asarray(lfilter([1.0], [1.0, -kept], noise, axis=0))
