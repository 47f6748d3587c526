"""Binned spike counts: every presentation, unit and time bin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.responses.nwb.counts import Edges

Array = npt.NDArray

TOGETHER = 16
"""Units gathered before they are laid out: a row of one unit is shorter than a memory page."""


def binned_counts(spike_times: Array, ends: Array, onsets: Array, edges: Array) -> Array:
    """Count the spikes of every unit in bins after every onset.

    A spike at time `t` counts for an onset `o` and bin `b` when
    ``o + edges[b] <= t < o + edges[b + 1]``, compared in double precision as written. Bins of
    different presentations may overlap and onsets may come in any order.

    Parameters
    ----------
    spike_times : array of shape (spike,)
        Spike times of all units one after another, seconds, ascending within a unit.
    ends : array of shape (unit,)
        Where each unit's spikes end in `spike_times`.
    onsets : array of shape (presentation,)
        Onset of each presentation, seconds.
    edges : array of shape (bin + 1,)
        Edges of the bins relative to onset, seconds, ascending.

    Returns
    -------
    array of shape (presentation, unit, bin)
        Spike counts, of the smallest unsigned type that holds them all.

    Raises
    ------
    IsomorphError
        When the edges do not ascend.
    """
    # Only the outer edges are looked up; a spike between them finds its bin by division, which
    # rounding can put one bin off, so those that come out near an edge are compared with it. The
    # work grows with the spikes in windows, not with presentations × bins.
    edges = np.asarray(edges, dtype=np.float64)
    if len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise IsomorphError(f"edges of time bins are {edges}, expected two or more that ascend")
    spike_times = np.asarray(spike_times, dtype=np.float64)
    n, n_units, n_bins = len(onsets), len(ends), len(edges) - 1
    # In the order of their onsets, neighbouring presentations touch neighbouring spikes.
    by_onset = np.argsort(onsets, kind="stable")
    exact = np.asarray(onsets, dtype=np.float64)[by_onset, None] + edges
    bins = Bins(exact, edges)
    outer = Edges(np.concatenate([exact[:, 0], exact[:, -1]]))
    rows = slice(None) if (np.diff(by_onset) == 1).all() else by_onset
    counts = np.empty((n, n_units, n_bins), dtype=np.uint8)
    some = np.empty((TOGETHER, n * n_bins), dtype=counts.dtype)
    begins = np.concatenate([[0], ends]).astype(np.int64)[:-1]
    for unit, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        train = spike_times[begin:end]
        first, stop = outer.before(train).reshape(2, n)
        place = bins.places(train, first, stop - first)
        if (most := _most(place, np.iinfo(counts.dtype).max)) > np.iinfo(counts.dtype).max:
            counts = counts.astype(np.min_scalar_type(most))
            some = some.astype(counts.dtype)
        row = unit % TOGETHER
        some[row] = 0
        np.add.at(some[row], place, counts.dtype.type(1))
        if row == TOGETHER - 1 or unit == n_units - 1:
            gathered = some[: row + 1].reshape(row + 1, n, n_bins)
            counts[rows, unit - row : unit + 1] = gathered.transpose(1, 0, 2)
    return counts


class Bins:
    """Bins after every onset, in which the spikes of many units find theirs.

    Parameters
    ----------
    exact : array of shape (presentation, bin + 1)
        Edges on the clock of the spikes.
    edges : array of shape (bin + 1,)
        Edges relative to onset, seconds.
    """

    def __init__(self, exact: Array, edges: Array) -> None:
        self.n_bins = len(edges) - 1
        self.exact = exact.ravel()
        self.start = np.ascontiguousarray(exact[:, 0])
        self.presentations = np.arange(len(exact))
        self.since_first = edges - edges[0]
        widths = np.diff(edges)
        self.even = bool(np.ptp(widths) <= 1e-9 * widths[0])
        self.per_second = self.n_bins / self.since_first[-1]
        # How far from the bin it stands in, in bins, rounding and uneven widths can put a time.
        rounding = 8 * np.finfo(np.float64).eps * np.abs(exact).max(initial=0.0)
        self.doubt = rounding * self.per_second + 2e-9 * self.n_bins

    def places(self, train: Array, first: Array, sizes: Array) -> Array:
        """Return the bin of every spike of one unit that is in some, among presentations × bins.

        Parameters
        ----------
        train : array of shape (spike,)
            Spike times of the unit.
        first, sizes : arrays of shape (presentation,)
            The first spike within each presentation's bins, and how many there are.

        Returns
        -------
        array of shape (spike in a bin,)
            Ascending.
        """
        presentation = np.repeat(self.presentations, sizes)
        spike = (first - (np.cumsum(sizes) - sizes)).take(presentation)
        spike += np.arange(len(spike))
        times = train.take(spike)
        since = times - self.start.take(presentation)
        if self.even:
            since *= self.per_second
            found = since.astype(np.intp)
            since -= found
            since -= 0.5
            doubtful = np.flatnonzero(np.abs(since, out=since) >= 0.5 - self.doubt)
        else:
            found = np.searchsorted(self.since_first, since, side="right") - 1
            doubtful = np.arange(len(found))
        if len(doubtful):
            found[doubtful] = self._compared(
                times[doubtful], presentation[doubtful], found[doubtful]
            )
        presentation *= self.n_bins
        presentation += found
        return presentation

    def _compared(self, times: Array, presentation: Array, bins: Array) -> Array:
        """Return the bins of times, which may be one off, by comparison with their edges."""
        bins = np.clip(bins, 0, self.n_bins - 1)
        corner = presentation * (self.n_bins + 1) + bins  # a row of `exact` is one longer
        below = times < self.exact.take(corner)
        above = times >= self.exact.take(corner + 1)
        return bins - below + above


def _most(place: Array, limit: int) -> int:
    """Return how often the most frequent of ascending places occurs, 0 where at most `limit`."""
    if len(place) <= limit or not (place[limit:] == place[:-limit]).any():
        return 0
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    return int(np.diff(starts, append=len(place)).max())
