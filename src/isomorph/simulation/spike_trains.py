"""Spikes around a tuning: schedule, firing rates, spike times. Never real data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray

SHOWN = 0.3
"""Duration of a stimulus, seconds."""
GAP = (0.2, 0.4)
"""Bounds of the jittered time between stimuli, seconds."""
LATENCY = 0.05
"""From onset to the rise of the firing rate, seconds; the rate is driven for `DRIVEN`."""
DRIVEN = 0.25
BREAKS = 2
"""Trials per subject in which fixation broke: they name no stimulus and drive no unit."""
SPONTANEOUS = 0.25
"""Firing rate outside the driven time, as a share of the unit's mean driven rate."""
BASELINE_SPREAD = 0.5
"""Standard deviation of the log mean rate across units."""


@dataclass(frozen=True)
class Schedule:
    """What was shown when.

    Attributes
    ----------
    stimulus : array of shape (trial,)
        Index of the stimulus, -1 where fixation broke.
    start, onset, stop : arrays of shape (trial,)
        Seconds.
    end : float
        End of the recording, seconds.
    """

    stimulus: Array
    start: Array
    onset: Array
    stop: Array
    end: float


def draw_schedule(n_stimuli: int, repetitions: int, rng: np.random.Generator) -> Schedule:
    """Show every stimulus once per block, in an order of its own, at jittered times.

    Parameters
    ----------
    n_stimuli, repetitions : int
        Each stimulus is shown once in each of as many blocks.
    rng : Generator
        The randomness.
    """
    blocks = np.tile(np.arange(n_stimuli), (repetitions, 1))
    stimulus = rng.permuted(blocks, axis=1).ravel()
    stimulus = np.insert(stimulus, rng.integers(0, stimulus.size + 1, BREAKS), -1)
    gaps = rng.uniform(*GAP, size=stimulus.size)
    onset = 1.0 + np.cumsum(gaps) + SHOWN * np.arange(stimulus.size)
    start = onset - rng.uniform(0.05, 0.15, size=stimulus.size)
    stop = onset + SHOWN
    return Schedule(stimulus, start, onset, stop, float(stop[-1]) + 1.0)


def driven_rates(
    tuning: Array,
    stimulus: Array,
    *,
    mean_rate: float,
    maximum_rate: float,
    depth: float,
    gain_variability: float,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Return the firing rate of each unit of one region in each trial.

    Parameters
    ----------
    tuning : array of shape (stimulus, unit)
        Tuning curves of variance 1.
    stimulus : array of shape (trial,)
        Stimulus of each trial, -1 for none.
    mean_rate : float
        Mean rate over units and stimuli before saturation, spikes per second.
    maximum_rate : float
        Rate no unit exceeds: a drive `r` fires at `r / (1 + r / maximum_rate)`, spikes per second.
    depth : float
        Standard deviation of the log rate over stimuli.
    gain_variability : float
        Standard deviation of the log gain that a region's units share in a trial.
    rng : Generator
        The randomness.

    Returns
    -------
    driven : array of shape (trial, unit)
        Rate while driven, spikes per second; the spontaneous rate where there is no stimulus.
    spontaneous : array of shape (unit,)
        Rate outside, spikes per second.
    """
    # Half the variance is taken off each log rate, so that the mean of the log-normal is 1.
    baseline = np.exp(
        BASELINE_SPREAD * rng.standard_normal(tuning.shape[1]) - BASELINE_SPREAD**2 / 2
    )
    gain = np.exp(gain_variability * rng.standard_normal(stimulus.size) - gain_variability**2 / 2)
    mean = mean_rate * baseline
    driven = mean * np.exp(depth * tuning[stimulus] - depth**2 / 2) * gain[:, None]
    driven /= 1 + driven / maximum_rate
    spontaneous = SPONTANEOUS * mean
    driven[stimulus < 0] = spontaneous
    return driven, spontaneous


def draw_spikes(
    driven: Array, spontaneous: Array, schedule: Schedule, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw Poisson spike trains with a driven and a spontaneous rate.

    Parameters
    ----------
    driven : array of shape (trial, unit)
        Rate from `LATENCY` after each onset, for `DRIVEN` seconds; spikes per second.
    spontaneous : array of shape (unit,)
        Rate at all other times.
    schedule : Schedule
        When the stimuli came on.
    rng : Generator
        The randomness.

    Returns
    -------
    spike_times : array of shape (spike,)
        Spikes of all units one after another, ascending within a unit, seconds.
    ends : array of shape (unit,)
        Where each unit's spikes end.
    """
    rise = schedule.onset + LATENCY
    fall = rise + DRIVEN
    starts = np.concatenate([rise, [0.0], fall])
    durations = np.concatenate([fall, rise, [schedule.end]]) - starts
    between = np.broadcast_to(spontaneous, (len(rise) + 1, len(spontaneous)))
    counts = rng.poisson(np.concatenate([driven, between]) * durations[:, None])
    interval, unit = np.indices(counts.shape)
    interval, unit = (np.repeat(which.ravel(), counts.ravel()) for which in (interval, unit))
    times = starts[interval] + durations[interval] * rng.random(interval.size)
    order = np.lexsort((times, unit))
    return times[order], np.cumsum(counts.sum(axis=0))
