"""Which bin of a variable each spike of a recording fell into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.responses.rates.spikes import Spikes
from isomorph.stimuli.variable import bins_of, dwell, repetitions_of
from isomorph.study.variable import VariableStimuli

Array = npt.NDArray


@dataclass(frozen=True)
class Visits:
    """The spikes of one recording, and the bin that each fell into.

    Attributes
    ----------
    spikes : Spikes
    bins : array of int of shape (sample,)
        Row of the stimulus table for each sample of the track, -1 for none.
    repetition : array of int of shape (sample,)
    n_bins, n_repetitions : int
    """

    spikes: Spikes
    bins: Array
    repetition: Array
    n_bins: int
    n_repetitions: int

    @property
    def dwell(self) -> Array:
        """Seconds in each bin in each repetition (bin, repetition)."""
        lasts = self.spikes.track.lasts
        return dwell(self.bins, self.repetition, lasts, self.n_bins, self.n_repetitions)

    @property
    def counts(self) -> Array:
        """Spikes in each bin in each repetition (unit, repetition, bin)."""
        size = (len(self.spikes.ids), self.n_repetitions, self.n_bins)
        bins, repetition = self.bins[self.spikes.sample], self.repetition[self.spikes.sample]
        inside = bins >= 0
        owner = self.spikes.owner[inside].astype(np.int64)
        cell = (owner * size[1] + repetition[inside]) * size[2] + bins[inside]
        return np.bincount(cell, minlength=int(np.prod(size))).reshape(size)


def visits_of(spikes: Spikes, stimuli: VariableStimuli, table: pd.DataFrame) -> Visits:
    """Find the bin of each spike.

    Parameters
    ----------
    spikes : Spikes
    stimuli : VariableStimuli
        How time is dealt to repetitions.
    table : DataFrame
        The stimulus table, a row per bin.
    """
    track = spikes.track
    return Visits(
        spikes,
        bins_of(track, table),
        repetitions_of(track, stimuli.block, stimuli.repetitions),
        len(table),
        stimuli.repetitions,
    )
