"""The NWB recordings of one subject: read, or looked at before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.registry import Registry
from isomorph.responses.clocks import refuse_windows
from isomorph.responses.nwb import (
    observed_units,
    rasters,
    read_session,
    refuse_clocks,
    traces,
    units_of,
)
from isomorph.responses.nwb.companions import identity
from isomorph.responses.nwb.count_windows import all_windows
from isomorph.responses.nwb.recordings import Open, recordings, session_names
from isomorph.responses.nwb.sampled import sampled
from isomorph.responses.nwb.uncovered import outside
from isomorph.responses.nwb.units import kept, refuse_none
from isomorph.responses.sessions import summary
from isomorph.responses.subject_files import Read, SubjectFiles
from isomorph.study.responses import (
    NwbResponses,
    RasterResponses,
    TraceResponses,
    Windowed,
)

Recordings = NwbResponses | TraceResponses | RasterResponses


@dataclass(frozen=True)
class RecordingKind:
    """What recordings hold.

    Attributes
    ----------
    read : callable
        From an open recording to its session.
    look : callable
        Refuses what `read` would; of spikes only the first and the last of each unit are read,
        unless these are odd, and of samples none.
    """

    read: Callable[[Open, Any], xr.Dataset]
    look: Callable[[Open, Any], None]


def read(files: SubjectFiles, settings: Recordings) -> Read:
    """Read a subject's recordings.

    Parameters
    ----------
    files : SubjectFiles
    settings : NwbResponses, TraceResponses or RasterResponses
        Which recordings, what was shown in them, and windows.

    Returns
    -------
    Read

    Raises
    ------
    IsomorphError
        When a file, table, series or column is not there or cannot be used, or two recordings
        cannot be told apart.
    """
    sessions: list[xr.Dataset] = []
    inputs: set[Path] = set()

    def held(recording: Open, read_from: Sequence[Path]) -> None:
        sessions.append(KINDS[settings.kind].read(recording, settings))
        inputs.update(read_from)
        files.say(f"{recording.path.name}: {summary(sessions[-1])}")

    names = _each(files, settings, held)
    return Read(dict(zip(names, sessions, strict=True)), sorted(inputs))


def look(files: SubjectFiles, settings: Recordings) -> None:
    """Open a subject's recordings and refuse what `read` would.

    Tables, columns, series, regions, names of stimuli, clocks and windows are looked at, see
    `RecordingKind`.
    """
    _each(files, settings, lambda recording, _: KINDS[settings.kind].look(recording, settings))


def _each(
    files: SubjectFiles, settings: Windowed, use: Callable[[Open, Sequence[Path]], None]
) -> list[str]:
    """Use each recording while it is open, and return the name of each one's session."""
    ids, paths = [], []
    for recording, read_from in recordings(files, settings):
        ids.append(identity(recording.nwb).session)
        paths.append(recording.path)
        use(recording, read_from)
    files.names.refuse_misspelt()
    return session_names(ids, paths)


def _spikes(recording: Open, settings: NwbResponses) -> None:
    """Look at the first and the last spike of each unit; where they are odd, count all spikes.

    Counting is what tells chance from times that are on another clock.
    """
    windows, where = all_windows(settings), str(recording.path)
    refuse_windows(windows, recording.shown.onset, where)
    trains, _, _, keep, dropped = units_of(recording, settings)
    own, keep, _ = observed_units(recording, keep, dropped, settings)
    between = trains.between(keep, where)
    before, after = outside(own.shown.onset, windows, between)
    odd = bool((before | after).mean() > settings.uncovered)
    try:
        refuse_clocks(trains, keep, own, between, settings)
    except IsomorphError:
        odd = True
    if odd:
        read_session(recording, settings)


def _traces(recording: Open, settings: TraceResponses) -> None:
    found, recording = sampled(recording, settings.signal, settings, whole=False)
    ids, _, reasons = traces.rois_of(found, recording, settings)
    refuse_none(*kept(reasons, len(ids)), str(recording.path))


def _rasters(recording: Open, settings: RasterResponses) -> None:
    found, recording = sampled(recording, settings.raster, settings, whole=True)
    rasters.units_of(found, recording, settings)


KINDS: Registry[RecordingKind] = Registry(
    "kind of recording",
    {
        "nwb": RecordingKind(read_session, _spikes),
        "traces": RecordingKind(traces.read_session, _traces),
        "rasters": RecordingKind(rasters.read_session, _rasters),
    },
)
"""What recordings hold, by the `kind` of a dataset's responses."""
