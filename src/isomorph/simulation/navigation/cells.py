"""Rates of cells that follow a heading, a place, a line or a state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

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


def rhombus(spacing: float, orientation: float = 0.0) -> Array:
    """Return two edges of the rhombus between four peaks of a hexagonal lattice.

    Parameters
    ----------
    spacing : float
        Between neighbouring peaks, m.
    orientation : float
        Of a line of peaks against the first axis, radians.

    Returns
    -------
    array of shape (edge, 2)
        m.
    """
    angles = orientation + np.array([0.0, np.pi / 3])
    return spacing * np.stack([np.cos(angles), np.sin(angles)], axis=1)


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
    return rng.random((n_units, 2)) @ rhombus(spacing, orientation)


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
