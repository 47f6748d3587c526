"""Ready responses: an array `(presentation, unit)` beside two tables."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from isomorph.archives.manifest import find_files
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.nwb import text
from isomorph.layout import Layout
from isomorph.responses.presentations import repetitions, usable
from isomorph.responses.sessions import (
    placed_in_time,
    session_data,
    stimulus_ids,
    summary,
    write_sessions,
)
from isomorph.study.responses import ArrayResponses

Array = npt.NDArray


def prepare(layout: Layout, dataset: str, subject: str) -> None:
    """Read a subject's ready responses and write them, a group per session.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose responses.

    Raises
    ------
    IsomorphError
        When a file or column is not there, or array and tables disagree. Nothing is written
        then.
    """
    settings = layout.study.dataset(dataset).responses
    assert isinstance(settings, ArrayResponses)
    files = [
        _one(layout, dataset, pattern.replace("{subject}", subject))
        for pattern in (settings.responses, settings.presentations, settings.units)
    ]
    response = _read_response(files[0])
    shown = _read_csv(files[1], "stimulus", len(response), f"rows of {files[0].name}")
    units = _read_csv(files[2], "region", response.shape[1], f"columns of {files[0].name}")
    stimuli = stimulus_ids(layout, dataset)
    named = Named(str(files[1]), str(files[2]), str(layout.stimuli(dataset)))
    sessions = read_sessions(response, shown, units, stimuli, named)
    for name, data in sessions.items():
        line = f"responses {dataset} {subject} session {name}: {summary(data)}"
        print(line, file=sys.stderr, flush=True)
    write_sessions(layout, dataset, subject, sessions, files)


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
) -> dict[str, xr.Dataset]:
    """Divide ready responses into sessions.

    Parameters
    ----------
    response : ndarray (presentation, unit)
        The responses.
    shown : DataFrame
        A row per presentation: `stimulus` and optionally `session` and `run`.
    units : DataFrame
        A row per unit: `region` and optionally `unit`; `area`, `time_start` and `time_stop`
        where a region is an area in a window, seconds from onset.
    stimuli : ndarray (stimulus,) of str
        Ids of the stimulus table.
    named : Named
        The files, for messages.

    Returns
    -------
    dict of str to Dataset
        By session; "1" when there is no `session` column.
    """
    region = text(units["region"])
    names = text(units["unit"]) if "unit" in units else np.arange(len(units)).astype(np.str_)
    if np.unique(names).size != names.size:
        raise IsomorphError(
            f'{named.units}: two units share the name "{_first_repeated(names)}", expected each to '
            "have its own"
        )
    placed = region != ""
    if not placed.any():
        raise IsomorphError(f"{named.units}: none of the {len(region)} units has a region")
    label = text(shown["stimulus"])
    session = text(shown["session"]) if "session" in shown else np.full(len(shown), "1")
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
            extra={**_runs(shown, rows), **_in_time(units, placed, named)},
        )
        sessions[name.replace("/", "-") or "1"] = data
    return sessions


def _runs(shown: pd.DataFrame, rows: Array) -> dict[str, tuple[str, Array]]:
    """Return the run of each presentation, where the table of presentations gives it."""
    if "run" not in shown:
        return {}
    return {"run": ("presentation", text(shown["run"])[rows].astype(object))}


def _in_time(units: pd.DataFrame, placed: Array, named: Named) -> dict[str, tuple[str, Array]]:
    """Return the area and the window of each unit, where the table of units gives both."""
    if not {"area", "time_start", "time_stop"} <= set(units.columns):
        return {}
    windows = units[["time_start", "time_stop"]].apply(pd.to_numeric, errors="coerce").to_numpy()
    if not (windows[placed, 0] < windows[placed, 1]).all():
        raise IsomorphError(
            f"{named.units}: time_start and time_stop must be numbers, seconds from onset, the "
            "first below the second"
        )
    return placed_in_time(text(units["area"])[placed], windows[placed])


def _first_repeated(names: Array) -> str:
    found, counts = np.unique(names, return_counts=True)
    return str(found[counts > 1][0])


def _one(layout: Layout, dataset: str, pattern: str) -> Path:
    files = find_files(layout, dataset, pattern)
    if len(files) != 1:
        raise IsomorphError(
            f"{layout.study.dataset_files[dataset]}: responses: {pattern} matches "
            f"{len(files)} files of the archive, expected one"
        )
    return files[0]


def _read_response(file: Path) -> Array:
    try:
        response = np.load(file, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise IsomorphError(f"{file}: is not a .npy array ({error})") from error
    if (
        not isinstance(response, np.ndarray)
        or response.ndim != 2
        or response.dtype.kind not in "iuf"
    ):
        found = getattr(response, "shape", type(response).__name__)
        raise IsomorphError(f"{file}: holds {found}, expected numbers (presentation, unit)")
    bad = response.size - int(np.isfinite(response).sum())
    if bad:
        raise IsomorphError(f"{file}: holds {bad} values that are not finite; leave those rows out")
    return response


def _read_csv(file: Path, required: str, rows: int, of: str) -> pd.DataFrame:
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise IsomorphError(f"{file}: is not a CSV table ({error})") from error
    if required not in table.columns:
        raise IsomorphError(
            f'{file}: no column "{required}", {did_you_mean(required, map(str, table.columns))}'
        )
    if len(table) != rows:
        raise IsomorphError(f"{file}: has {len(table)} rows, expected {rows}, the {of}")
    return table
