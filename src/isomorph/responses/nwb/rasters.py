"""Responses from rasters in NWB recordings: spikes per time bin and unit, without a units table."""

from __future__ import annotations

from dataclasses import replace

import h5py
import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb, stored, text, values_of
from isomorph.layout import Layout
from isomorph.responses.nwb.clocks import refuse_windows
from isomorph.responses.nwb.recordings import (
    Open,
    prepare_recordings,
    refuse_silent,
    region_reasons,
    session_of,
)
from isomorph.responses.nwb.samples import (
    check_ascending,
    measured,
    read_clock,
    series_at,
    sums_before,
)
from isomorph.responses.nwb.uncovered import BEYOND, without_uncovered
from isomorph.responses.nwb.units import kept, refuse_none
from isomorph.responses.nwb.windows import (
    all_windows,
    places_of,
    refuse_coarse,
    said_windows,
    spikes_per_window,
)
from isomorph.study.responses import RasterResponses

Array = npt.NDArray


def prepare(layout: Layout, dataset: str, subject: str) -> None:
    """Add up the rasters of a subject's recordings and write them, a group per session.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose recordings.

    Raises
    ------
    IsomorphError
        When a file, series or name is not there, a bin holds no number of spikes, or the counts
        differ from those expected. Nothing is written then.
    """
    settings = layout.study.dataset(dataset).responses
    assert isinstance(settings, RasterResponses)
    prepare_recordings(
        layout, dataset, subject, lambda recording: read_session(recording, settings)
    )


def read_session(recording: Open, settings: RasterResponses) -> xr.Dataset:
    """Count the spikes of one recording.

    A bin counts for a window when it begins in it.

    Parameters
    ----------
    recording : Open
        The open recording and what was shown in it.
    settings : RasterResponses
        Paths and windows.

    Returns
    -------
    Dataset
        `response (presentation, unit)` in spikes, or spikes per second, with its coordinates.
    """
    where = str(recording.path)
    place = f"{where}: {settings.raster}"
    series = series_at(recording.nwb, settings.raster)
    data = stored(series.data)
    ids = _names(recording.nwb, settings, data)
    clock = read_clock(series, data.shape[0], place)
    check_ascending(clock, place)
    windows = all_windows(settings)
    refuse_windows(windows, recording.shown.onset, where)
    refuse_coarse(clock, windows, place)
    first, stop, inside = places_of(clock, recording.shown.onset, windows)
    recorded = float(clock.times()[0]) if clock.size else 0.0, clock.end
    shown = without_uncovered(~inside, recording.shown, settings.uncovered, recorded, place, BEYOND)
    recording = replace(recording, shown=shown)
    sums, missing = sums_before(data, np.concatenate([first.ravel(), stop.ravel()]), place)
    if missing.any() or (sums < 0).any():
        raise IsomorphError(f"{place}: holds bins without a number, expected spikes per bin")
    lower, upper = sums.reshape(2, *first.shape, len(ids))
    counts = measured(series, upper - lower, (stop - first)[..., None])[:, inside]
    if (counts != np.rint(counts)).any():
        raise IsomorphError(f"{place}: holds parts of spikes, expected spikes per bin")
    regions, reasons = region_reasons(recording.regions_of(ids), settings)
    keep, dropped = kept(reasons, len(ids))
    refuse_none(keep, dropped, where)
    counts = counts[..., keep].astype(np.int32)
    refuse_silent(counts, recording, settings, recorded)
    responses, unit = spikes_per_window(counts, settings, rate=settings.rate)
    return session_of(
        responses,
        ids[keep],
        regions[keep],
        recording,
        dropped,
        (unit, f"spikes {said_windows(settings)}"),
        settings.named_windows,
    )


def _names(nwb: Nwb, settings: RasterResponses, data: h5py.Dataset) -> Array:
    """Return the name of each column of a raster."""
    path = settings.units
    names = text(np.ravel(values_of(nwb.dataset(path), f"{nwb.path}: {path}")))
    if data.ndim != 2 or data.shape[1] != len(names):
        raise IsomorphError(
            f"{nwb.path}: {settings.raster} is of shape {data.shape}, expected (time, unit) with "
            f"the {len(names)} units of {path}"
        )
    if np.unique(names).size != names.size:
        raise IsomorphError(f"{nwb.path}: {path} names two units alike, expected each its own")
    return names
