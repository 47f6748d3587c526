"""Shifts of spikes in time against a variable, which keep all that either has by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isomorph.responses.rates.visits import Visits

Array = npt.NDArray

LEAST = 20.0
"""Seconds by which spikes are shifted at least, where there is four times as much."""
APART = 60.0
"""Seconds that do not count after which what comes is shifted by itself."""
FINEST, COARSEST = 0.02, 0.1
"""Seconds that time is cut into for it."""


@dataclass(frozen=True)
class Strung:
    """The time that counts, strung together and cut into ticks of equal length.

    Attributes
    ----------
    tick : float
        Seconds.
    bins : array of int of shape (tick,)
        The bin in each; `n_bins` for none.
    n_bins : int
    parts : array of int of shape (part, 2)
        First tick and end of each part that is shifted by itself.
    at, owner : arrays of int of shape (spike,)
        Tick and unit of each spike.
    n_units : int
    """

    tick: float
    bins: Array
    n_bins: int
    parts: Array
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
        """Whether any part is long enough to be shifted."""
        return bool(((self.parts[:, 1] - self.parts[:, 0]) * self.tick >= LEAST).any())

    def shifted(self, draws: int, rng: np.random.Generator) -> Iterator[Array]:
        """Yield the spikes in each bin (unit, bin) after shifts, all units by the same.

        Parameters
        ----------
        draws : int
            How many.
        rng : Generator
            Draws by how much: circularly, within each part, by at least `LEAST` seconds, or a
            quarter of a part that has less than four times as much.
        """
        bins = np.empty_like(self.bins)
        for _ in range(draws):
            for first, stop in self.parts:
                length = int(stop - first)
                least = min(round(LEAST / self.tick), length // 4)
                by = int(rng.integers(least, length - least + 1))
                bins[first:stop] = np.roll(self.bins[first:stop], by)
            yield self.counts(bins)


def strung(visits: Visits) -> Strung:
    """String the time that counts together.

    Parts that more than `APART` seconds lie between are shifted by themselves, for between them
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
    return Strung(
        tick,
        np.where(bins < 0, visits.n_bins, bins),
        visits.n_bins,
        _parts(np.rint(edges / tick).astype(np.int64), n_ticks, round(4 * LEAST / tick)),
        np.clip(at, 0, n_ticks - 1),
        spikes.owner.astype(np.int64),
        len(spikes.ids),
    )


def _parts(edges: Array, n_ticks: int, shortest: int) -> Array:
    """Return first tick and end of parts (part, 2), none shorter than asked unless it is alone."""
    kept = [0]
    for edge in edges.tolist():
        if edge - kept[-1] >= shortest and n_ticks - edge >= shortest:
            kept.append(edge)
    return np.column_stack([kept, [*kept[1:], n_ticks]])
