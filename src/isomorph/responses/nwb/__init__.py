"""Responses from NWB recordings of sorted units: spike counts, one file for one session."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import NwbContainer
from isomorph.responses.clocks import (
    is_single,
    refuse_other_unit,
    refuse_outlasting,
    refuse_single,
    refuse_windows,
)
from isomorph.responses.nwb.bins import binned_counts
from isomorph.responses.nwb.count_windows import all_windows, said_windows, spikes_per_window
from isomorph.responses.nwb.counts import window_counts
from isomorph.responses.nwb.observed import observed, shown_where
from isomorph.responses.nwb.recordings import (
    Open,
    Recording,
    refuse_silent,
    region_reasons,
    session_of,
)
from isomorph.responses.nwb.spikes import Trains, read_trains
from isomorph.responses.nwb.uncovered import beyond_chance, outside, spans_of, without_uncovered
from isomorph.responses.nwb.units import kept, passing, refuse_none, unit_ids, unit_regions
from isomorph.study.rates import RateResponses
from isomorph.study.responses import NwbResponses

Array = npt.NDArray

UNITS = "units"
"""Where the NWB schema keeps the table of sorted units."""


def read_session(recording: Open, settings: NwbResponses) -> xr.Dataset:
    """Count the spikes of one recording.

    Parameters
    ----------
    recording : Open
        The open recording and what was shown in it.
    settings : NwbResponses
        Columns, windows and criteria.

    Returns
    -------
    Dataset
        `response (presentation, unit[, time])` in spikes, or spikes per second, and its
        coordinates.
    """
    where, windows = str(recording.path), all_windows(settings)
    refuse_windows(windows, recording.shown.onset, where)
    trains, ids, regions, keep, dropped = units_of(recording, settings)
    recording, keep, dropped = observed_units(recording, keep, dropped, settings)
    counts, between = _counts(trains, ids, keep, recording, settings)
    refuse_clocks(trains, keep, recording, between, settings)
    refuse_silent(counts, recording, settings, between)
    beyond = _beyond(trains, ids, keep, recording, settings, between)
    shown = without_uncovered(beyond, recording.shown, settings.uncovered, between, where)
    recording = replace(recording, shown=shown)
    if beyond.any():
        counts = counts[:, ~beyond]
    responses, unit = spikes_per_window(counts, settings, rate=settings.rate)
    return session_of(
        responses,
        ids[keep],
        regions[keep],
        recording,
        dropped,
        (unit, f"spikes {said_windows(settings)}"),
        settings,
    )


def refuse_clocks(
    trains: Trains,
    keep: Array,
    recording: Open,
    between: tuple[float, float],
    settings: NwbResponses,
) -> None:
    """Refuse spikes whose times cannot be seconds, see `isomorph.responses.clocks`.

    Parameters
    ----------
    trains : Trains
        Spikes of all units.
    keep : array of bool of shape (unit,)
        Which units count.
    recording : Open
        What was shown.
    between : tuple (first, last)
        Spike of those units.
    settings : NwbResponses
        Windows.

    Raises
    ------
    IsomorphError
        Saying how long the recording would last, and how fast its units fire.
    """
    where, windows, onset = str(recording.path), all_windows(settings), recording.shown.onset
    refuse_outlasting(windows, between, where)
    if trains.times.dtype.kind == "f" and trains.times.dtype.itemsize < 8:
        refuse_single(max(map(abs, between)), windows, "spike times", where)
    if is_single(onset):
        refuse_single(float(np.abs(onset).max()), windows, "onsets", where)
    n_spikes, n_units = int(trains.sizes[keep].sum()), int(keep.sum())
    refuse_other_unit(n_spikes, n_units, between, recording.shown.onset, where)


def units_of(
    recording: Recording, settings: NwbResponses | RateResponses
) -> tuple[Trains, Array, Array, Array, dict[str, int]]:
    """Return the units of a recording, none of their spikes read.

    Parameters
    ----------
    recording : Recording
        The open recording.
    settings : NwbResponses or RateResponses
        Columns and criteria.

    Returns
    -------
    trains : Trains
    ids, regions : arrays of str of shape (unit,)
    keep : array of bool of shape (unit,)
    dropped : dict of str to int
        How many units are left out, by reason.

    Raises
    ------
    IsomorphError
        When there are none, a column is not there, or none is left.
    """
    where = str(recording.path)
    units = units_table(recording)
    if not len(units.id):
        raise IsomorphError(f"{where}: holds no units, expected sorted units with spike_times")
    trains = read_trains(units, where)
    place = f"{where}: units"
    ids = unit_ids(units, place)
    split = np.zeros(len(ids), dtype=bool)
    if recording.listed is not None:
        names = recording.regions_of(ids)
    else:
        assert isinstance(settings.region, str)
        names, split = unit_regions(
            recording.nwb, units, settings.region, settings.electrode, place
        )
    regions, outside = region_reasons(names, settings)
    reasons = {"units across two regions": split, **outside}
    good_ones = passing(units, settings.quality, place, recording.nwb, settings.electrode)
    for name, good in good_ones.items():
        reasons[f"units failing {name}"] = ~good
    reasons["units without a spike"] = trains.sizes == 0
    for reason, bad in reasons.items():
        if len(bad) != len(ids):
            raise IsomorphError(
                f"{place}: {len(bad)} rows to tell {reason}, expected {len(ids)}, one per unit"
            )
    keep, dropped = kept(reasons, len(ids))
    refuse_none(keep, dropped, where)
    return trains, ids, regions, keep, dropped


def units_table(recording: Recording) -> NwbContainer:
    """Return the table of units of a recording, refusing one that has none."""
    if not recording.nwb.has(UNITS):
        raise IsomorphError(
            f"{recording.path}: holds no units, expected sorted units with spike_times"
        )
    return recording.nwb.container(UNITS)


def observed_units(
    recording: Open, keep: Array, dropped: dict[str, int], settings: NwbResponses
) -> tuple[Open, Array, dict[str, int]]:
    """Leave out presentations no unit was observed in, and units not observed in all others.

    Parameters
    ----------
    recording : Open
        The open recording and what was shown in it.
    keep : array of bool of shape (unit,)
        Units not left out for another reason.
    dropped : dict of str to int
        How many units were left out, by reason.
    settings : NwbResponses
        Windows.

    Returns
    -------
    recording, keep, dropped
        The same after both.

    Raises
    ------
    IsomorphError
        When no presentation, or no unit, is left.
    """
    where = f"{recording.path}: units"
    onset, windows = recording.shown.onset, all_windows(settings)
    inside = observed(units_table(recording), onset, windows, where)
    if inside is None:
        return recording, keep, dropped
    some = np.asarray(inside[:, keep].any(axis=1))
    reason = "presentations outside the obs_intervals of all units"
    shown = shown_where(some, recording.shown, reason, f"{where}: obs_intervals")
    whole = inside[some].all(axis=0)
    lost = {"units whose obs_intervals lack some presentation": int((keep & ~whole).sum())}
    keep, dropped = keep & whole, {**dropped, **lost}
    refuse_none(keep, dropped, str(recording.path))
    return replace(recording, shown=shown), keep, dropped


def _counts(
    trains: Trains, ids: Array, keep: Array, recording: Open, settings: NwbResponses
) -> tuple[Array, tuple[float, float]]:
    """Count in every window, a block of units at a time.

    Returns
    -------
    counts : array of shape (window, presentation, unit)
    between : tuple (float, float)
        First and last spike of all, seconds.
    """
    onset = recording.shown.onset
    windows = all_windows(settings)
    # Laid out as they are written, so that the bins of a unit, counted together, stay together.
    laid = np.empty((len(onset), int(keep.sum()), len(windows)), dtype=np.int32)
    counts = np.moveaxis(laid, 2, 0)
    earliest, latest = np.inf, -np.inf
    for units, spikes, ends in trains.blocks(keep, ids, str(recording.path)):
        if settings.edges:
            binned = binned_counts(spikes, ends, onset, np.array(settings.edges))
            counts[: len(settings.edges) - 1, :, units] = np.moveaxis(binned, 2, 0)
            rest = windows[len(settings.edges) - 1 :]
        else:
            rest = windows
        if rest:
            counts[len(windows) - len(rest) :, :, units] = window_counts(spikes, ends, onset, rest)
        earliest = min(earliest, float(spikes.min()))
        latest = max(latest, float(spikes.max()))
    return counts, (earliest, latest)


def _beyond(
    trains: Trains,
    ids: Array,
    keep: Array,
    recording: Open,
    settings: NwbResponses,
    between: tuple[float, float],
) -> Array:
    """Tell which presentations lie before the first or after the last spike by more than chance.

    Only where some lie there are the spikes read once more.
    """
    onset, windows = recording.shown.onset, all_windows(settings)
    counts = np.zeros(len(onset), dtype=np.int64)
    if any(some.any() for some in outside(onset, windows, between)):
        spans = spans_of(onset, windows)
        for _, spikes, ends in trains.blocks(keep, ids, str(recording.path)):
            for train in np.split(spikes, ends[:-1]):
                first, stop = np.searchsorted(train, spans.T, side="left")
                counts += stop - first
    return beyond_chance(onset, windows, counts, between)
