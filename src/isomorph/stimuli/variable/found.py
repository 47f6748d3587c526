"""Where variables are found: series, tables of intervals, tables beside the recording."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from isomorph.archives.patterns import filled
from isomorph.beside import by_pattern
from isomorph.errors import IsomorphError
from isomorph.foreign import read_table
from isomorph.registry import Registry
from isomorph.stimuli.variable.derived import heading_of, speed_of
from isomorph.stimuli.variable.intervals import intervals, numbers
from isomorph.stimuli.variable.recording import Recording, series
from isomorph.stimuli.variable.signal import Signal, clean
from isomorph.study.variable import Variable

Array = npt.NDArray

SLACK = 1e-3
"""Seconds by which an interval may reach into the next, as rounding makes them."""


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
    start = spec.begins
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


FOUND: Registry[Callable[[Recording, Variable], Signal]] = Registry(
    "form of variable",
    {
        "series": _of_series,
        "table": _of_table,
        "file": _of_file,
        "heading_of": heading_of,
        "speed_of": speed_of,
    },
)
"""Readers of variables, by the key that says where one is found."""
