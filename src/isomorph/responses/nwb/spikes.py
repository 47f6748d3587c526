"""Spike times of a recording, a block of units at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import NwbContainer, column_names, part, ragged, stored
from isomorph.responses.nwb.counts import check_spikes

Array = npt.NDArray

BLOCK = 500_000
"""Spikes read at a time: 4 MB, which stay in the cache until they are counted. A unit with more is
read whole."""


@dataclass(frozen=True)
class Trains:
    """The spike times of the units of one file, left on disk.

    Attributes
    ----------
    times : h5py.Dataset of shape (spike,)
        Spike times of all units one after another, seconds.
    ends : array of shape (unit,)
        Where each unit's spikes end in `times`.
    """

    times: h5py.Dataset
    ends: Array

    @property
    def sizes(self) -> Array:
        """Number of spikes of each unit (unit,)."""
        return np.diff(self.ends, prepend=0)

    def blocks(self, keep: Array, ids: Array, where: str) -> Iterator[tuple[slice, Array, Array]]:
        """Yield the spikes of the units to keep, checked, only theirs read.

        Parameters
        ----------
        keep : array of bool of shape (unit,)
            Which units.
        ids : array of str of shape (unit,)
            Ids of all units, for messages.
        where : str
            The file, for messages.

        Yields
        ------
        units : slice
            Places among the units kept.
        spike_times : array of shape (spike,)
            Of these units one after another, seconds, float64.
        ends : array of shape (unit,)
            Where each one's end.

        Raises
        ------
        IsomorphError
            When a unit's times are NaN or not ascending.
        """
        wanted = np.flatnonzero(keep)
        sizes = self.sizes[wanted]
        # Units go into one block until it is full; each run of neighbours is one read.
        full = (np.cumsum(sizes) - sizes) // BLOCK
        for block in np.unique(full):
            first, stop = np.searchsorted(full, [block, block + 1])
            units = wanted[first:stop]
            runs = np.split(units, np.flatnonzero(np.diff(units) > 1) + 1)
            read = [
                part(self.times, slice(self._start(run[0]), self.ends[run[-1]]), where)
                for run in runs
            ]
            spikes = read[0] if len(read) == 1 else np.concatenate(read)
            spikes = spikes.astype(np.float64, copy=False)
            ends = np.cumsum(sizes[first:stop])
            check_spikes(spikes, ends, ids[units], where)
            yield slice(int(first), int(stop)), spikes, ends

    def between(self, keep: Array, where: str) -> tuple[float, float]:
        """Return the first and the last spike of the units to keep, no others read.

        Parameters
        ----------
        keep : array of bool of shape (unit,)
            Which units; each has spikes.
        where : str
            The file, for messages.
        """
        wanted = np.flatnonzero(keep).tolist()
        first = [float(part(self.times, self._start(unit), where)) for unit in wanted]
        last = [float(part(self.times, int(self.ends[unit]) - 1, where)) for unit in wanted]
        return min(first), max(last)

    def _start(self, unit: int) -> int:
        return int(self.ends[unit - 1]) if unit else 0


def read_trains(units: NwbContainer, where: str) -> Trains:
    """Return the spike trains of a units table.

    Raises
    ------
    IsomorphError
        When there are none, or the index does not fit them.
    """
    if "spike_times" not in column_names(units):
        raise IsomorphError(f"{where}: units have no spike_times, expected sorted units")
    times, ends = ragged(units, "spike_times", f"{where}: units")
    return Trains(stored(times.data), ends)
