"""Cells that follow a heading, a position, a line or a state, and paths for them to follow.

Never real data. Variables have shape (sample,) or (sample, dimension) in steps of equal length;
rates have shape (sample, unit), spikes per second.
"""

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
PEAK, PEAK_SPREAD = 20.0, 0.4
"""Median over units of the highest rate, spikes per second, and the standard deviation of its
logarithm."""
BASELINE = 0.5
"""Rate far from what a unit prefers, spikes per second."""
CONCENTRATION = 4.0
"""Of the von Mises tuning of a head-direction cell: half its height is 69 degrees wide."""
FIELDS = 3.0
"""Concentration of grid fields: their standard deviation is .11 of the spacing."""
WIDTH = 0.2
"""Standard deviation of tuning on a line, as a share of its length."""
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


def peak_rates(
    n_units: int, rng: np.random.Generator, *, median: float = PEAK, spread: float = PEAK_SPREAD
) -> Array:
    """Draw the highest rate of each unit, log-normal.

    Parameters
    ----------
    n_units : int
    rng : Generator
    median : float
        Spikes per second.
    spread : float
        Standard deviation of the logarithm.

    Returns
    -------
    array of shape (unit,)
        Spikes per second.
    """
    return median * np.exp(spread * rng.standard_normal(n_units))


def heading_cells(
    heading: Array,
    preferred: Array,
    *,
    peak: Array | float = PEAK,
    baseline: float = BASELINE,
    concentration: float = CONCENTRATION,
) -> Array:
    """Return the rates of head-direction cells, with von Mises tuning.

    Parameters
    ----------
    heading : array of shape (sample,)
        Radians.
    preferred : array of shape (unit,)
        Direction at which each unit fires most, radians.
    peak : array of shape (unit,) or float
        Rate there, spikes per second.
    baseline : float
        Rate far from there.
    concentration : float
        Of the tuning; the greater, the narrower.

    Returns
    -------
    array of shape (sample, unit)
        Spikes per second.
    """
    match = np.cos(heading[:, None] - preferred[None, :]) - 1
    return baseline + (peak - baseline) * np.exp(concentration * match)


def hexagonal_waves(spacing: float, orientation: float = 0.0) -> Array:
    """Return the three plane waves whose sum has its peaks on a hexagonal lattice.

    Parameters
    ----------
    spacing : float
        Between neighbouring peaks, m.
    orientation : float
        Of a line of peaks against the first axis, radians.

    Returns
    -------
    array of shape (3, 2)
        Wave vectors, radians per m, 60 degrees apart; the third is the second less the first.
    """
    angles = orientation + np.pi / 6 + np.array([0.0, np.pi / 3, 2 * np.pi / 3])
    length = 4 * np.pi / (np.sqrt(3) * spacing)
    return length * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def grid_phases(
    n_units: int, spacing: float, rng: np.random.Generator, *, orientation: float = 0.0
) -> Array:
    """Draw the phases of a grid module, uniform on the rhombus between four peaks.

    Parameters
    ----------
    n_units : int
    spacing : float
        Between neighbouring peaks, m.
    rng : Generator
    orientation : float
        Of a line of peaks against the first axis, radians.

    Returns
    -------
    array of shape (unit, 2)
        Where each unit has a peak, m.
    """
    angles = orientation + np.array([0.0, np.pi / 3])
    edges = spacing * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return rng.random((n_units, 2)) @ edges


def grid_cells(
    position: Array,
    phases: Array,
    spacing: float,
    *,
    orientation: float = 0.0,
    peak: Array | float = PEAK,
    concentration: float = FIELDS,
) -> Array:
    """Return the rates of a module of grid cells: one spacing and orientation, a phase each.

    Parameters
    ----------
    position : array of shape (sample, 2)
        m.
    phases : array of shape (unit, 2)
        Where each unit has a peak, m.
    spacing : float
        Between neighbouring peaks, m.
    orientation : float
        Of a line of peaks against the first axis, radians.
    peak : array of shape (unit,) or float
        Rate at the peaks, spikes per second.
    concentration : float
        Of the fields; the greater, the narrower.

    Returns
    -------
    array of shape (sample, unit)
        Spikes per second.
    """
    waves = hexagonal_waves(spacing, orientation)
    here, there = position @ waves.T, phases @ waves.T
    match = np.zeros((len(position), len(phases)))
    for wave in range(len(waves)):
        match += np.cos(here[:, None, wave] - there[None, :, wave]) - 1
    return peak * np.exp(concentration / len(waves) * match)


def line_preferences(n_units: int, length: float, width: float, rng: np.random.Generator) -> Array:
    """Draw what the cells of a line prefer, also beyond its ends.

    Were there none beyond, the population would be as silent at one end as at the other, which
    bends a line into something that nearly closes.

    Parameters
    ----------
    n_units : int
    length : float
        Of the line, which begins at 0.
    width : float
        Standard deviation of the tuning.
    rng : Generator

    Returns
    -------
    array of shape (unit,)
        Within two widths of the line.
    """
    return rng.uniform(-2 * width, length + 2 * width, size=n_units)


def line_cells(
    value: Array,
    preferred: Array,
    *,
    width: float,
    peak: Array | float = PEAK,
    baseline: float = BASELINE,
) -> Array:
    """Return the rates of cells with Gaussian tuning to a variable between two ends.

    Parameters
    ----------
    value : array of shape (sample,)
    preferred : array of shape (unit,)
        Value at which each unit fires most.
    width : float
        Standard deviation of the tuning, in the unit of the variable; `WIDTH` of its range, say.
    peak : array of shape (unit,) or float
        Rate there, spikes per second.
    baseline : float
        Rate far from there.

    Returns
    -------
    array of shape (sample, unit)
        Spikes per second.
    """
    away = (value[:, None] - preferred[None, :]) / width
    return baseline + (peak - baseline) * np.exp(-(away**2) / 2)


def state_cells(
    state: npt.NDArray[np.intp],
    n_units: int,
    rng: np.random.Generator,
    *,
    median: float = 5.0,
    spread: float = 1.0,
) -> Array:
    """Return the rates of cells that fire at a rate of their own in each of a few states.

    Parameters
    ----------
    state : array of shape (sample,)
        Index of the state.
    n_units : int
    rng : Generator
    median : float
        Of the rates over units and states, spikes per second.
    spread : float
        Standard deviation of their logarithm.

    Returns
    -------
    array of shape (sample, unit)
        Spikes per second.
    """
    rates = median * np.exp(spread * rng.standard_normal((int(state.max()) + 1, n_units)))
    return rates[state]


def shifted(rates: Array, rng: np.random.Generator, *, least: int = 0) -> Array:
    """Shift each unit in time against the others, the end joined to the beginning.

    Every unit keeps its own tuning and its own course; what they tell together is lost.

    Parameters
    ----------
    rates : array of shape (sample, unit)
    rng : Generator
    least : int
        Samples by which each is shifted at least, either way.

    Returns
    -------
    array of shape (sample, unit)
    """
    n_samples, n_units = rates.shape
    by = rng.integers(least, n_samples - least, size=n_units, endpoint=True)
    return np.stack([np.roll(rates[:, unit], by[unit]) for unit in range(n_units)], axis=1)


def poisson_spikes(
    rates: Array, step: float, rng: np.random.Generator, *, start: float = 0.0
) -> tuple[Array, npt.NDArray[np.intp]]:
    """Draw Poisson spike trains whose rates are constant within a step.

    Parameters
    ----------
    rates : array of shape (sample, unit)
        Spikes per second, from each sample until the next.
    step : float
        Seconds between samples.
    rng : Generator
    start : float
        Time of the first sample, seconds.

    Returns
    -------
    spike_times : array of shape (spike,)
        Spikes of all units one after another, ascending within a unit, seconds.
    ends : array of shape (unit,)
        Where each unit's spikes end, as the index of the units table of NWB.

    Examples
    --------
    >>> import numpy as np
    >>> from isomorph.simulation.navigation import heading_cells, poisson_spikes, random_heading
    >>> rng = np.random.default_rng(0)
    >>> heading = random_heading(60_000, 0.01, rng)
    >>> rates = heading_cells(heading, rng.uniform(0, 2 * np.pi, 60))
    >>> times, ends = poisson_spikes(rates, 0.01, rng)
    >>> trains = np.split(times, ends[:-1])
    >>> len(trains), round(len(times) / 600 / 60)
    (60, 4)
    """
    counts = rng.poisson(np.asarray(rates).T * step)
    unit, sample = np.nonzero(counts)
    fired = counts[unit, sample]
    unit, sample = np.repeat(unit, fired), np.repeat(sample, fired)
    times = start + step * (sample + rng.random(len(sample)))
    order = np.lexsort((times, unit))
    return times[order], np.cumsum(counts.sum(axis=1))


def _correlated(
    shape: tuple[int, int], step: float, lasts: float, rng: np.random.Generator
) -> Array:
    """Return standard normal numbers whose correlation falls by 1/e along the first axis."""
    kept = np.exp(-step / lasts)
    noise = rng.standard_normal(shape)
    noise[1:] *= np.sqrt(1 - kept**2)
    return np.asarray(lfilter([1.0], [1.0, -kept], noise, axis=0))
