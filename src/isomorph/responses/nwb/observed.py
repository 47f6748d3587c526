"""When a recording was recording: what was not observed is not silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb, NwbContainer, column, column_names, part, ragged, stored
from isomorph.responses.nwb.shown_stimuli import ShownInRecording

Array = npt.NDArray

INVALID = "intervals/invalid_times"
"""Where the NWB schema keeps intervals to be left out of all analysis."""
ROUNDING = 1e-6
"""Times that differ by less are one, seconds."""

Windows = Sequence[tuple[float, float]]


def without_invalid(nwb: Nwb, shown: ShownInRecording, windows: Windows) -> ShownInRecording:
    """Leave out, and count, presentations of which a window meets an invalid interval.

    Parameters
    ----------
    nwb : Nwb
        The open recording, or the file that holds its presentations.
    shown : ShownInRecording
        What was shown when.
    windows : sequence of (start, stop)
        Relative to onset, seconds.

    Raises
    ------
    IsomorphError
        When none is left.
    """
    if not nwb.has(INVALID):
        return shown
    place = f"{nwb.path}: invalid_times"
    table = nwb.container(INVALID)
    intervals = np.column_stack(
        [column(table, name, place) for name in ("start_time", "stop_time")]
    )
    met = meeting(intervals, shown.onset, windows)
    return shown_where(~met, shown, "presentations in invalid_times", place)


def meeting(intervals: Array, onset: Array, windows: Windows) -> Array:
    """Tell which presentations have a window that meets an interval.

    Parameters
    ----------
    intervals : array of shape (interval, 2)
        Start and stop, seconds.
    onset : array of shape (presentation,)
        Seconds.
    windows : sequence of (start, stop)
        Relative to onset, seconds.

    Returns
    -------
    array of bool of shape (presentation,)
    """
    starts, stops = merged(intervals)
    met = np.zeros(len(onset), dtype=bool)
    for start, stop in windows:
        ended = np.searchsorted(stops, onset + start + ROUNDING, side="right")
        begun = np.searchsorted(starts, onset + stop - ROUNDING, side="left")
        met |= begun > ended
    return met


def observed(units: NwbContainer, onset: Array, windows: Windows, where: str) -> Array | None:
    """Tell of which presentations each unit was observed in every window.

    Parameters
    ----------
    units : Units
        The units table.
    onset : array of shape (presentation,)
        Seconds.
    windows : sequence of (start, stop)
        Relative to onset, seconds.
    where : str
        File and table, for messages.

    Returns
    -------
    array of bool of shape (presentation, unit), or None
        None where the table has no `obs_intervals`, or no interval in any.

    Raises
    ------
    IsomorphError
        When intervals have no start and stop, or their index does not fit them.
    """
    found = observation_intervals(units, where)
    if found is None:
        return None
    sizes = [len(one) for one in found]
    return covered(np.concatenate(found), np.cumsum(sizes), onset, windows)


def observation_intervals(units: NwbContainer, where: str) -> list[Array] | None:
    """Return when each unit was observed.

    Parameters
    ----------
    units : Units
        The units table.
    where : str
        File and table, for messages.

    Returns
    -------
    list of arrays of shape (interval, 2), or None
        Start and stop, seconds, by unit; None where the table has no `obs_intervals`, or no
        interval in any.

    Raises
    ------
    IsomorphError
        When intervals have no start and stop, or their index does not fit them.
    """
    if "obs_intervals" not in column_names(units):
        return None
    values, ends = ragged(units, "obs_intervals", where)
    intervals = part(stored(values.data), (), f"{where}: obs_intervals").astype(np.float64)
    if not len(intervals):
        return None
    if intervals.ndim != 2 or intervals.shape[1] != 2:
        raise IsomorphError(
            f"{where}: obs_intervals are of shape {intervals.shape}, expected a start and a stop "
            "each"
        )
    return np.split(intervals, ends[:-1])


def covered(intervals: Array, ends: Array, onset: Array, windows: Windows) -> Array:
    """Tell of which presentations every window lies inside an interval of each unit.

    Parameters
    ----------
    intervals : array of shape (interval, 2)
        Start and stop of all units one after another, seconds.
    ends : array of shape (unit,)
        Where each unit's intervals end.
    onset : array of shape (presentation,)
        Seconds.
    windows : sequence of (start, stop)
        Relative to onset, seconds.

    Returns
    -------
    array of bool of shape (presentation, unit)
    """
    found = np.ones((len(onset), len(ends)), dtype=bool)
    for unit, own in enumerate(np.split(intervals, ends[:-1])):
        starts, stops = merged(own)
        if not len(starts):
            found[:, unit] = False
            continue
        for start, stop in windows:
            place = np.searchsorted(starts, onset + start + ROUNDING, side="right") - 1
            found[:, unit] &= (place >= 0) & (stops[place] >= onset + stop - ROUNDING)
    return found


def merged(intervals: Array) -> tuple[Array, Array]:
    """Return starts and stops of intervals (interval, 2), those that touch as one, ascending."""
    ordered = intervals[np.argsort(intervals[:, 0], kind="stable")]
    if not len(ordered):
        return ordered[:, 0], ordered[:, 1]
    latest = np.maximum.accumulate(ordered[:, 1])
    first = np.concatenate([[True], ordered[1:, 0] > latest[:-1] + ROUNDING])
    last = np.concatenate([first[1:], [True]])
    return ordered[first, 0], latest[last]


def shown_where(keep: Array, shown: ShownInRecording, reason: str, place: str) -> ShownInRecording:
    """Return some of the presentations, the others counted.

    Parameters
    ----------
    keep : array of bool of shape (presentation,)
        Which.
    shown : ShownInRecording
        All.
    reason : str
        Why the others are left out.
    place : str
        File and what in it says so, for the message.

    Raises
    ------
    IsomorphError
        When none is left.
    """
    if not keep.any():
        raise IsomorphError(
            f"{place}: leaves none of the {len(keep)} presentations, whose onsets lie between "
            f"{shown.onset.min():g} and {shown.onset.max():g} s; expected times in seconds on the "
            "clock of the onsets"
        )
    return replace(
        shown,
        stimulus=shown.stimulus[keep],
        onset=shown.onset[keep],
        dropped={**shown.dropped, reason: shown.dropped.get(reason, 0) + int((~keep).sum())},
    )
