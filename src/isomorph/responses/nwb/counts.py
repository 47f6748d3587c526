"""Spike counts: every presentation and unit from the flat spike vector of a recording."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError

Array = npt.NDArray

TOGETHER = 16
"""Units gathered before they are laid out: a column of one unit is a cache line per number."""
SEARCHED = 16
"""Spikes per edge from which each edge is searched for; of fewer, all are walked along."""


class Edges:
    """Times up to which the spikes of many units are counted, put in order once for all.

    Parameters
    ----------
    times : array of shape (edge,)
        Seconds, in any order.
    """

    # Between neighbouring edges lie few spikes, so that edges and spikes are better merged than
    # each edge searched for among all spikes. A spline of degree 0 is a step function, exact, and
    # it is evaluated by walking from knot to knot: with the spikes as its knots, and their numbers
    # as its values, it merges in compiled code, in .6 of the time of searching.
    #
    # A single search over all units would need a key that orders (unit, time): adding an offset per
    # unit rounds the times and moves spikes across edges, and the exact keys (complex numbers, or
    # the rank of each spike among the edges) take several times as long.

    def __init__(self, times: Array) -> None:
        self.order = np.argsort(times, kind="stable")
        self.ascending = np.asarray(times, dtype=np.float64)[self.order]
        # A spike on an edge is not before it: steps are looked up just below.
        self.below = np.nextafter(self.ascending, -np.inf)
        self.finite = bool(np.isfinite(self.below).all())
        self.numbers = np.empty(0)

    def before(self, train: Array) -> Array:
        """Return how many spikes of a unit come before each edge.

        Parameters
        ----------
        train : array of shape (spike,)
            Spike times, ascending, float64.

        Returns
        -------
        array of shape (edge,)
            In the order in which the edges were given.
        """
        found = np.empty(len(self.order), dtype=np.intp)
        found[self.order] = self._ascending(train)
        return found

    def _ascending(self, train: Array) -> Array:
        size = len(train)
        if size < 2 or size > SEARCHED * len(self.order) or not self.finite:
            return np.searchsorted(train, self.ascending, side="left")
        if size > len(self.numbers):
            self.numbers = np.arange(1.0, size + 1)
        from scipy.interpolate import BSpline  # which brings all of scipy.optimize

        steps = BSpline.construct_fast(train, self.numbers[: size - 1], 0)
        found = steps(self.below).astype(np.intp)
        first, last = np.searchsorted(self.below, [train[0], train[-1]])
        found[:first] = 0
        found[last:] = size
        return found


def window_counts(
    spike_times: Array, ends: Array, onsets: Array, windows: Sequence[tuple[float, float]]
) -> Array:
    """Count the spikes of every unit in several windows after every onset, in one pass.

    A spike at time `t` counts for an onset `o` when ``o + start <= t < o + stop``, compared in
    double precision as written. Windows may overlap and onsets may come in any order.

    Parameters
    ----------
    spike_times : array of shape (spike,)
        Spike times of all units one after another, seconds, ascending within a unit.
    ends : array of shape (unit,)
        Where each unit's spikes end in `spike_times`: NWB's `spike_times_index`.
    onsets : array of shape (presentation,)
        Onset of each presentation, seconds.
    windows : sequence of (start, stop)
        Windows after onset, seconds, half-open.

    Returns
    -------
    array of shape (window, presentation, unit)
        Spike counts, int32.
    """
    spike_times = np.asarray(spike_times, dtype=np.float64)
    starts, stops = np.transpose(windows)[..., None] + np.asarray(onsets)
    edges = Edges(np.concatenate([starts.ravel(), stops.ravel()]))
    counts = np.empty((starts.size, len(ends)), dtype=np.int32)
    some = np.empty((TOGETHER, starts.size), dtype=np.int32)
    begins = np.concatenate([[0], ends]).astype(np.int64)[:-1]
    for unit, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        lower, upper = edges.before(spike_times[begin:end]).reshape(2, -1)
        row = unit % TOGETHER
        some[row] = upper - lower
        if row == TOGETHER - 1 or unit == len(ends) - 1:
            counts[:, unit - row : unit + 1] = some[: row + 1].T
    return counts.reshape(*starts.shape, len(ends))


def check_spikes(spike_times: Array, ends: Array, units: Array, where: str) -> None:
    """Refuse spike times that cannot be counted.

    Parameters
    ----------
    spike_times : array of shape (spike,)
        Spike times of all units one after another, seconds.
    ends : array of shape (unit,)
        Where each unit's spikes end.
    units : array of str of shape (unit,)
        Unit ids, for the message.
    where : str
        The file, for the message.

    Raises
    ------
    IsomorphError
        When the index does not fit the vector, or a unit's times are NaN or not ascending.
    """
    if len(ends) and (ends[-1] != len(spike_times) or np.any(np.diff(ends) < 0)):
        raise IsomorphError(
            f"{where}: spike_times_index ends at {ends[-1]}, expected an ascending index that "
            f"ends at {len(spike_times)}, the number of spike_times"
        )
    rises = spike_times[:-1] <= spike_times[1:]  # false beside NaN too
    inner = ends[(ends > 0) & (ends < len(spike_times))]
    rises[inner - 1] = True  # from one unit to the next, time may well fall
    outer = np.concatenate([spike_times[:1], spike_times[inner - 1], spike_times[inner]])
    if rises.all() and np.isfinite(outer).all() and np.isfinite(spike_times[-1:]).all():
        return
    not_finite = ~np.isfinite(spike_times)
    if not_finite.any():
        raise IsomorphError(
            f"{where}: unit {_owner(int(np.argmax(not_finite)), ends, units)} has spike_times that "
            f"are not finite ({int(not_finite.sum())} in the file), expected seconds"
        )
    falls = ~rises
    raise IsomorphError(
        f"{where}: the spike_times of unit {_owner(int(np.argmax(falls)), ends, units)} are "
        f"not in ascending order, which NWB requires; {_disorder(spike_times, ends, falls)}"
    )


def _disorder(spike_times: Array, ends: Array, falls: Array) -> str:
    """Say what times out of order may be: those of trials end to end, or of no order at all."""
    spike = int(np.argmax(falls))
    unit = int(np.searchsorted(ends, spike, side="right"))
    begin, end = int(ends[unit - 1]) if unit else 0, int(ends[unit])
    own = spike_times[begin:end]
    back = -np.diff(own)[falls[begin : end - 1]]
    times = f"{len(back)} time{'s' if len(back) > 1 else ''}"
    # A trial is long beside what lies between two spikes, and all trials lie over one another.
    if 3 * len(back) < len(own) and np.median(back) > np.ptp(own) / 4:
        return (
            f"they fall back {times} by {np.median(back):.3g} s, as times do that begin again with "
            "each trial; add the start of its trial to each, and do not sort them"
        )
    return f"they fall back {times}; sort them, if all are seconds on the one clock of the session"


def _owner(spike: int, ends: Array, units: Array) -> str:
    """Return the unit that fired a spike."""
    return str(units[np.searchsorted(ends, spike, side="right")])
