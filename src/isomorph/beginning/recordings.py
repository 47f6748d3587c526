"""What one NWB recording holds: presentations, sorted units or fluorescence, regions, images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.beginning.followed import Followed, followed
from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.nwb import (
    Nwb,
    NwbContainer,
    as_text,
    column,
    column_names,
    open_nwb,
    read_clock,
    series_at,
    series_values,
    text,
)
from isomorph.responses.nwb.units import unit_regions

Array = npt.NDArray
T = TypeVar("T")

ONSETS = (
    "stimulus_onset", "stimulus_onset_time", "stim_onset", "stim_on_time", "stim_on",
    "image_onset", "onset", "start_time",
)  # fmt: skip
"""What columns of onsets are called, the likeliest first."""

REGIONS = (
    "location", "region", "brain_area", "brain_region", "area", "electrode_group.location",
    "electrodes.location", "group.location",
)  # fmt: skip
"""What names the regions of units, the likeliest first."""

QUALITY = ("quality", "unit_quality", "ks_label", "kslabel", "label", "sorting_quality")
"""Columns of units that say in words how well these are isolated."""

UNITS = "units"

SERIES_OF_IMAGES = frozenset({"Images", "ImageSeries", "OpticalSeries"})


@dataclass(frozen=True)
class Shown:
    """What a recording lists as shown.

    Attributes
    ----------
    place : str
        Name of a table of intervals, or path of a series.
    is_series : bool
    columns : mapping of str to list of str
        Values that may name stimuli, a value per presentation.
    onsets : mapping of str to array of shape (presentation,)
        Columns of times that may be onsets, the likeliest first.
    lasting : float
        Seconds a presentation lasts, NaN where that is not known.
    """

    place: str
    is_series: bool
    columns: Mapping[str, list[str]]
    onsets: Mapping[str, Array]
    lasting: float = np.nan


@dataclass(frozen=True)
class Recording:
    """What one file holds.

    Attributes
    ----------
    path : str
    subject : str
        As the file names it, '' where it does not.
    shown : tuple of Shown
    has_spikes : bool
    signals : tuple of str
        Paths of series of fluorescence.
    regions : mapping of str to mapping of str to int
        Units by region, by the column that names the regions, the likeliest first.
    images : tuple of str
        Paths of images inside the file.
    quality : mapping of str to mapping of str to int
        Units by how well they are isolated, by the column that says it.
    followed : tuple of Followed
        Variables over time, such as where an animal was.
    """

    path: str
    subject: str
    shown: tuple[Shown, ...]
    has_spikes: bool
    signals: tuple[str, ...]
    regions: Mapping[str, Mapping[str, int]]
    images: tuple[str, ...]
    quality: Mapping[str, Mapping[str, int]]
    followed: tuple[Followed, ...] = ()


def look(file: Path, path: str) -> Recording:
    """Look at a recording, no spikes and no pixels read.

    Parameters
    ----------
    file : Path
    path : str
        What it is called in its folder.

    Raises
    ------
    IsomorphError
        When it is no NWB file that can be read.
    """
    with open_nwb(file) as nwb:
        kinds = _kinds(nwb)
        tables = [_of_table(nwb, name) for name in nwb.members("intervals")]
        series = [_of_series(nwb, place) for place, kind in kinds.items() if kind == "IndexSeries"]
        units = nwb.container(UNITS) if nwb.has(UNITS) else None
        spikes = units is not None and "spike_times" in column_names(units)
        return Recording(
            path,
            nwb.says("general/subject/subject_id"),
            tuple(one for one in (*tables, *series) if one is not None),
            spikes,
            tuple(place for place, kind in kinds.items() if kind == "RoiResponseSeries"),
            _regions(nwb, units) if units is not None and spikes else {},
            tuple(
                place
                for place, kind in kinds.items()
                if kind in SERIES_OF_IMAGES and place.startswith("stimulus/")
            ),
            _quality(nwb, units) if units is not None and spikes else {},
            followed(nwb, kinds),
        )


def _kinds(nwb: Nwb) -> dict[str, str]:
    """Return what pynwb calls the groups of a file, by their paths."""
    found: dict[str, str] = {}

    def note(name: str, one: Any) -> None:
        if isinstance(one, h5py.Group) and (kind := one.attrs.get("neurodata_type")):
            found[name] = as_text(kind)

    for top in ("stimulus", "processing", "acquisition"):
        if nwb.has(top):
            with reading(f"{nwb.path}: {top}", f"NWB {nwb.version}"):
                nwb.group(top).visititems(lambda name, one, top=top: note(f"{top}/{name}", one))
    return found


def _tried(read: Callable[[], T]) -> T | None:
    """Return what can be read; what cannot be is nothing to begin with."""
    try:
        return read()
    except IsomorphError:
        return None


def _of_table(nwb: Nwb, name: str) -> Shown | None:
    table = _tried(lambda: nwb.container(f"intervals/{name}"))
    if table is None or not hasattr(table, "colnames"):
        return None
    values = _columns(table, f"{nwb.path}: {name}")
    start, stop = (_numbers(values.get(key)) for key in ("start_time", "stop_time"))
    if start is None or stop is None or len(start) < 2:
        return None
    onsets = {
        key: times
        for key, one in values.items()
        if (times := _numbers(one)) is not None and key != "stop_time"
        and _are_onsets(times, start, stop)
    }  # fmt: skip
    ordered = {key: onsets[key] for key in sorted(onsets, key=_rank(ONSETS))}
    named = {
        key: text(one).tolist()
        for key, one in values.items()
        if one.dtype.kind in "OSUiu" or (one.dtype.kind == "f" and key not in onsets)
    }
    onset = next(iter(ordered.values()), start)
    named.pop("stop_time", None)
    return Shown(name, False, named, ordered, float(np.nanmedian(stop - onset)))


def _of_series(nwb: Nwb, place: str) -> Shown | None:
    def read() -> Shown:
        series = series_at(nwb, place)
        where = f"{nwb.path}: {place}"
        values = series_values(series, where)
        times = read_clock(series, len(values), where).times()
        return Shown(place, True, {"data": text(values).tolist()}, {"timestamps": times})

    return _tried(read)


def _columns(table: NwbContainer, where: str) -> dict[str, Array]:
    """Return the columns that have one value per row."""
    found = {name: _tried(lambda name=name: column(table, name, where))  # type: ignore[misc]
             for name in column_names(table)}  # fmt: skip
    return {name: values for name, values in found.items() if values is not None}


def _numbers(values: Array | None) -> Array | None:
    if values is None or values.dtype.kind != "f" or not len(values):
        return None
    return values.astype(float) if np.isfinite(values).mean() >= 0.5 else None


def _are_onsets(times: Array, start: Array, stop: Array) -> bool:
    """Tell whether times lie inside the intervals of their rows and follow each other."""
    known = np.isfinite(times)
    inside = (times >= start - 1e-6) & (times <= stop + 1e-6)
    return bool(inside[known].all() and (np.diff(times[known]) >= 0).all())


def _rank(names: tuple[str, ...]) -> Callable[[str], int]:
    return lambda name: names.index(name) if name in names else len(names)


def _regions(nwb: Nwb, units: NwbContainer) -> dict[str, dict[str, int]]:
    """Return how many units stand in each region, by the column that says it."""
    found: dict[str, dict[str, int]] = {}
    for name in REGIONS:
        read = _tried(lambda name=name: unit_regions(nwb, units, name, None, f"{nwb.path}: units"))  # type: ignore[misc]
        counts = Counter(one for one in read[0].tolist() if one) if read else Counter[str]()
        if counts:
            found[name] = dict(counts)
    return found


def _quality(nwb: Nwb, units: NwbContainer) -> dict[str, dict[str, int]]:
    """Return how many units are called what by a column of few words for their isolation."""
    found: dict[str, dict[str, int]] = {}
    for name in column_names(units):
        if name.casefold() not in QUALITY:
            continue
        values = _tried(lambda name=name: column(units, name, f"{nwb.path}: units"))  # type: ignore[misc]
        if values is not None and values.dtype.kind in "OSU":
            counts = Counter(text(values).tolist())
            if 1 < len(counts) < len(values) / 2:
                found[name] = dict(counts)
    return found
