"""Sessions of ready responses: which presentations belong together, and which count."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.responses.presentations import repetitions, usable
from isomorph.responses.sessions import session_data

Array = npt.NDArray


@dataclass(frozen=True)
class Named:
    """The files responses are read from, for messages.

    Attributes
    ----------
    presentations, units, stimuli : str
        What says the presentations and the units of the array, and the stimulus table.
    """

    presentations: str
    units: str
    stimuli: str


@dataclass(frozen=True)
class ArrayUnits:
    """The units of an array that count.

    Attributes
    ----------
    position : array of shape (unit,)
        Where each stands in the array.
    name, region : arrays of str of shape (unit,)
    left_out, noted : mapping of str to int
        How many do not count, and of how many something must be known, by reason.
    coordinates : mapping
        Further coordinates as `(dimension, values)`.
    attributes : mapping
        What those are of.
    """

    position: Array
    name: Array
    region: Array
    left_out: Mapping[str, int] = field(default_factory=dict)
    noted: Mapping[str, int] = field(default_factory=dict)
    coordinates: Mapping[str, tuple[str, Array]] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)


def divided(
    response: Array,
    shown: pd.DataFrame,
    units: ArrayUnits,
    stimuli: Array,
    named: Named,
    times: Array | None = None,
) -> dict[str, xr.Dataset]:
    """Divide ready responses into sessions.

    Parameters
    ----------
    response : array of shape (presentation, unit) or (presentation, unit, time)
        The responses of the units that count.
    shown : DataFrame
        A row per presentation: `stimulus` and optionally `session` and `run`.
    units : ArrayUnits
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
        if not np.any(response[rows]):
            raise IsomorphError(
                f"{named.presentations}: session {name}: every response of every unit with a "
                "region is 0; leave the session out"
            )
        data = session_data(
            response[rows],
            stimulus=label[rows],
            repetition=repetitions(label[rows], rows),
            unit=units.name,
            region=units.region,
            stimuli=stimuli,
            dropped={**dropped, **units.left_out},
            times=times,
            extra={**_runs(shown, rows), **units.coordinates},
        )
        noted = json.dumps({**json.loads(data.attrs["noted"]), **units.noted})
        called = name.replace("/", "-") or "1"
        if called in sessions:
            raise IsomorphError(
                f'{named.presentations}: the session "{name}" would be called "{called}", as '
                "another is; rename one"
            )
        sessions[called] = data.assign_attrs(noted=noted, **units.attributes)
    return sessions


def _runs(shown: pd.DataFrame, rows: Array) -> dict[str, tuple[str, Array]]:
    """Return the run of each presentation, where the table of presentations gives it."""
    if "run" not in shown or (shown["run"] == "").all():
        return {}
    return {"run": ("presentation", shown["run"].to_numpy()[rows].astype(object))}
