"""Repetitions of bins: blocks of time, dealt in turn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.stimuli.variable.track import Track

Array = npt.NDArray


def repetitions_of(track: Track, block: float, repetitions: int) -> Array:
    """Return the repetition that each sample belongs to (sample,), counted from 0.

    Blocks lie on the clock of the recording, so that time that is missing or does not count shifts
    none of them.

    Parameters
    ----------
    track : Track
        One recording.
    block : float
        Length of the blocks, seconds.
    repetitions : int
        Blocks go in turn to so many.
    """
    return np.floor(track.times / block).astype(np.int64) % repetitions


def dwell(bins: Array, repetition: Array, lasts: Array, n_bins: int, repetitions: int) -> Array:
    """Return for how long each bin was visited in each repetition (bin, repetition), seconds.

    Parameters
    ----------
    bins : array of int of shape (sample,)
        -1 for none, see `isomorph.stimuli.variable.bins.bins_of`.
    repetition : array of int of shape (sample,)
    lasts : array of shape (sample,)
        Seconds that each sample stands for.
    n_bins, repetitions : int
        How many there are.
    """
    inside = bins >= 0
    cell = bins[inside] * repetitions + repetition[inside]
    found = np.bincount(cell, weights=lasts[inside], minlength=n_bins * repetitions)
    return found.reshape(n_bins, repetitions)
