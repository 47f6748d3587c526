"""Where variables are found: series, tables of intervals, tables beside the recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.archives.patterns import filled
from isomorph.beside import by_pattern
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import read_table
from isomorph.foreign.nwb import (
    Nwb,
    NwbContainer,
    measured,
    part,
    read_clock,
    series_at,
    stored,
)
from isomorph.registry import Registry
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.rows import chosen, columns_of
from isomorph.stimuli.variable.signal import Signal, clean
from isomorph.study.variable import TURN, Variable

Array = npt.NDArray

SLACK = 1e-3
"""Seconds by which an interval may reach into the next, as rounding makes them."""


@dataclass(frozen=True)
class Recording:
    """One open recording, and the files it may have tables beside it in.

    Attributes
    ----------
    nwb : Nwb
    files : DatasetFiles
    """

    nwb: Nwb
    files: DatasetFiles


def series(recording: Recording, place: str, missing: Sequence[float] | None = None) -> Signal:
    """Return a series with all its components, in its unit.

    Parameters
    ----------
    recording : Recording
    place : str
        HDF5 path of the series, or of a container that holds no other.
    missing : sequence of float, optional
        Values that mean that nothing is known, see `isomorph.stimuli.variable.signal.clean`.

    Raises
    ------
    IsomorphError
        When there is no such series, it holds no numbers, or its times cannot be used.
    """
    nwb = recording.nwb
    found = _inner(nwb, place)
    where = f"{nwb.path}: {place}"
    data = stored(found.data)
    shape = np.shape(data)
    if np.dtype(getattr(data, "dtype", "f8")).kind not in "iuf" or len(shape) not in (1, 2):
        raise IsomorphError(
            f"{where}: its data are {getattr(data, 'dtype', 'values')} of shape {shape}, expected "
            "numbers (time,) or (time, component)"
        )
    clock = read_clock(found, shape[0], where)
    values = part(data, (), where).astype(np.float64).reshape(shape[0], -1)
    unit = str(getattr(found, "unit", "") or "")
    return clean(Signal(clock.times(), measured(found, values), where, unit), missing)


def _inner(nwb: Nwb, place: str) -> NwbContainer:
    """Return the series at a path, or the only one in the container that stands there."""
    found = nwb.container(place)
    held = getattr(found, "spatial_series", None) or getattr(found, "time_series", None)
    if getattr(found, "data", None) is not None or not isinstance(held, Mapping):
        return series_at(nwb, place)
    if len(held) > 1:
        raise IsomorphError(
            f"{nwb.path}: {place} holds {len(held)} series, {', '.join(sorted(held))}; name one: "
            f"{place}/{min(held)}"
        )
    return next(iter(held.values()))


def _of_series(recording: Recording, spec: Variable) -> Signal:
    assert spec.series is not None
    found = series(recording, spec.series, spec.missing)
    many = found.values.shape[1]
    if spec.component is None and many > 1:
        raise IsomorphError(
            f"{found.where}: has {many} components for each time; say which in `component`, "
            f"counted from 0"
        )
    place = spec.component or 0
    if place >= many:
        raise IsomorphError(
            f"{found.where}: component {place} is not there, it has {many}, counted from 0"
        )
    return Signal(found.times, found.values[:, [place]], found.where, found.unit)


def intervals(
    nwb: Nwb, table: str, where: Mapping[str, Sequence[str]], columns: Sequence[str] = ()
) -> pd.DataFrame:
    """Return when the intervals of a table start and stop that have the values asked for.

    Parameters
    ----------
    nwb : Nwb
    table : str
        Intervals table.
    where : mapping of str to sequence of str
        Values a column may have.
    columns : sequence of str
        Further columns to return, as text.

    Raises
    ------
    IsomorphError
        When there is no such table or column, no interval has such values, or one ends before it
        starts.
    """
    edges = ("start_time", "stop_time")
    every = tuple(dict.fromkeys((*edges, *columns, *where)))
    rows = columns_of(nwb, table, every)
    here = f"{nwb.path}: {table}"
    found = chosen(rows, every, where)
    if not len(found):
        for name, allowed in where.items():
            known = sorted(set(rows[name]))
            if absent := [one for one in allowed if one not in known]:
                raise IsomorphError(
                    f'{here}: no interval has {name} "{absent[0]}", '
                    f"{did_you_mean(absent[0], known)}"
                )
        raise IsomorphError(f"{here}: no interval has what is asked of {', '.join(where) or 'it'}")
    found = found.assign(
        **{edge: numbers(found[edge], f'{here}: column "{edge}"') for edge in edges}
    )
    found = found[np.isfinite(found["start_time"]) & np.isfinite(found["stop_time"])]
    backwards = found["stop_time"] < found["start_time"]
    if backwards.any():
        one = found[backwards].iloc[0]
        raise IsomorphError(
            f"{here}: an interval starts at {one['start_time']:g} s and ends before, at "
            f"{one['stop_time']:g} s"
        )
    return found


def numbers(cells: pd.Series[Any], where: str) -> Array:
    """Return text cells as numbers (row,), NaN where a cell is empty.

    Raises
    ------
    IsomorphError
        Naming the first cell that is none.
    """
    found = pd.to_numeric(cells.replace("", "nan"), errors="coerce").to_numpy(np.float64)
    wrong = np.isnan(found) & ~cells.str.casefold().isin(["", "nan"]).to_numpy(dtype=bool)
    if wrong.any():
        raise IsomorphError(
            f'{where} holds "{cells[wrong].iloc[0]}", expected numbers; what has a name and no '
            "value is a condition (stimuli of kind conditions)"
        )
    return found


def _of_table(recording: Recording, spec: Variable) -> Signal:
    assert spec.table is not None
    assert spec.column is not None
    nwb = recording.nwb
    rows = intervals(nwb, spec.table, spec.where, (spec.column,)).sort_values("start_time")
    where = f'{nwb.path}: {spec.table}: column "{spec.column}"'
    values = numbers(rows[spec.column], where)
    if spec.missing is None and spec.period is not None:
        _refuse_outside(values, spec, where)
    for one in spec.missing or ():
        values[np.isclose(values, one)] = np.nan
    starts, stops = rows["start_time"].to_numpy(), rows["stop_time"].to_numpy()
    overlap = starts[1:] < stops[:-1] - SLACK
    if overlap.any():
        at = int(np.argmax(overlap))
        raise IsomorphError(
            f"{where}: intervals overlap, one lasts until {stops[at]:g} s and the next starts at "
            f"{starts[at + 1]:g} s; a variable has one value at a time, so choose some by `where`"
        )
    stops = np.minimum(stops, np.append(starts[1:], np.inf))
    keep = np.isfinite(values) & (stops > starts)
    if not keep.any():
        raise IsomorphError(f"{where}: no interval has a value")
    return Signal(starts[keep], values[keep, None], where, "", stops[keep])


def _refuse_outside(values: Array, spec: Variable, where: str) -> None:
    """Refuse one value alone outside the period: it may be that of a blank."""
    assert spec.period is not None
    start = spec.range[0] if spec.range is not None else 0.0
    outside = np.unique(values[(values < start) | (values > start + spec.period)])
    if len(outside) == 1 and not spec.unwrapped:
        raise IsomorphError(
            f"{where}: {outside[0]:g} alone is outside [{start:g}, {start + spec.period:g}]; does "
            f"it mean that nothing is known there (missing: [{outside[0]:g}], or [] where it does "
            "not)?"
        )


def _of_file(recording: Recording, spec: Variable) -> Signal:
    assert spec.file is not None
    assert spec.time is not None
    assert spec.value is not None
    files, stem = recording.files, recording.nwb.path.stem
    name = filled(spec.file, stem=stem)
    own = by_pattern(files.beside, name) if files.beside is not None else []
    found = own or files.find(name)
    if len(found) > 1:
        raise IsomorphError(
            f'{files.where}: stimuli: file "{spec.file}" matches {len(found)} files for {stem}, '
            f"{found[0].name} and {found[1].name} among them; name one with {{stem}}"
        )
    rows = read_table(found[0], spec.time, spec.value)
    times, values = (
        numbers(rows[one], f'{found[0]}: column "{one}"') for one in (spec.time, spec.value)
    )
    where = f'{found[0]}: column "{spec.value}"'
    return clean(Signal(times, values[:, None], where), spec.missing)


def position(
    recording: Recording, places: Sequence[str], missing: Sequence[float] | None
) -> Signal:
    """Return a position (sample, coordinate) from one series, or one for each coordinate."""
    first, *others = [series(recording, one, missing) for one in places]
    return beside(first, others)


def beside(first: Signal, others: Sequence[Signal]) -> Signal:
    """Return signals as components of one, at the times of the first."""
    values = np.column_stack([first.values, *(one.at(first.times) for one in others)])
    return Signal(first.times, values, first.where, first.unit)


def _heading(recording: Recording, spec: Variable) -> Signal:
    assert spec.heading_of is not None
    assert spec.period is not None
    back, front = (series(recording, one, spec.missing) for one in spec.heading_of)
    for one in (back, front):
        if one.values.shape[1] < 2:
            raise IsomorphError(
                f"{one.where}: has one coordinate, and the direction between two lights needs two"
            )
    line = front.at(back.times)[:, :2] - back.values[:, :2]
    apart = np.hypot(*line.T)
    angle = np.arctan2(line[:, 1], line[:, 0]) * spec.period / TURN
    values = np.where(apart > 0, angle, np.nan)
    if not np.isfinite(values).any():
        raise IsomorphError(
            f"{back.where} and {spec.heading_of[1]}: the two lights are never both known and "
            "apart, so that nothing says where the line between them points"
        )
    unit = {360.0: "degrees", TURN: "radians"}.get(spec.period, "")
    return Signal(back.times, values[:, None], f"{back.where} to {spec.heading_of[1]}", unit)


def speed(position: Signal, over: float) -> Signal:
    """Return how fast a position changes.

    Parameters
    ----------
    position : Signal
        Coordinates.
    over : float
        Seconds over which the displacement is taken.
    """
    ends = [position.at(position.times + shift) for shift in (-over / 2, over / 2)]
    moved = np.sqrt(((ends[1] - ends[0]) ** 2).sum(axis=1)) / over
    unit = f"{position.unit}/s" if position.unit else ""
    return Signal(position.times, moved[:, None], position.where, unit)


def _speed(recording: Recording, spec: Variable) -> Signal:
    assert spec.speed_of is not None
    places = (spec.speed_of,) if isinstance(spec.speed_of, str) else spec.speed_of
    return speed(position(recording, places, spec.missing), spec.over)


FOUND: Registry[Callable[[Recording, Variable], Signal]] = Registry(
    "form of variable",
    {
        "series": _of_series,
        "table": _of_table,
        "file": _of_file,
        "heading_of": _heading,
        "speed_of": _speed,
    },
)
"""Readers of variables, by the key that says where one is found."""
