"""The activity of one subject's populations over time, a session at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import xarray as xr

from isomorph.registry import Registry
from isomorph.responses.nwb import units_of
from isomorph.responses.nwb.recordings import Recording, by_session, recordings
from isomorph.responses.rates.population import population_of
from isomorph.responses.rates.spikes import spikes_of
from isomorph.responses.rates.subject import Followed, followed
from isomorph.responses.rates.while_shown import track_while_shown
from isomorph.responses.subject_files import Read, SubjectFiles
from isomorph.study.axes import axes_of
from isomorph.study.responses import NwbResponses
from isomorph.study.topology import Topology


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

    def sessions() -> Iterator[tuple[Recording, xr.Dataset, tuple[Path, ...]]]:
        for one in TRACKED[responses.kind](files, responses, settings):
            spikes = spikes_of(one.recording, one.holder, one.track, responses)
            data = population_of(spikes, settings.bin, settings.smoothing)
            files.say(
                f"{one.recording.path.name}: {data.sizes['time']} bins of {settings.bin:g} s in "
                f"{int(data['segment'].values[-1]) + 1} stretches × {data.sizes['unit']} units"
            )
            yield one.recording, data, one.files

    return Read(*by_session(sessions()))


def _shown(files: SubjectFiles, responses: NwbResponses, settings: Topology) -> Iterator[Followed]:
    axes, table = axes_of(files.stimuli), files.names.rows
    assert table is not None, "populations are read after their stimuli"
    for recording, read_from in recordings(files, responses):
        trains, _, _, keep, _ = units_of(recording, responses)
        between = trains.between(keep, str(recording.path))
        track = track_while_shown(recording, axes, table, between, settings.bin)
        yield Followed(recording, recording.nwb, track, read_from)


TRACKED: Registry[Callable[[SubjectFiles, Any, Topology], Iterator[Followed]]] = Registry(
    "kind of responses from spikes",
    {"rates": lambda files, responses, _: followed(files, responses), "nwb": _shown},
)
"""Time that counts in a recording, by the `kind` of responses."""
