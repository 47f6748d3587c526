"""Responses from calcium imaging in NWB recordings: mean fluorescence in windows after onset."""

from __future__ import annotations

from dataclasses import replace

import h5py
import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.nwb import (
    NwbContainer,
    as_text,
    column,
    paths,
    row_ids,
    rows_of,
    said,
    split,
    stored,
    text,
)
from isomorph.layout import Layout
from isomorph.responses.nwb.clocks import refuse_windows
from isomorph.responses.nwb.recordings import (
    Open,
    prepare_recordings,
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
from isomorph.responses.nwb.units import kept, passing, refuse_none
from isomorph.responses.nwb.windows import (
    all_windows,
    places_of,
    refuse_coarse,
    said_windows,
)
from isomorph.responses.regions import placed
from isomorph.study.responses import TraceResponses

Array = npt.NDArray


def prepare(layout: Layout, dataset: str, subject: str) -> None:
    """Average the traces of a subject's recordings and write them, a group per session.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose recordings.

    Raises
    ------
    IsomorphError
        When a file, series or column is not there or cannot be used. Nothing is written then.
    """
    settings = layout.study.dataset(dataset).responses
    assert isinstance(settings, TraceResponses)
    prepare_recordings(
        layout, dataset, subject, lambda recording: read_session(recording, settings)
    )


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
        `response (presentation, unit)` in the unit of the series, with its coordinates.
    """
    where = str(recording.path)
    place = f"{where}: {settings.signal}"
    series = series_at(recording.nwb, settings.signal)
    data = stored(series.data)
    if data.ndim != 2:
        raise IsomorphError(f"{place}: its data are of shape {data.shape}, expected (time, ROI)")
    clock = read_clock(series, data.shape[0], place)
    check_ascending(clock, place)
    windows = all_windows(settings)
    refuse_windows(windows, recording.shown.onset, where)
    refuse_coarse(clock, windows, place)
    ids, regions, reasons = _rois(series, data.shape[1], recording, settings)
    first, stop, inside = places_of(clock, recording.shown.onset, windows)
    recorded = float(clock.times()[0]) if clock.size else 0.0, clock.end
    shown = without_uncovered(~inside, recording.shown, settings.uncovered, recorded, place, BEYOND)
    recording = replace(recording, shown=shown)
    means, missing, empty = _means(data, first[:, inside], stop[:, inside], place)
    means = measured(series, means)
    reasons["units with a window of missing samples alone"] = empty
    keep, dropped = kept(reasons, len(ids))
    refuse_none(keep, dropped, where)
    lost = {"missing samples in windows of units kept": int(missing[keep].sum())}
    unit = as_text(getattr(series, "unit", None))
    return session_of(
        _responses(means[..., keep], settings),
        ids[keep],
        regions[keep],
        recording,
        {**dropped, **lost},
        (unit, f"mean of {settings.signal} {said_windows(settings)}"),
        settings.named_windows,
    )


def _means(data: h5py.Dataset, first: Array, stop: Array, where: str) -> tuple[Array, Array, Array]:
    """Average the finite samples of windows.

    Parameters
    ----------
    data : h5py.Dataset (sample, unit)
    first, stop : ndarray (window, presentation)
        Numbers of samples.
    where : str
        File and series, for messages.

    Returns
    -------
    means : ndarray (window, presentation, unit)
        0 where a window has no finite sample.
    missing : ndarray (unit,)
        Samples in windows that are not finite.
    empty : ndarray (unit,) of bool
        Whether a window of the unit has no finite sample.
    """
    sums, lost = sums_before(data, np.concatenate([first.ravel(), stop.ravel()]), where)
    shape = (2, *first.shape, data.shape[1])
    lower, upper = sums.reshape(shape)
    before, after = lost.reshape(shape)
    missing = after - before
    count = (stop - first)[..., None] - missing
    means = (upper - lower) / np.maximum(count, 1)
    return means, missing.sum(axis=(0, 1)), (count == 0).any(axis=(0, 1))


def _responses(means: Array, settings: TraceResponses) -> dict[str, Array]:
    names = settings.named_windows
    off = 0.0 if settings.baseline is None else means[-1]
    return {name: means[place] - off for place, name in enumerate(names)}


def _rois(
    series: NwbContainer, size: int, recording: Open, settings: TraceResponses
) -> tuple[Array, Array, dict[str, Array]]:
    """Return id and region of each ROI of a series, and which to leave out for what reason."""
    where = f"{recording.path}: {settings.signal}"
    table, rows = _roi_table(series, size, where)
    place = f"{where}: {table.name}"
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
