"""Responses from calcium imaging in NWB recordings: mean fluorescence in windows after onset."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.nwb import (
    NwbContainer,
    as_text,
    column,
    measured,
    paths,
    row_ids,
    rows_of,
    said,
    split,
    text,
)
from isomorph.responses.nwb.count_windows import (
    said_windows,
)
from isomorph.responses.nwb.recordings import (
    Open,
    region_reasons,
    session_of,
)
from isomorph.responses.nwb.sampled import Sampled, sampled
from isomorph.responses.nwb.samples import sums_before
from isomorph.responses.nwb.units import kept, passing, refuse_none
from isomorph.responses.region_names import placed
from isomorph.study.responses import TraceResponses

Array = npt.NDArray


def read_session(recording: Open, settings: TraceResponses) -> xr.Dataset:
    """Average the traces of one recording over the samples in each window.

    Nothing is interpolated: a sample counts where its own time lies in the window. A sample that
    is not finite counts for none; a ROI with a window of such samples alone is left out.

    Parameters
    ----------
    recording : Open
        The open recording and what was shown in it.
    settings : TraceResponses
        Paths, windows and criteria.

    Returns
    -------
    Dataset
        `response (presentation, unit[, time])` in the unit of the series, with its coordinates.
    """
    found, recording = sampled(recording, settings.signal, settings, whole=False)
    ids, regions, reasons = rois_of(found, recording, settings)
    means, missing, empty = _means(found)
    means = measured(found.series, means)
    reasons["units with a window of missing samples alone"] = empty
    keep, dropped = kept(reasons, len(ids))
    refuse_none(keep, dropped, str(recording.path))
    lost = {"missing samples in windows of units kept": int(missing[keep].sum())}
    unit = as_text(getattr(found.series, "unit", None))
    n = len(settings.times)
    off = 0.0 if settings.baseline is None else means[-1][:, keep]
    return session_of(
        means[:n, :, keep] - off,
        ids[keep],
        regions[keep],
        recording,
        {**dropped, **lost},
        (unit, f"mean of {settings.signal} {said_windows(settings)}"),
        settings,
    )


def _means(found: Sampled) -> tuple[Array, Array, Array]:
    """Average the finite samples of windows.

    Parameters
    ----------
    found : Sampled

    Returns
    -------
    means : array of shape (window, presentation, unit)
        0 where a window has no finite sample.
    missing : array of shape (unit,)
        Samples in windows that are not finite.
    empty : array of bool of shape (unit,)
        Whether a window of the unit has no finite sample.
    """
    first, stop, data = found.first, found.stop, found.data
    places = np.concatenate([first.ravel(), stop.ravel()])
    sums, lost = sums_before(data, places, found.place)
    shape = (2, *first.shape, data.shape[1])
    lower, upper = sums.reshape(shape)
    before, after = lost.reshape(shape)
    missing = after - before
    count = (stop - first)[..., None] - missing
    means = (upper - lower) / np.maximum(count, 1)
    return means, missing.sum(axis=(0, 1)), (count == 0).any(axis=(0, 1))


def rois_of(
    found: Sampled, recording: Open, settings: TraceResponses
) -> tuple[Array, Array, dict[str, Array]]:
    """Return id and region of each ROI of a series, and which to leave out for what reason.

    Parameters
    ----------
    found : Sampled
        The series.
    recording : Open
        The recording.
    settings : TraceResponses
        Columns and criteria.

    Returns
    -------
    ids, regions : arrays of str of shape (unit,)
    reasons : dict of str to array of bool of shape (unit,)

    Raises
    ------
    IsomorphError
        When a column is not there, or names two ROIs alike.
    """
    table, rows = _roi_table(found.series, found.data.shape[1], found.place)
    place = f"{found.place}: {table.name}"
    if settings.unit is None:
        ids = row_ids(table, place)[rows]
    else:
        ids = text(column(table, settings.unit, place))[rows]
    if np.unique(ids).size != ids.size or "" in ids:
        raise IsomorphError(
            f"{place}: two ROIs of the series are called alike, or one is not called at all; "
            "expected each to have its own name"
        )
    if isinstance(settings.region, str):
        names = placed(_regions(table, settings.region, place, rows))
    else:
        names = recording.regions_of(ids)
    regions, reasons = region_reasons(names, settings)
    for name, good in passing(table, settings.quality, place).items():
        reasons[f"units failing {name}"] = ~good[rows]
    return ids, regions, reasons


def _roi_table(series: NwbContainer, size: int, where: str) -> tuple[NwbContainer, Array]:
    """Return the table of ROIs a series points at, and the row of each of its columns."""
    rois = getattr(series, "rois", None)
    if rois is None:
        raise IsomorphError(
            f"{where}: is of type {series.neurodata_type}, whose columns point at no table of "
            "ROIs; expected a RoiResponseSeries"
        )
    rows = rows_of(rois, f"{where}: rois")
    if len(rows) != size:
        raise IsomorphError(
            f"{where}: has {size} columns and {len(rows)} rois, expected (time, ROI) and one each"
        )
    return rois.table, rows


def _regions(table: NwbContainer, name: str, where: str, rows: Array) -> Array:
    """Return the region of each ROI: a column of its table, or what its imaging plane says."""
    if split(table, name)[0] is not None:
        return text(column(table, name, where))[rows]
    plane = getattr(table, "imaging_plane", None)
    known = [] if plane is None else said(plane)
    if name not in known:
        raise IsomorphError(
            f'{where}: no "{name}" that names the region, neither a column nor of the imaging '
            f"plane; {did_you_mean(name, [*paths(table, where), *known])}"
        )
    return np.repeat(text([getattr(plane, name)]), len(rows))
