"""The recordings of one subject in which a variable was followed: read, or looked at first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from isomorph.foreign.nwb import Nwb
from isomorph.responses.nwb import units_of
from isomorph.responses.nwb.companions import identity
from isomorph.responses.nwb.recordings import Recording, opened, session_names
from isomorph.responses.rates.session import session_of
from isomorph.responses.rates.spikes import (
    observed_time,
    refuse_clocks,
    refuse_uncovered,
    spikes_of,
    uncovered_at_a_glance,
)
from isomorph.responses.rates.visits import Visits, visits_of
from isomorph.responses.sessions import summary
from isomorph.responses.subject_files import Read, SubjectFiles
from isomorph.stimuli.variable import Track, track_of
from isomorph.study.rates import RateResponses
from isomorph.study.variable import VariableStimuli


@dataclass(frozen=True)
class Followed:
    """One open recording and the variable in it.

    Attributes
    ----------
    recording : Recording
    holder : Nwb
        The file that the variable stands in.
    track : Track
        The variable.
    files : tuple of Path
        All files it is read from.
    """

    recording: Recording
    holder: Nwb
    track: Track
    files: tuple[Path, ...]


def followed(files: SubjectFiles, settings: RateResponses) -> Iterator[Followed]:
    """Open a subject's recordings, one after another, and read the variable in each.

    Yields
    ------
    Followed
        Open until the next is asked for.
    """
    stimuli = variable_of(files)
    for recording, holder, read_from in opened(files, settings):
        track = track_of(holder, files, stimuli)
        yield Followed(recording, holder, track, read_from)


def variable_of(files: SubjectFiles) -> VariableStimuli:
    """Return the settings of the variable that a subject's stimuli are bins of."""
    assert isinstance(files.stimuli, VariableStimuli), "the study refuses rates over other stimuli"
    return files.stimuli


def sessions_of(
    files: SubjectFiles, settings: RateResponses
) -> Iterator[tuple[str, Visits, tuple[Path, ...]]]:
    """Read the spikes of a subject's recordings, one after another.

    Yields
    ------
    session : str
        Id of the session as the recording has it, '' where it has none.
    visits : Visits
    files : tuple of Path
        All files it is read from.
    """
    table = table_of(files)
    for one in followed(files, settings):
        spikes = spikes_of(one.recording, one.holder, one.track, settings)
        visits = visits_of(spikes, variable_of(files), table)
        yield identity(one.recording.nwb).session, visits, one.files


def table_of(files: SubjectFiles) -> pd.DataFrame:
    """Return the stimulus table, which is made before."""
    assert files.names.rows is not None, "rates are read after their stimuli"
    return files.names.rows


def read(files: SubjectFiles, settings: RateResponses) -> Read:
    """Read a subject's rates.

    Parameters
    ----------
    files : SubjectFiles
        With what is known of the stimuli.
    settings : RateResponses

    Raises
    ------
    IsomorphError
        When a file, series, table or column is not there or cannot be used, spikes and variable
        are on different clocks, or two recordings cannot be told apart.
    """
    sessions: list[xr.Dataset] = []
    ids: list[str] = []
    paths: list[Path] = []
    inputs: set[Path] = set()
    for session, visits, read_from in sessions_of(files, settings):
        data = session_of(visits, settings, table_of(files), files.where)
        sessions.append(data)
        ids.append(session)
        paths.append(read_from[0])
        inputs.update(read_from)
        files.say(f"{read_from[0].name}: {summary(data)}")
    return Read(dict(zip(session_names(ids, paths), sessions, strict=True)), sorted(inputs))


def look(files: SubjectFiles, settings: RateResponses) -> None:
    """Open a subject's recordings and refuse what `read` would, of most spikes nothing read."""
    ids, paths = [], []
    for one in followed(files, settings):
        recording, where = one.recording, str(one.recording.path)
        trains, _, _, keep, dropped = units_of(recording, settings)
        track, keep, _ = observed_time(recording, one.holder, one.track, keep, dropped)
        between = trains.between(keep, where)
        refuse_clocks(trains, keep, track, between)
        out = uncovered_at_a_glance(track, between)
        refuse_uncovered(track, out, between, settings.uncovered)
        ids.append(identity(recording.nwb).session)
        paths.append(recording.path)
    session_names(ids, paths)
