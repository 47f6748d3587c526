"""Responses from calcium imaging in NWB recordings: mean fluorescence in windows after onset."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.layout import Layout
from isomorph.responses.nwb.columns import column, column_names, text
from isomorph.responses.nwb.recording import dataset_at, group_at, values_of
from isomorph.responses.nwb.recordings import (
    Open,
    prepare_recordings,
    region_reasons,
    session_of,
)
from isomorph.responses.nwb.samples import check_ascending, read_clock, sums_before
from isomorph.responses.nwb.units import kept, passing, refuse_none, row_ids
from isomorph.responses.nwb.windows import (
    all_windows,
    places_of,
    refuse_coarse,
    refuse_uncovered,
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
    series = group_at(recording.file, settings.signal, where)
    data = dataset_at(series, "data", place)
    if data.ndim != 2:
        raise IsomorphError(f"{place}: its data are of shape {data.shape}, expected (time, ROI)")
    clock = read_clock(series, data.shape[0], place)
    check_ascending(clock, place)
    windows = all_windows(settings)
    refuse_coarse(clock, windows, place)
    ids, regions, reasons = _rois(series, data.shape[1], settings, place)
    first, stop, inside = places_of(clock, recording.shown.onset, windows)
    refuse_uncovered(inside, clock, recording.shown.onset, place)
    means, missing, empty = _means(data, first[:, inside], stop[:, inside])
    reasons["units with a window of missing samples alone"] = empty
    keep, dropped = kept(reasons, len(ids))
    refuse_none(keep, dropped, where)
    outside = {"presentations beyond the recording": int((~inside).sum())}
    lost = {"missing samples in windows of units kept": int(missing[keep].sum())}
    unit = str(text([data.attrs.get("unit", "")])[0])
    return session_of(
        _responses(means[..., keep], settings),
        ids[keep],
        regions[keep],
        recording,
        {**outside, **dropped, **lost},
        (unit, f"mean of {settings.signal} {said_windows(settings)}"),
        settings.named_windows,
        inside,
    )


def _means(data: h5py.Dataset, first: Array, stop: Array) -> tuple[Array, Array, Array]:
    """Average the finite samples of windows.

    Parameters
    ----------
    data : h5py.Dataset (sample, unit)
    first, stop : ndarray (window, presentation)
        Numbers of samples.

    Returns
    -------
    means : ndarray (window, presentation, unit)
        0 where a window has no finite sample.
    missing : ndarray (unit,)
        Samples in windows that are not finite.
    empty : ndarray (unit,) of bool
        Whether a window of the unit has no finite sample.
    """
    sums, lost = sums_before(data, np.concatenate([first.ravel(), stop.ravel()]))
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
    series: h5py.Group, size: int, settings: TraceResponses, where: str
) -> tuple[Array, Array, dict[str, Array]]:
    """Return id and region of each ROI of a series, and which to leave out for what reason."""
    table, rows = _roi_table(series, size, where)
    place = f"{where}: {table.name.rsplit('/', 1)[-1]}"
    if settings.unit is None:
        ids = row_ids(table, place)[rows]
    else:
        ids = text(column(table, settings.unit, place))[rows]
    if np.unique(ids).size != ids.size or "" in ids:
        raise IsomorphError(
            f"{place}: two ROIs of the series are called alike, or one is not called at all; "
            "expected each to have its own name"
        )
    names = placed(_regions(table, settings.region, len(ids), place, rows))
    regions, reasons = region_reasons(names, settings)
    for name, good in passing(table, settings.quality, place).items():
        reasons[f"units failing {name}"] = ~good[rows]
    return ids, regions, reasons


def _roi_table(series: h5py.Group, size: int, where: str) -> tuple[Any, Array]:
    """Return the table of ROIs a series points at, and the row of each of its columns."""
    rois = dataset_at(series, "rois", where)
    target = rois.attrs.get("table")
    if not isinstance(target, h5py.Reference):
        raise IsomorphError(f"{where}: its rois point at no table of ROIs")
    rows = np.asarray(rois[()], dtype=np.int64)
    if len(rows) != size:
        raise IsomorphError(
            f"{where}: has {size} columns and {len(rows)} rois, expected (time, ROI) and one each"
        )
    return series.file[target], rows


def _regions(table: h5py.Group, name: str, size: int, where: str, rows: Array) -> Array:
    """Return the region of each ROI: a column of its table, or what its imaging plane says."""
    if name in column_names(table):
        return text(column(table, name, where))[rows]
    plane = table.get("imaging_plane")
    known = list(plane) if isinstance(plane, h5py.Group) else []
    if name not in known:
        raise IsomorphError(
            f'{where}: no "{name}" that names the region, neither a column nor of the imaging '
            f"plane; {did_you_mean(name, [*column_names(table), *known])}"
        )
    return np.repeat(text([values_of(plane[name])]), size)
