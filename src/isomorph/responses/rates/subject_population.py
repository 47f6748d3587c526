"""The activity of one subject's populations over time, a session at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import xarray as xr

from isomorph.foreign.nwb import Nwb
from isomorph.registry import Registry
from isomorph.responses.nwb import units_of
from isomorph.responses.nwb.companions import identity
from isomorph.responses.nwb.recordings import Recording, recordings, session_names
from isomorph.responses.rates.population import population_of
from isomorph.responses.rates.spikes import spikes_of
from isomorph.responses.rates.subject import followed
from isomorph.responses.rates.while_shown import track_while_shown
from isomorph.responses.subject_files import Read, SubjectFiles
from isomorph.stimuli.variable import Track
from isomorph.study.axes import axes_of
from isomorph.study.responses import NwbResponses, RateResponses
from isomorph.study.topology import Topology

Tracked = tuple[Recording, Nwb, Track, tuple[Path, ...]]
"""An open recording, the file its variable stands in, the variable, and all files that are read."""


def read_population(files: SubjectFiles, responses: Any, settings: Topology) -> Read:
    """Read what the populations of a subject did over time.

    Parameters
    ----------
    files : SubjectFiles
    responses : NwbResponses or RateResponses
        Which recordings and units.
    settings : Topology
        Bins and smoothing.

    Returns
    -------
    Read
        By session, see `isomorph.responses.rates.population.population_of`.

    Raises
    ------
    IsomorphError
        When a file, series, table or column is not there or cannot be used, or spikes and what was
        shown are on different clocks.
    """
    sessions: list[xr.Dataset] = []
    ids: list[str] = []
    paths: list[Path] = []
    inputs: set[Path] = set()
    for recording, holder, track, read_from in TRACKED[responses.kind](files, responses, settings):
        spikes = spikes_of(recording, holder, track, responses)
        data = population_of(spikes, settings.bin, settings.smoothing)
        sessions.append(data)
        ids.append(identity(recording.nwb).session)
        paths.append(recording.path)
        inputs.update(read_from)
        files.say(
            f"{recording.path.name}: {data.sizes['time']} bins of {settings.bin:g} s in "
            f"{int(data['segment'].values[-1]) + 1} stretches × {data.sizes['unit']} units"
        )
    return Read(dict(zip(session_names(ids, paths), sessions, strict=True)), sorted(inputs))


def _followed(files: SubjectFiles, responses: RateResponses, _: Topology) -> Iterator[Tracked]:
    for one in followed(files, responses):
        yield one.recording, one.holder, one.track, one.files


def _shown(files: SubjectFiles, responses: NwbResponses, settings: Topology) -> Iterator[Tracked]:
    axes, table = axes_of(files.stimuli), files.names.rows
    assert table is not None, "populations are read after their stimuli"
    for recording, read_from in recordings(files, responses):
        trains, _, _, keep, _ = units_of(recording, responses)
        between = trains.between(keep, str(recording.path))
        track = track_while_shown(recording, axes, table, between, settings.bin)
        yield recording, recording.nwb, track, read_from


TRACKED: Registry[Callable[[SubjectFiles, Any, Topology], Iterator[Tracked]]] = Registry(
    "kind of responses from spikes", {"rates": _followed, "nwb": _shown}
)
"""Time that counts in a recording, by the `kind` of responses."""
