"""Responses from rasters in NWB recordings: spikes per time bin and unit, without a units table."""

from __future__ import annotations

import h5py
import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.responses.nwb.columns import text
from isomorph.responses.nwb.recording import dataset_at, group_at, values_of
from isomorph.responses.nwb.recordings import (
    Open,
    prepare_recordings,
    refuse_silent,
    region_reasons,
    session_of,
)
from isomorph.responses.nwb.samples import check_ascending, read_clock, sums_before
from isomorph.responses.nwb.units import kept, refuse_none
from isomorph.responses.nwb.windows import (
    all_windows,
    places_of,
    refuse_coarse,
    refuse_uncovered,
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
    series = group_at(recording.file, settings.raster, where)
    data = dataset_at(series, "data", place)
    ids = _names(recording.file, settings.units, data, where)
    clock = read_clock(series, data.shape[0], place)
    check_ascending(clock, place)
    windows = all_windows(settings)
    refuse_coarse(clock, windows, place)
    first, stop, inside = places_of(clock, recording.shown.onset, windows)
    refuse_uncovered(inside, clock, recording.shown.onset, place)
    sums, missing = sums_before(data, np.concatenate([first.ravel(), stop.ravel()]))
    if missing.any() or (sums < 0).any():
        raise IsomorphError(f"{place}: holds bins without a number, expected spikes per bin")
    lower, upper = sums.reshape(2, *first.shape, len(ids))
    counts = (upper - lower)[:, inside]
    if (counts != np.rint(counts)).any():
        raise IsomorphError(f"{place}: holds parts of spikes, expected spikes per bin")
    assert recording.listed is not None
    regions, reasons = region_reasons(recording.listed.of(recording.path, ids), settings)
    keep, dropped = kept(reasons, len(ids))
    refuse_none(keep, dropped, where)
    counts = counts[..., keep].astype(np.int32)
    refuse_silent(counts, recording, settings, (clock.times()[0], clock.end))
    responses, unit = spikes_per_window(counts, settings, rate=settings.rate)
    outside = {"presentations beyond the recording": int((~inside).sum())}
    return session_of(
        responses,
        ids[keep],
        regions[keep],
        recording,
        {**outside, **dropped},
        (unit, f"spikes {said_windows(settings)}"),
        settings.named_windows,
        inside,
    )


def _names(file: h5py.File, path: str, data: h5py.Dataset, where: str) -> Array:
    """Return the name of each column of a raster."""
    names = text(np.ravel(values_of(dataset_at(file, path, where))))
    if data.ndim != 2 or data.shape[1] != len(names):
        raise IsomorphError(
            f"{where}: {data.name} is of shape {data.shape}, expected (time, unit) with the "
            f"{len(names)} units of {path}"
        )
    if np.unique(names).size != names.size:
        raise IsomorphError(f"{where}: {path} names two units alike, expected each its own")
    return names
