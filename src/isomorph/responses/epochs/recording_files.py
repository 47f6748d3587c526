"""Recordings of one subject, found and opened: their tables, channels and events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.entities import parse
from isomorph.foreign.inheritance import inherited, partner
from isomorph.responses.epochs.recording import (
    Channels,
    choose_channels,
    files_of,
    open_recordings,
    scale_of,
)
from isomorph.responses.epochs.stimulus_events import Events, read_events
from isomorph.responses.subject_files import SubjectFiles
from isomorph.stimuli.names import Names
from isomorph.study.epochs import EpochResponses

Array = npt.NDArray


@dataclass(frozen=True)
class RecordingFiles:
    """One recording and the tables that belong to it.

    Attributes
    ----------
    file : Path
        Its file, or the folder that is one.
    raw : mne.io.BaseRaw
        The same, opened.
    events : Path
    channels : Path or None
    """

    file: Path
    raw: Any
    events: Path
    channels: Path | None

    @property
    def files(self) -> list[Path]:
        """Every file that is read."""
        tables = [self.events, *([self.channels] if self.channels else [])]
        return [*files_of(self.file, self.raw), *tables]


@dataclass(frozen=True)
class Ready:
    """The recordings of one session, ready to be cut.

    Attributes
    ----------
    runs : sequence of RecordingFiles
    chosen : list of Channels
        Of each run.
    channels : list of str
        Those that are good in every run.
    scale : array of shape (channel,)
        Factor of each to the unit of the responses.
    unit : str
        That unit.
    events : list of Events
        Of each run.
    """

    runs: Sequence[RecordingFiles]
    chosen: list[Channels]
    channels: list[str]
    scale: Array
    unit: str
    events: list[Events]


def gather(files: SubjectFiles, settings: EpochResponses) -> list[RecordingFiles]:
    """Find and open the recordings of one subject, each with its tables.

    Parameters
    ----------
    files : SubjectFiles
    settings : EpochResponses
        Which files are recordings, and which tables of events belong to them.

    Raises
    ------
    IsomorphError
        When a pattern matches nothing, a recording cannot be opened, or has no events.
    """
    opened = open_recordings(files.own(settings.files, settings.folders))
    pattern = settings.presentations.files
    named = files.own(pattern) if pattern else []
    events, channels = files.listed("**/*events.tsv"), files.listed("**/*channels.tsv")
    found = []
    for file, raw in opened.items():
        table = (
            partner(file, named, "tables of events")
            if pattern
            else inherited(file, events, "tables of events")
        )
        if table is None:
            raise IsomorphError(
                f"{file}: none of the {len(events)} tables of events (*events.tsv) belongs to it; "
                "it must stand beside the recording or in a folder above, and be among "
                "archive.files, or be matched by responses.presentations.files"
            )
        found.append(
            RecordingFiles(file, raw, table, inherited(file, channels, "tables of channels"))
        )
    return found


def ready(runs: Sequence[RecordingFiles], spec: EpochResponses, names: Names) -> Ready:
    """Choose the channels of one session and read its events.

    Parameters
    ----------
    runs : sequence of RecordingFiles
        One per run.
    spec : EpochResponses
        Channels, and what columns of events mean.
    names : Names
        What names in events tables stand for.

    Raises
    ------
    IsomorphError
        When a channel or column is not there, channels have no unit in common, or no event shows
        a stimulus of the set.
    """
    files = [run.file for run in runs]
    chosen = [choose_channels(run.raw, run.file, run.channels, spec) for run in runs]
    channels = _good_in_all(chosen, files)
    scale, unit = scale_of(channels, chosen[0].types, files[0])
    if "," in unit and spec.noise is None:
        raise IsomorphError(
            f"{files[0]}: the channels are in {unit}, which cannot stand side by side; pick one "
            "type, or give responses.noise"
        )
    events = [
        read_events(run.events, spec.presentations, names, float(run.raw.info["sfreq"]))
        for run in runs
    ]
    return Ready(runs, chosen, channels, scale, unit, events)


def by_session(recordings: Sequence[RecordingFiles]) -> dict[str, list[RecordingFiles]]:
    """Group recordings by their `ses-`, runs in order; "1" where names have none."""
    found: dict[str, list[RecordingFiles]] = {}
    for one in recordings:
        found.setdefault(str(parse(one.file).entities.get("ses", "1")), []).append(one)
    return found


def _good_in_all(chosen: Sequence[Channels], files: Sequence[Path]) -> list[str]:
    """Return the channels good in every run, in the order of the first."""
    common = [name for name in chosen[0].names if all(name in one.names for one in chosen)]
    if not common:
        raise IsomorphError(
            f"{files[0]}: shares no good channel with the {len(files) - 1} other runs of its "
            "session"
        )
    return common
