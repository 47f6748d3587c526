"""The spikes of a recording while a variable counts, and whether both are on one clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb, column
from isomorph.responses.clocks import clock_hint, refuse_other_unit, refuse_single
from isomorph.responses.nwb import units_of, units_table
from isomorph.responses.nwb.observed import INVALID, meeting, merged, observation_intervals
from isomorph.responses.nwb.recordings import Recording
from isomorph.responses.nwb.spikes import Trains
from isomorph.responses.nwb.uncovered import beyond_chance, outside
from isomorph.responses.nwb.units import refuse_none
from isomorph.stimuli.variable import Track
from isomorph.study.rates import RateResponses
from isomorph.study.responses import NwbResponses

Array = npt.NDArray

PIECE = 1.0
"""Seconds of the pieces in which it is seen whether a recording covers the time of a variable."""
FINEST = 0.1
"""Seconds that spike times are known to, at least a twentieth of it."""
UNOBSERVED = 0.01
"""Share of the time that counts in which a unit may be unobserved."""


@dataclass(frozen=True)
class Spikes:
    """The spikes of one recording while a variable counts.

    Attributes
    ----------
    track : Track
        The variable; `counts` says which samples count.
    sample : array of int of shape (spike,)
        The sample of the track that each fell into.
    times : array of shape (spike,)
        Seconds, ascending within a unit.
    owner : array of int of shape (spike,)
        Which of the units fired it.
    ids, regions : arrays of str of shape (unit,)
    dropped : mapping of str to int
        What was left out, by reason.
    """

    track: Track
    sample: Array
    times: Array
    owner: Array
    ids: Array
    regions: Array
    dropped: Mapping[str, int]


def spikes_of(
    recording: Recording, holder: Nwb, track: Track, settings: RateResponses | NwbResponses
) -> Spikes:
    """Read the spikes of one recording, once.

    Parameters
    ----------
    recording : Recording
        Open.
    holder : Nwb
        The file that the variable stands in.
    track : Track
        The variable in it.
    settings : RateResponses or NwbResponses
        Which units count.

    Raises
    ------
    IsomorphError
        When no time and no unit is left, or spikes and variable are on different clocks.
    """
    trains, ids, regions, keep, dropped = units_of(recording, settings)
    track, keep, dropped = observed_time(recording, holder, track, keep, dropped)
    times, owner, pooled = _read(trains, ids, keep, track, str(recording.path))
    between = float(pooled.first), float(pooled.last)
    refuse_clocks(trains, keep, track, between)
    track, dropped = _covered(pooled, track, between, settings.uncovered, dropped)
    sample = track.at(times)
    inside = (sample >= 0) & track.counts[sample]
    if not inside.any():
        raise IsomorphError(
            f"{recording.path}: every unit is silent while the variable counts: spikes lie between "
            f"{between[0]:g} and {between[1]:g} s, and {_said(track)}; "
            f"{clock_hint(between, _moments(track))}"
        )
    return Spikes(
        track, sample[inside], times[inside], owner[inside], ids[keep], regions[keep], dropped
    )


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
    moments = _moments(track)
    lacking = np.array([1 - float(np.mean(_inside(one, moments))) for one in intervals])
    whole = lacking <= UNOBSERVED
    found["units whose obs_intervals lack some of the time"] = int((keep & ~whole).sum())
    keep = keep & whole
    refuse_none(keep, found, str(recording.path))
    return track, keep, found


def _inside(intervals: Array, moments: Array) -> Array:
    """Tell which moments lie in an interval (moment,)."""
    starts, stops = merged(intervals)
    if not len(starts):
        return np.zeros(len(moments), dtype=bool)
    place = np.searchsorted(starts, moments, side="right") - 1
    return (place >= 0) & (moments <= stops[place])


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
            f"{where}: leaves nothing of the variable: {_said(track)}; both must be in seconds on "
            "one clock"
        )
    seconds = round(float(track.lasts[gone].sum()))
    if seconds:
        dropped[reason] = dropped.get(reason, 0) + seconds
    return replace(track, counts=counts)


def _moments(track: Track, most: int = 20_000) -> Array:
    """Return times that count, evenly chosen where there are many (moment,)."""
    times = track.times[track.counts]
    return times[:: max(len(times) // most, 1)]


def _said(track: Track) -> str:
    times = track.times[track.counts]
    return f"its time lies between {times[0]:g} and {times[-1]:g} s"


@dataclass
class _Pooled:
    """Spikes of all units in pieces of time.

    Attributes
    ----------
    pieces : array of shape (piece,)
        When each begins, seconds.
    counts : array of shape (piece,)
    total : int
        Of all spikes, wherever they are.
    first, last : float
        Spike of all.
    """

    pieces: Array
    counts: Array
    total: int = 0
    first: float = np.inf
    last: float = -np.inf


def _read(
    trains: Trains, ids: Array, keep: Array, track: Track, where: str
) -> tuple[Array, Array, _Pooled]:
    """Return the time and the unit of every spike while the variable counts, and all pooled."""
    pieces = np.unique(np.floor(track.times[track.counts] / PIECE)) * PIECE
    pooled = _Pooled(pieces, np.zeros(len(pieces), dtype=np.int64))
    times, owners = [], []
    for units, spikes, ends in trains.blocks(keep, ids, where):
        pooled.total += len(spikes)
        pooled.first = min(pooled.first, float(spikes.min()))
        pooled.last = max(pooled.last, float(spikes.max()))
        place = np.searchsorted(pieces, spikes, side="right") - 1
        held = (place >= 0) & (spikes < pieces[place] + PIECE)
        pooled.counts += np.bincount(place[held], minlength=len(pieces))
        owner = np.repeat(np.arange(units.start, units.stop), np.diff(ends, prepend=0))
        sample = track.at(spikes)
        inside = sample >= 0
        inside[inside] = track.counts[sample[inside]]
        times.append(spikes[inside])
        owners.append(owner[inside].astype(np.int32))
    return np.concatenate(times), np.concatenate(owners), pooled


def refuse_clocks(trains: Trains, keep: Array, track: Track, between: tuple[float, float]) -> None:
    """Refuse spikes whose times cannot be seconds on the clock of a variable.

    Parameters
    ----------
    trains : Trains
        Of all units.
    keep : array of bool of shape (unit,)
        Which count.
    track : Track
    between : tuple (first, last)
        Spike of those units.

    Raises
    ------
    IsomorphError
        Saying how long the recording would last and how fast its units fire, or that its times
        are too coarse.
    """
    if trains.times.dtype.kind == "f" and trains.times.dtype.itemsize < 8:
        refuse_single(max(map(abs, between)), ((0.0, FINEST),), "spike times", track.where)
    n_spikes = int(trains.sizes[keep].sum())
    refuse_other_unit(n_spikes, int(keep.sum()), between, _moments(track), track.where)


def _covered(
    pooled: _Pooled,
    track: Track,
    between: tuple[float, float],
    most: float,
    dropped: Mapping[str, int],
) -> tuple[Track, dict[str, int]]:
    """Leave out the time before the first or after the last spike of all that is no chance."""
    found = dict(dropped)
    beyond = beyond_chance(pooled.pieces, ((0.0, PIECE),), pooled.counts, between)
    if not beyond.any():
        return track, found
    place = np.searchsorted(pooled.pieces, track.times, side="right") - 1
    out = beyond[np.maximum(place, 0)] & track.counts
    refuse_uncovered(track, out, between, most)
    reason = "seconds before the first or after the last spike of all units"
    return without(track, out, reason, found, track.where), found


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
            f"variable: they lie between {between[0]:g} and {between[1]:g} s, and {_said(track)}; "
            f"{clock_hint(between, _moments(track))}, or set responses.uncovered where the "
            "recording did end early"
        )


def uncovered_at_a_glance(track: Track, between: tuple[float, float]) -> Array:
    """Tell which samples lie before the first or after the last spike (sample,)."""
    before, after = outside(track.times, ((0.0, 0.0),), between)
    return np.asarray((before | after) & track.counts)
