"""Responses from rasters in NWB recordings: spikes per time bin and unit, without a units table."""

from __future__ import annotations

import h5py
import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb, measured, text, values_of
from isomorph.responses.nwb.count_windows import (
    said_windows,
    spikes_per_window,
)
from isomorph.responses.nwb.recordings import (
    Open,
    refuse_silent,
    region_reasons,
    session_of,
)
from isomorph.responses.nwb.sampled import Sampled, sampled
from isomorph.responses.nwb.samples import sums_before
from isomorph.responses.nwb.units import kept, refuse_none
from isomorph.study.responses import RasterResponses

Array = npt.NDArray


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
        `response (presentation, unit[, time])` in spikes, or spikes per second, and its
        coordinates.
    """
    found, recording = sampled(recording, settings.raster, settings, whole=True)
    ids, regions, keep, dropped = units_of(found, recording, settings)
    counts = _counts(found)[..., keep]
    refuse_silent(counts, recording, settings, found.recorded)
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


def units_of(
    found: Sampled, recording: Open, settings: RasterResponses
) -> tuple[Array, Array, Array, dict[str, int]]:
    """Return the units of a raster, none of their spikes read.

    Parameters
    ----------
    found : Sampled
        The raster.
    recording : Open
        The recording.
    settings : RasterResponses
        Where the units are named, and their regions.

    Returns
    -------
    ids, regions : arrays of str of shape (unit,)
    keep : array of bool of shape (unit,)
    dropped : dict of str to int
        How many units are left out, by reason.

    Raises
    ------
    IsomorphError
        When names are others than those of the raster's columns, or no unit is left.
    """
    ids = _names(recording.nwb, settings, found.data)
    regions, reasons = region_reasons(recording.regions_of(ids), settings)
    keep, dropped = kept(reasons, len(ids))
    refuse_none(keep, dropped, str(recording.path))
    return ids, regions, keep, dropped


def _counts(found: Sampled) -> Array:
    """Add up the bins of each window: ndarray (window, presentation, unit) of int32."""
    first, stop = found.first, found.stop
    places = np.concatenate([first.ravel(), stop.ravel()])
    sums, missing = sums_before(found.data, places, found.place)
    if missing.any() or (sums < 0).any():
        raise IsomorphError(f"{found.place}: holds bins without a number, expected spikes per bin")
    lower, upper = sums.reshape(2, *first.shape, found.data.shape[1])
    counts = measured(found.series, upper - lower, (stop - first)[..., None])
    if (counts != np.rint(counts)).any():
        raise IsomorphError(f"{found.place}: holds parts of spikes, expected spikes per bin")
    return counts.astype(np.int32)


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
