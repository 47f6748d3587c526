"""Ready responses: an array `(presentation, unit[, time])` beside tables of its axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.foreign import read_table
from isomorph.responses.named_arrays import STIMULUS_KEYS, as_names, read_variables, variable_of
from isomorph.responses.presentations import repetitions, usable
from isomorph.responses.region_names import NOWHERE
from isomorph.responses.sessions import session_data, summary
from isomorph.responses.subject_files import Read, SubjectFiles
from isomorph.responses.times import EDGES
from isomorph.stimuli.names import refuse_misspelt
from isomorph.stimuli.naming import id_of
from isomorph.study.responses import ArrayResponses

Array = npt.NDArray


def read(files: SubjectFiles, settings: ArrayResponses) -> Read:
    """Read a subject's ready responses.

    Parameters
    ----------
    files : SubjectFiles
    settings : ArrayResponses
        Which files. Where nobody knows the stimuli yet, every name is taken for one.

    Raises
    ------
    IsomorphError
        When a file or column is not there, or array and tables disagree.
    """
    names = files.names
    stimuli = None if names.naming is None else names.stimuli
    array, presentations, listed, *timed = inputs = [
        _one(files, pattern)
        for pattern in (settings.responses, settings.presentations, settings.units, settings.times)
        if pattern is not None
    ]
    times = _read_times(timed[0]) if timed else None
    response, stored = _read_response(array, settings.variable, times)
    shown = _read_rows(presentations, "stimulus", len(response), f"rows of {array.name}")
    units = _read_rows(listed, "region", response.shape[1], f"columns of {array.name}")
    if stimuli is None:
        stimuli = shown["stimulus"].unique().astype(np.str_)
    shown["stimulus"] = _ids(shown["stimulus"], stimuli)
    for key, given in stored.items():
        _refuse_other_order(_ids(given, stimuli), shown, f"{array}: {key}", presentations)
    label = shown["stimulus"].to_numpy(dtype=np.str_)
    refuse_misspelt(label, stimuli, presentations, names.table)
    named = Named(str(presentations), str(listed), names.table)
    sessions = read_sessions(response, shown, units, stimuli, named, times)
    for name, data in sessions.items():
        files.say(f"session {name}: {summary(data)}")
    return Read(sessions, inputs)


def look(files: SubjectFiles, settings: ArrayResponses) -> None:
    """Read a subject's ready responses and refuse what `read` would."""
    read(files, settings)


@dataclass(frozen=True)
class Named:
    """The files responses are read from, for messages.

    Attributes
    ----------
    presentations, units, stimuli : str
        The two tables beside the array, and the stimulus table.
    """

    presentations: str
    units: str
    stimuli: str


def read_sessions(
    response: Array,
    shown: pd.DataFrame,
    units: pd.DataFrame,
    stimuli: Array,
    named: Named,
    times: Array | None = None,
) -> dict[str, xr.Dataset]:
    """Divide ready responses into sessions.

    Parameters
    ----------
    response : array of shape (presentation, unit) or (presentation, unit, time)
        The responses.
    shown : DataFrame
        A row per presentation: `stimulus` and optionally `session` and `run`.
    units : DataFrame
        A row per unit: `region` and optionally `unit`.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimulus table.
    named : Named
        The files, for messages.
    times : array of shape (time, 2), optional
        Start and stop of every time bin, seconds from onset.

    Returns
    -------
    dict of str to Dataset
        By session; "1" when there is no `session` column.
    """
    region = units["region"].to_numpy(dtype=np.str_)
    names = (
        units["unit"].to_numpy(dtype=np.str_)
        if "unit" in units
        else np.arange(len(units)).astype(np.str_)
    )
    if np.unique(names).size != names.size:
        raise IsomorphError(
            f'{named.units}: two units share the name "{_first_repeated(names)}", expected each to '
            "have its own"
        )
    placed = ~np.isin(region, ("", *NOWHERE))
    if not placed.any():
        raise IsomorphError(f"{named.units}: none of the {len(region)} units has a region")
    label = shown["stimulus"].to_numpy(dtype=np.str_)
    for column in (one for one in ("session", "run") if one in shown):
        lacking = shown.index[shown[column] == ""]
        if 0 < len(lacking) < len(shown):
            raise IsomorphError(
                f"{named.presentations}: line {lacking[0] + 2}: {column} is empty, expected one in "
                "every row or in none"
            )
    session = np.full(len(shown), "1")
    if "session" in shown:
        session = shown["session"].to_numpy(dtype=np.str_)
    sessions = {}
    for name in dict.fromkeys(session.tolist()):
        rows = np.flatnonzero(session == name)
        keep, dropped = usable(
            label[rows],
            np.zeros(len(rows)),
            stimuli,
            f"{named.presentations}: session {name}",
            named.stimuli,
        )
        rows = rows[keep]
        if not np.any(response[np.ix_(rows, placed)]):
            raise IsomorphError(
                f"{named.presentations}: session {name}: every response of every unit with a "
                "region is 0; leave the session out"
            )
        data = session_data(
            response[np.ix_(rows, placed)],
            stimulus=label[rows],
            repetition=repetitions(label[rows], rows),
            unit=names[placed],
            region=region[placed],
            stimuli=stimuli,
            dropped={**dropped, "units without a region": int((~placed).sum())},
            times=times,
            extra=_runs(shown, rows),
        )
        called = name.replace("/", "-") or "1"
        if called in sessions:
            raise IsomorphError(
                f'{named.presentations}: the session "{name}" would be called "{called}", as '
                "another is; rename one"
            )
        sessions[called] = data
    return sessions


def _runs(shown: pd.DataFrame, rows: Array) -> dict[str, tuple[str, Array]]:
    """Return the run of each presentation, where the table of presentations gives it."""
    if "run" not in shown or (shown["run"] == "").all():
        return {}
    return {"run": ("presentation", shown["run"].to_numpy()[rows].astype(object))}


def _first_repeated(names: Array) -> str:
    found, counts = np.unique(names, return_counts=True)
    return str(found[counts > 1][0])


def _one(files: SubjectFiles, pattern: str) -> Path:
    found = files.own(pattern)
    if len(found) != 1:
        raise IsomorphError(
            f"{files.where}: responses: {pattern.replace('{subject}', files.subject)} matches "
            f"{len(found)} files of the archive, expected one"
        )
    return found[0]


def _read_times(file: Path) -> Array:
    """Return start and stop of every time bin (time, 2), which follow each other in time."""
    table = read_table(file, *EDGES)
    times = table[list(EDGES)].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    if not (times[:, 0] < times[:, 1]).all():
        raise IsomorphError(
            f"{file}: time_start and time_stop must be numbers, seconds from onset, the first "
            "below the second"
        )
    if not (np.diff(times[:, 0]) > 0).all():
        raise IsomorphError(f"{file}: time_start must rise from row to row")
    return times


def _read_response(
    file: Path, variable: str | None, times: Array | None
) -> tuple[Array, dict[str, Array]]:
    """Return responses, and the names of the stimuli of their rows where the file holds any."""
    variables = read_variables(file)
    name, response = variable_of(variables, variable, str(file))
    where = f"{file}: {name}"
    axes = "(presentation, unit" + (")" if times is None else ", time)")
    if response.ndim != axes.count(",") + 1 or response.dtype.kind not in "iuf":
        raise IsomorphError(
            f"{where}: is of shape {response.shape} and type {response.dtype}, expected numbers "
            + axes
        )
    if times is not None and response.shape[2] != len(times):
        raise IsomorphError(
            f"{where}: is of shape {response.shape}, expected {len(times)} time bins along its "
            "last axis"
        )
    bad = ~np.isfinite(response)
    if bad.any():
        row, column, *_ = (int(place[0]) for place in np.nonzero(bad))
        raise IsomorphError(
            f"{where}: holds {int(bad.sum())} values that are not finite, the first in row "
            f"{row + 1}, column {column + 1}; leave those presentations or units out"
        )
    stored = {key: as_names(variables[key]) for key in variables if key in STIMULUS_KEYS}
    return response, {key: names for key, names in stored.items() if names is not None}


def _ids(values: Iterable[str], stimuli: Array) -> Array:
    """Return the stimulus each value names, by its id or its image's path, or the value itself."""
    known = set(stimuli.tolist())
    return np.array([id_of(one, known) or one for one in values], dtype=np.str_)


def _refuse_other_order(names: Array, shown: pd.DataFrame, where: str, table: Path) -> None:
    """Refuse responses whose file names other stimuli, row by row, than the table beside it.

    Raises
    ------
    IsomorphError
        Naming the first row that differs.
    """
    listed = shown["stimulus"].to_numpy(dtype=np.str_)
    if len(names) != len(listed):
        raise IsomorphError(
            f"{where}: names {len(names)} presentations, {table} lists {len(listed)}"
        )
    if (names != listed).any():
        row = int(np.argmax(names != listed))
        raise IsomorphError(
            f'{where}: row {row + 1} is of "{names[row]}", in {table} of "{listed[row]}"; both '
            "must list the presentations in the order of the rows"
        )


def _read_rows(file: Path, required: str, rows: int, of: str) -> pd.DataFrame:
    table = read_table(file, required)
    if len(table) != rows:
        raise IsomorphError(f"{file}: has {len(table)} rows, expected {rows}, the {of}")
    return table
