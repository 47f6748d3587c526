"""Rows: what a recording lists as shown, in a table of intervals, a series, or both."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.nwb import (
    Nwb,
    NwbContainer,
    column,
    column_names,
    read_clock,
    series_at,
    series_values,
    text,
    values_of,
)
from isomorph.responses.nwb.codes import event_onsets
from isomorph.responses.nwb.pairing import refuse_unpaired
from isomorph.responses.nwb.values import as_written
from isomorph.stimuli.crossed import condition_names
from isomorph.study.columns import column_names as column_names_of
from isomorph.study.responses import Presentations

Array = npt.NDArray


@dataclass(frozen=True)
class Rows:
    """What a recording lists as shown, a row for each presentation, whether it counts or not.

    Attributes
    ----------
    values : array of shape (row,)
        What was shown, as the recording says it.
    onset : array of shape (row,)
        Seconds, NaN where unknown.
    counted : array of bool of shape (row,)
        Whether it has the values asked for.
    dropped : dict of str to int
        How many have not, by column.
    place : str
        File and column or series of the values, for messages.
    series : IndexSeries or None
        What the values are the data of.
    stop : array of shape (row,) or None
        When each ends, where onsets are starts of intervals.
    """

    values: Array
    onset: Array
    counted: Array
    dropped: dict[str, int]
    place: str
    series: NwbContainer = None
    stop: Array | None = None


def read_rows(nwb: Nwb, spec: Presentations) -> Rows:
    """Read the rows of a table or series of presentations.

    Parameters
    ----------
    nwb : Nwb
        The open recording.
    spec : Presentations
        Table or series, columns and filters.

    Raises
    ------
    IsomorphError
        When a table, series or column is not there, onsets are not times, or an interval ends
        before it begins.
    """
    where = str(nwb.path)
    marked = None if spec.events is None else event_onsets(nwb, spec)
    single = spec.stimulus if isinstance(spec.stimulus, str) else None
    if spec.series is not None:
        series = series_at(nwb, spec.series)
        place = f"{where}: {spec.series}"
        if single in (None, "data"):
            values, indexing = series_values(series, place), series
        else:
            beside = f"{spec.series}/{single}"
            values, indexing = values_of(nwb.dataset(beside), f"{where}: {beside}"), None
        if values.ndim != 1:
            raise IsomorphError(
                f"{place}: is of shape {values.shape}, expected one value per presentation"
            )
        if marked is None:
            times = read_clock(series, len(values), place).times()
            # beside a table the clock is that of its column
            times = times / (1 if spec.table else spec.clock)
        else:
            times = marked
        if spec.table is None:
            _refuse_uneven(values, times, place, spec)
            every = np.ones(len(values), dtype=bool)
            return Rows(values, times, every, {}, place, indexing)
    name = table_name(nwb, spec.table or "trials")
    table, beside = nwb.container(f"intervals/{name}"), f"{where}: {name}"
    onset = _onsets(table, spec, beside) if marked is None else marked
    counted, dropped = _counted(table, spec, onset, beside)
    _refuse_negative(table, beside)
    if spec.series is None:
        indexing = None
        values, place = _values(table, spec, beside)
    elif marked is None:
        refuse_unpaired(times, onset, place, name)
    _refuse_uneven(values, onset, place, spec)
    stop = None
    if marked is None and spec.onset == "start_time" and "stop_time" in column_names(table):
        stop = column(table, "stop_time", beside).astype(np.float64) / spec.clock
    return Rows(values, onset, counted, dropped, place, indexing, stop)


def _values(table: NwbContainer, spec: Presentations, where: str) -> tuple[Array, str]:
    """Return what a table says was shown, and where: of several columns, the name they make."""
    columns = spec.stimulus or spec.onset  # of plays of one film nothing else is said
    shown = column_names_of(columns)
    quoted = '", "'.join(shown)
    place = f'{where}: column "{quoted}"'
    if isinstance(columns, str):
        return column(table, columns, where), place
    cells = {name: text(column(table, name, where)) for name in shown}
    for name, own in cells.items():
        _refuse_uneven(own, cells[shown[0]], f'{where}: column "{name}"', spec)
    rows = pd.DataFrame(cells, dtype=object)
    return condition_names(rows, columns, spec.name, empty=spec.empty, where=where), place


def _refuse_uneven(values: Array, onset: Array, place: str, spec: Presentations) -> None:
    """Refuse values that are more or fewer than the onsets they are matched with by order."""
    if len(values) == len(onset):
        return
    said = f'column "{spec.onset}" has' if spec.events is None else f"{spec.events} marks"
    raise IsomorphError(
        f"{place} has {len(values)} rows, {said} {len(onset)} onsets; expected one row per onset"
    )


def table_name(nwb: Nwb, wanted: str) -> str:
    """Return the one intervals table a name or glob pattern stands for.

    Raises
    ------
    IsomorphError
        When it stands for none, or several.
    """
    where, tables = nwb.path, nwb.members("intervals")
    found = [wanted] if wanted in tables else sorted(fnmatch.filter(tables, wanted))
    if not found:
        raise IsomorphError(
            f'{where}: no intervals table "{wanted}", {did_you_mean(wanted, tables)}'
        )
    if len(found) > 1:
        raise IsomorphError(
            f'{where}: {len(found)} intervals tables match "{wanted}", {" and ".join(found[:2])} '
            "among them; name one"
        )
    return found[0]


def _onsets(table: NwbContainer, spec: Presentations, where: str) -> Array:
    written = column(table, spec.onset, where)
    try:
        return written.astype(np.float64) / spec.clock
    except (TypeError, ValueError):
        raise IsomorphError(
            f'{where}: column "{spec.onset}" holds {written[0]!r}, expected onsets in seconds'
        ) from None


def _counted(
    table: NwbContainer, spec: Presentations, onset: Array, where: str
) -> tuple[Array, dict[str, int]]:
    """Tell which rows have the values asked for, and how many each column leaves out."""
    counted = np.ones(len(onset), dtype=bool)
    dropped = {}
    for name, allowed in spec.where.items():
        values = column(table, name, where)
        _refuse_uneven(values, onset, f'{where}: column "{name}"', spec)
        good = np.isin(text(values), as_written(allowed, values))
        if not good.any():
            present = ", ".join(f'"{value}"' for value in np.unique(text(values))[:5])
            raise IsomorphError(
                f'{where}: column "{name}" is nowhere {" or ".join(allowed)}, it holds {present}'
            )
        dropped[f"presentations left out by {name}"] = int((counted & ~good).sum())
        counted &= good
    return counted, dropped


def _refuse_negative(table: NwbContainer, where: str) -> None:
    """Refuse intervals that end before they begin; where there are no ends, none do."""
    if not {"start_time", "stop_time"} <= set(column_names(table)):
        return
    start, stop = column(table, "start_time", where), column(table, "stop_time", where)
    if len(start) == len(stop) and (bad := stop < start).any():
        row = int(np.argmax(bad))
        raise IsomorphError(
            f"{where}: row {row} ends at {stop[row]:g}, before it starts at {start[row]:g} "
            f"({int(bad.sum())} rows do); expected stop_time after start_time"
        )
