"""What a recording says was shown when: from its tables and series to stimuli and onsets."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.responses.nwb.codes import event_onsets
from isomorph.responses.nwb.columns import column, column_names, text
from isomorph.responses.nwb.pairing import refuse_unpaired
from isomorph.responses.nwb.recording import dataset_at, group_at, values_of
from isomorph.responses.nwb.samples import read_clock
from isomorph.responses.nwb.values import as_written, called
from isomorph.responses.presentations import usable
from isomorph.study.responses import Presentations

Array = npt.NDArray

EXCESS = 1.5
"""How many times the median count of the others makes a suspect value one that holds blanks."""


@dataclass(frozen=True)
class Names:
    """What the names a recording uses stand for.

    Attributes
    ----------
    ids : callable
        From a recording and names `(presentation,)` to stimulus ids, '' for none.
    stimuli : ndarray (stimulus,) of str
        Ids of the stimulus table.
    table : str
        The stimulus table, for messages.
    """

    ids: Callable[[Path, Array], Array]
    stimuli: Array
    table: str


@dataclass(frozen=True)
class Shown:
    """The presentations of one recording that can be used, in the file's order.

    Attributes
    ----------
    stimulus : ndarray (presentation,) of str
        Stimulus ids.
    onset : ndarray (presentation,)
        Seconds.
    dropped : dict of str to int
        How many presentations were left out, by reason.
    """

    stimulus: Array
    onset: Array
    dropped: dict[str, int] = field(default_factory=dict)


def read_shown(file: h5py.File, path: Path, spec: Presentations, names: Names) -> Shown:
    """Read the presentations of one recording.

    Parameters
    ----------
    file : h5py.File
        The open recording.
    path : Path
        Where it stands, for the names in it and for messages.
    spec : Presentations
        Table or series, columns, blanks and filters.
    names : Names
        What its names stand for.

    Raises
    ------
    IsomorphError
        When a table, series or column is not there, onsets are no times, an interval ends before
        it begins, a presentation is listed twice, or none can be used.
    """
    values, onset, counted, dropped, place = _rows(file, str(path), spec)
    label = text(values)
    blank = np.isin(label, as_written(spec.blank, values))
    if spec.blank:
        dropped["blank presentations"] = int((blank & counted).sum())
    counted = counted & ~blank
    counted &= ~_folded(label, counted, values, spec, dropped)
    label, values, onset = label[counted], values[counted], onset[counted]
    if not counted.any():
        said = ", ".join(f"{count} {reason}" for reason, count in dropped.items() if count)
        raise IsomorphError(
            f"{place}: none of the {len(counted)} presentations is left"
            + (f" ({said})" if said else "")
        )
    name = called(file, str(path), label, values, spec, place)
    ids = np.asarray(names.ids(path, name), dtype=np.str_)
    keep, left_out = usable(name, onset, names.stimuli, place, names.table, ids != "")
    _refuse_repeated(ids[keep], onset[keep], place)
    return Shown(ids[keep], onset[keep], {**dropped, **left_out})


def _rows(
    file: h5py.File, where: str, spec: Presentations
) -> tuple[Array, Array, Array, dict[str, int], str]:
    """Return value and onset of each row, whether it counts, what does not, and the place."""
    marked = None if spec.events is None else event_onsets(file, where, spec)
    if spec.series is not None:
        series = group_at(file, spec.series, where)
        place = f"{where}: {spec.series}"
        shown = dataset_at(series, spec.stimulus or "data", place)
        values = np.asarray(values_of(shown))
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
            return values, times, np.ones(len(values), dtype=bool), {}, place
    tables = file.get("intervals", {})
    name = _table_name(list(tables), spec.table or "trials", where)
    table, beside = tables[name], f"{where}: {name}"
    onset = _onsets(table, spec, beside) if marked is None else marked
    counted, dropped = _counted(table, spec, onset, beside)
    _refuse_negative(table, beside)
    if spec.series is None:
        values = column(table, spec.stimulus or "", beside)
        place = f'{beside}: column "{spec.stimulus}"'
    elif marked is None:
        refuse_unpaired(times, onset, place, name)
    _refuse_uneven(values, onset, place, spec)
    return values, onset, counted, dropped, place


def _refuse_uneven(values: Array, onset: Array, place: str, spec: Presentations) -> None:
    """Refuse values that are more or fewer than the onsets they are matched with by order."""
    if len(values) == len(onset):
        return
    said = f'column "{spec.onset}" has' if spec.events is None else f"{spec.events} marks"
    raise IsomorphError(
        f"{place} has {len(values)} rows, {said} {len(onset)} onsets; expected one row per onset"
    )


def _table_name(tables: list[str], wanted: str, where: str) -> str:
    """Return the one intervals table a name or glob pattern stands for."""
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


def _onsets(table: h5py.Group, spec: Presentations, where: str) -> Array:
    written = column(table, spec.onset, where)
    try:
        return written.astype(np.float64) / spec.clock
    except (TypeError, ValueError):
        raise IsomorphError(
            f'{where}: column "{spec.onset}" holds {written[0]!r}, expected onsets in seconds'
        ) from None


def _counted(
    table: h5py.Group, spec: Presentations, onset: Array, where: str
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


def _refuse_negative(table: h5py.Group, where: str) -> None:
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


def _folded(
    label: Array, counted: Array, values: Array, spec: Presentations, dropped: dict[str, int]
) -> Array:
    """Tell which presentations a suspect value holds, where it is shown too often to be one."""
    nothing = np.zeros(len(label), dtype=bool)
    if spec.suspect is None:
        return nothing
    wanted = as_written((spec.suspect,), values)[0]
    distinct, counts = np.unique(label[counted & (label != "")], return_counts=True)
    others = counts[distinct != wanted]
    own = int(counts[distinct == wanted].sum())
    if not own or not len(others) or own < EXCESS * float(np.median(others)):
        return nothing
    reason = (
        f"presentations of {spec.suspect}, shown {own} times where others are shown "
        f"{np.median(others):g} times, so blanks are among them"
    )
    dropped[reason] = own
    return np.asarray(label == wanted)


def _refuse_repeated(stimulus: Array, onset: Array, where: str) -> None:
    """Refuse one stimulus twice at one time: it would count twice in every number."""
    order = np.lexsort((onset, stimulus))
    same = (stimulus[order][1:] == stimulus[order][:-1]) & (np.diff(onset[order]) == 0)
    if same.any():
        row = order[1:][same][0]
        raise IsomorphError(
            f'{where}: "{stimulus[row]}" at {onset[row]:g} s is listed twice '
            f"({int(same.sum())} presentations are); expected each presentation once"
        )
