"""Which of the time of a variable counts: what was observed, and what a recording covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb, column
from isomorph.responses.clocks import clock_hint
from isomorph.responses.nwb import units_table
from isomorph.responses.nwb.observed import INVALID, meeting, merged, observation_intervals
from isomorph.responses.nwb.recordings import Recording
from isomorph.responses.nwb.uncovered import outside
from isomorph.responses.nwb.units import refuse_none
from isomorph.stimuli.variable import Track

Array = npt.NDArray

UNOBSERVED = 0.01
"""Share of the time that counts in which a unit may be unobserved."""


def observed_time(
    recording: Recording, holder: Nwb, track: Track, keep: Array, dropped: Mapping[str, int]
) -> tuple[Track, Array, dict[str, int]]:
    """Leave out time in which nothing was observed, and units not observed in all other time.

    Parameters
    ----------
    recording, holder : Recording, Nwb
        Open; `invalid_times` of both count.
    track : Track
    keep : array of bool of shape (unit,)
        Units not left out for another reason.
    dropped : mapping of str to int

    Returns
    -------
    track, keep, dropped
        The same after both; seconds are counted as they are rounded.

    Raises
    ------
    IsomorphError
        When no time, or no unit, is left.
    """
    found = dict(dropped)
    for nwb in {one.path: one for one in (recording.nwb, holder)}.values():
        if nwb.has(INVALID):
            where = f"{nwb.path}: invalid_times"
            table = nwb.container(INVALID)
            ends = [column(table, name, where) for name in ("start_time", "stop_time")]
            met = meeting(np.column_stack(ends), track.times, ((0.0, 0.0),))
            track = without(track, met, "seconds in invalid_times", found, where)
    where = f"{recording.path}: units: obs_intervals"
    intervals = observation_intervals(units_table(recording), f"{recording.path}: units")
    if intervals is None:
        return track, keep, found
    own = [one for one, wanted in zip(intervals, keep, strict=True) if wanted]
    unobserved = ~_inside(np.concatenate(own), track.times)
    reason = "seconds outside the obs_intervals of all units"
    track = without(track, unobserved, reason, found, where)
    moments = moments_of(track)
    lacking = np.array([1 - float(np.mean(_inside(one, moments))) for one in intervals])
    whole = lacking <= UNOBSERVED
    found["units whose obs_intervals lack some of the time"] = int((keep & ~whole).sum())
    keep = keep & whole
    refuse_none(keep, found, str(recording.path))
    return track, keep, found


def without(track: Track, out: Array, reason: str, dropped: dict[str, int], where: str) -> Track:
    """Return a track of which some samples do not count, the seconds they stand for counted.

    Raises
    ------
    IsomorphError
        When no time is left.
    """
    gone = track.counts & out
    counts = track.counts & ~out
    if gone.any() and not counts.any():
        raise IsomorphError(
            f"{where}: leaves nothing of the variable: {extent(track)}; both must be in seconds on "
            "one clock"
        )
    seconds = round(float(track.lasts[gone].sum()))
    if seconds:
        dropped[reason] = dropped.get(reason, 0) + seconds
    return replace(track, counts=counts)


def refuse_uncovered(track: Track, out: Array, between: tuple[float, float], most: float) -> None:
    """Refuse a recording that covers too little of the time of a variable.

    Parameters
    ----------
    track : Track
    out : array of bool of shape (sample,)
        Samples beyond the recording.
    between : tuple (first, last)
        Spike of all units.
    most : float
        Largest share of the time that may lie there.

    Raises
    ------
    IsomorphError
        Saying where both lie.
    """
    whole = float(track.lasts[track.counts].sum())
    share = float(track.lasts[track.counts & out].sum()) / whole
    if share > most:
        raise IsomorphError(
            f"{track.where}: spikes cover {whole * (1 - share):.4g} of the {whole:.4g} s of the "
            f"variable: they lie between {between[0]:g} and {between[1]:g} s, and {extent(track)}; "
            f"{clock_hint(between, moments_of(track))}, or set responses.uncovered where the "
            "recording did end early"
        )


def uncovered_at_a_glance(track: Track, between: tuple[float, float]) -> Array:
    """Tell which samples lie before the first or after the last spike (sample,)."""
    before, after = outside(track.times, ((0.0, 0.0),), between)
    return np.asarray((before | after) & track.counts)


def moments_of(track: Track, most: int = 20_000) -> Array:
    """Return times that count, evenly chosen where there are more than `most` (moment,)."""
    times = track.times[track.counts]
    return times[:: max(len(times) // most, 1)]


def extent(track: Track) -> str:
    """Say between which times the variable counts."""
    times = track.times[track.counts]
    return f"its time lies between {times[0]:g} and {times[-1]:g} s"


def _inside(intervals: Array, moments: Array) -> Array:
    """Tell which moments lie in an interval (moment,)."""
    starts, stops = merged(intervals)
    if not len(starts):
        return np.zeros(len(moments), dtype=bool)
    place = np.searchsorted(starts, moments, side="right") - 1
    return (place >= 0) & (moments <= stops[place])
