"""The NWB recordings of one subject: read, or looked at before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

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
from isomorph.responses.nwb.count_windows import all_windows
from isomorph.responses.nwb.recordings import Open, by_session, recordings
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
T = TypeVar("T")


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

    def told(recording: Open) -> xr.Dataset:
        data = KINDS[settings.kind].read(recording, settings)
        files.say(f"{recording.path.name}: {summary(data)}")
        return data

    return Read(*by_session(_each(files, settings, told)))


def look(files: SubjectFiles, settings: Recordings) -> None:
    """Open a subject's recordings and refuse what `read` would.

    Tables, columns, series, regions, names of stimuli, clocks and windows are looked at, see
    `RecordingKind`.
    """
    kind = KINDS[settings.kind]
    by_session(_each(files, settings, lambda recording: kind.look(recording, settings)))


def _each(
    files: SubjectFiles, settings: Windowed, use: Callable[[Open], T]
) -> Iterator[tuple[Open, T, tuple[Path, ...]]]:
    """Use each recording while it is open."""
    for recording, read_from in recordings(files, settings):
        yield recording, use(recording), read_from
    files.names.refuse_misspelt()


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
