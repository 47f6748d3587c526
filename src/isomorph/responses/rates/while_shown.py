"""Time in which spikes are looked at where stimuli were shown: the whole recording, or films."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.responses.nwb.recordings import Open
from isomorph.stimuli.variable import Track
from isomorph.study.axes import StimulusAxis

Array = npt.NDArray

STEP = 0.02
"""Seconds between samples, at most."""
LONGEST = 2.0
"""Usual intervals between onsets beyond which there is a pause, before which a stimulus stays for
one."""


def track_while_shown(
    recording: Open,
    axes: Sequence[StimulusAxis],
    table: pd.DataFrame,
    between: tuple[float, float],
    step: float,
) -> Track:
    """Return what was shown as a track of the axes that stimuli lie on.

    Parameters
    ----------
    recording : Open
        What was shown when.
    axes : sequence of StimulusAxis
        Of a film its time; none of pictures, of which the whole recording counts.
    table : DataFrame
        The stimulus table.
    between : tuple (first, last)
        Spike of the recording.
    step : float
        Seconds between samples, `STEP` at most.
    """
    step = min(step, STEP)
    times = np.arange(between[0], between[1] + step, step)
    shown, names = recording.shown, tuple(axis.column for axis in axes)
    values, counts = np.zeros((len(times), 0)), np.ones(len(times), dtype=bool)
    if axes and len(shown.onset):
        order = np.argsort(shown.onset, kind="stable")
        onset = shown.onset[order]
        usual = float(np.median(np.diff(onset))) if len(onset) > 1 else np.inf
        following = np.append(onset[1:], np.inf)
        pause = following - onset > LONGEST * usual
        until = np.where(pause, onset + usual, following)
        at = np.searchsorted(onset, times, side="right") - 1
        counts = (at >= 0) & (times < until[at])
        rows = table.set_index("stimulus").loc[shown.stimulus[order], list(names)]
        held = rows.to_numpy(np.float64)[at]
        values = np.where(counts[:, None], held, np.nan)
    lasts = np.full(len(times), step)
    units = ("",) * len(names)
    return Track(names, times, values, times - step / 2, lasts, counts, units, str(recording.path))
