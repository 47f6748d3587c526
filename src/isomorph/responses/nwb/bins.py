"""Binned spike counts: every presentation, unit and time bin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError

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
    # Only the outer edges are searched for; a spike between them finds its bin by division, which
    # rounding can put one bin off, so the two edges it then lies between are compared exactly.
    # The work grows with the spikes in windows, not with presentations × bins.
    edges = np.asarray(edges, dtype=np.float64)
    if len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise IsomorphError(f"edges of time bins are {edges}, expected two or more that ascend")
    spike_times = np.asarray(spike_times, dtype=np.float64)
    n, n_units, n_bins = len(onsets), len(ends), len(edges) - 1
    # In the order of their onsets, neighbouring presentations touch neighbouring spikes.
    by_onset = np.argsort(onsets, kind="stable")
    exact = np.asarray(onsets, dtype=np.float64)[by_onset, None] + edges
    outer = np.concatenate([exact[:, 0], exact[:, -1]])
    order = np.argsort(outer, kind="stable")
    ascending, before = outer[order], np.empty(2 * n, dtype=np.int64)
    counts = np.zeros((n, n_units, n_bins), dtype=np.uint8)
    some = np.zeros((TOGETHER, n * n_bins), dtype=counts.dtype)
    begins = np.concatenate([[0], ends]).astype(np.int64)[:-1]
    for unit, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        train = spike_times[begin:end]
        before[order] = np.searchsorted(train, ascending, side="left")
        place, many = _bins(train, before[:n], before[n:] - before[:n], exact, edges)
        if (most := int(many.max(initial=0))) > np.iinfo(counts.dtype).max:
            counts = counts.astype(np.min_scalar_type(most))
            some = some.astype(counts.dtype)
        row = unit % TOGETHER
        some[row] = 0
        some[row, place] = many
        if row == TOGETHER - 1 or unit == n_units - 1:
            gathered = some[: row + 1].reshape(row + 1, n, n_bins)
            counts[by_onset, unit - row : unit + 1] = gathered.transpose(1, 0, 2)
    return counts


def _bins(
    train: Array, first: Array, sizes: Array, exact: Array, edges: Array
) -> tuple[Array, Array]:
    """Return which bins of one unit hold spikes, and how many.

    Parameters
    ----------
    train : array of shape (spike,)
        Spike times of the unit.
    first, sizes : arrays of shape (presentation,)
        The first spike within each presentation's bins, and how many there are.
    exact : array of shape (presentation, bin + 1)
        Edges on the clock of the spikes.
    edges : array of shape (bin + 1,)
        Edges relative to onset.

    Returns
    -------
    place : array of shape (filled,)
        Place among presentations × bins, ascending.
    many : array of shape (filled,)
        Spikes there.
    """
    n_bins = len(edges) - 1
    presentation = np.repeat(np.arange(len(sizes)), sizes)
    spike = np.arange(len(presentation))
    spike += np.repeat(first - (np.cumsum(sizes) - sizes), sizes)
    times = train.take(spike)
    since = times - np.repeat(exact[:, 0], sizes)
    place = presentation * n_bins + _guess(since, edges)
    corner = place + presentation  # the rows of `exact` are one longer
    flat = exact.ravel()
    place -= times < flat.take(corner)
    corner += 1
    place += times >= flat.take(corner)
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    return place.take(starts), np.diff(starts, append=len(place))


def _guess(since: Array, edges: Array) -> Array:
    """Return the bin of times after the first edge, but for rounding."""
    widths = np.diff(edges)
    if np.ptp(widths) <= 1e-9 * widths[0]:
        bins = (since * (len(widths) / (edges[-1] - edges[0]))).astype(np.int64)
    else:
        bins = np.searchsorted(edges - edges[0], since, side="right") - 1
    return np.clip(bins, 0, len(widths) - 1, out=bins)
