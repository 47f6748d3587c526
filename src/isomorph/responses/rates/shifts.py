"""Shifts of spikes in time against a variable, which keep all that either has by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isomorph.responses.rates.visits import Visits
from isomorph.stretches import long_stretches

Array = npt.NDArray

LEAST = 20.0
"""Seconds by which spikes are shifted at least, where there is four times as much."""
APART = 60.0
"""Seconds that do not count after which what comes is shifted by itself."""
FINEST, COARSEST = 0.02, 0.1
"""Seconds that time is cut into for it."""


@dataclass(frozen=True)
class Ticks:
    """The time that counts, end to end and cut into ticks of equal length.

    Attributes
    ----------
    tick : float
        Seconds.
    bins : array of int of shape (tick,)
        The bin in each; `n_bins` for none.
    n_bins : int
    stretches : list of slice
        Ticks of each stretch that is shifted by itself.
    at, owner : arrays of int of shape (spike,)
        Tick and unit of each spike.
    n_units : int
    """

    tick: float
    bins: Array
    n_bins: int
    stretches: list[slice]
    at: Array
    owner: Array
    n_units: int

    @property
    def dwell(self) -> Array:
        """Seconds in each bin (bin,)."""
        return np.bincount(self.bins, minlength=self.n_bins + 1)[: self.n_bins] * self.tick

    def counts(self, bins: Array | None = None) -> Array:
        """Return the spikes in each bin (unit, bin), of other bins where they are given."""
        bins = self.bins if bins is None else bins
        cell = self.owner * (self.n_bins + 1) + bins[self.at]
        found = np.bincount(cell, minlength=self.n_units * (self.n_bins + 1))
        return found.reshape(self.n_units, self.n_bins + 1)[:, : self.n_bins]

    @property
    def can_be_shifted(self) -> bool:
        """Whether any stretch is long enough to be shifted."""
        return any((one.stop - one.start) * self.tick >= LEAST for one in self.stretches)

    def shifted(self, draws: int, rng: np.random.Generator) -> Iterator[Array]:
        """Yield the spikes in each bin (unit, bin) after shifts, all units by the same.

        Parameters
        ----------
        draws : int
            How many.
        rng : Generator
            Draws by how much: circularly, within each stretch, by at least `LEAST` seconds, or a
            quarter of a stretch that has less than four times as much.
        """
        bins = np.empty_like(self.bins)
        for _ in range(draws):
            for stretch in self.stretches:
                length = stretch.stop - stretch.start
                least = min(round(LEAST / self.tick), length // 4)
                by = int(rng.integers(least, length - least + 1))
                bins[stretch] = np.roll(self.bins[stretch], by)
            yield self.counts(bins)


def ticks_of(visits: Visits) -> Ticks:
    """Return the time that counts, end to end, and which tick of it each spike fell into.

    Stretches that more than `APART` seconds lie between are shifted by themselves, for between them
    both rates and what an animal does may change; one that is too short joins the one before.
    """
    spikes, track = visits.spikes, visits.spikes.track
    inside = np.flatnonzero(track.counts & (track.lasts > 0))
    lasts = track.lasts[inside]
    ends = np.cumsum(lasts)
    tick = float(np.clip(np.median(lasts), FINEST, COARSEST))
    n_ticks = max(int(ends[-1] / tick), 1)
    middle = (np.arange(n_ticks) + 0.5) * tick
    sample = np.minimum(np.searchsorted(ends, middle, side="right"), len(inside) - 1)
    bins = visits.bins[inside][sample]
    place = np.empty(len(track.times), dtype=np.int64)
    place[inside] = np.arange(len(inside))
    own = place[spikes.sample]
    since = spikes.times - track.starts[spikes.sample]
    at = ((ends[own] - lasts[own] + since) / tick).astype(np.int64)
    pauses = track.starts[inside[1:]] - track.stops[inside[:-1]]
    edges = ends[:-1][pauses > APART]
    return Ticks(
        tick,
        np.where(bins < 0, visits.n_bins, bins),
        visits.n_bins,
        long_stretches(
            np.rint(edges / tick).astype(np.int64).tolist(), n_ticks, round(4 * LEAST / tick)
        ),
        np.clip(at, 0, n_ticks - 1),
        spikes.owner.astype(np.int64),
        len(spikes.ids),
    )
