"""Spikes of cells whose rates are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


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
