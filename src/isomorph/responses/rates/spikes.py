"""The spikes of a recording while a variable counts, and whether both are on one clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb
from isomorph.responses.clocks import clock_hint, refuse_other_unit, refuse_single
from isomorph.responses.nwb import units_of
from isomorph.responses.nwb.recordings import Recording
from isomorph.responses.nwb.spikes import Trains
from isomorph.responses.nwb.uncovered import beyond_chance
from isomorph.responses.rates.counted_time import (
    extent,
    moments_of,
    observed_time,
    refuse_uncovered,
    without,
)
from isomorph.stimuli.variable import Track
from isomorph.study.rates import RateResponses
from isomorph.study.responses import NwbResponses

Array = npt.NDArray

PIECE = 1.0
"""Seconds of the pieces in which it is seen whether a recording covers the time of a variable."""
FINEST = 0.1
"""Seconds that spike times are known to, at least a twentieth of it."""


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
            f"{between[0]:g} and {between[1]:g} s, and {extent(track)}; "
            f"{clock_hint(between, moments_of(track))}"
        )
    return Spikes(
        track, sample[inside], times[inside], owner[inside], ids[keep], regions[keep], dropped
    )


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
    refuse_other_unit(n_spikes, int(keep.sum()), between, moments_of(track), track.where)


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
