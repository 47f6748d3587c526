"""A look at recordings before anything is computed: what would be refused is refused at once."""

from __future__ import annotations

from collections.abc import Callable

from isomorph.errors import IsomorphError
from isomorph.layout import Layout
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
from isomorph.responses.nwb.recordings import Open, recordings, session_names
from isomorph.responses.nwb.sampled import sampled
from isomorph.responses.nwb.uncovered import outside
from isomorph.responses.nwb.units import kept, refuse_none
from isomorph.responses.nwb.windows import all_windows
from isomorph.stimuli.names import Names
from isomorph.study.responses import (
    NwbResponses,
    RasterResponses,
    TraceResponses,
    Windowed,
)


def look(layout: Layout, dataset: str, subject: str, names: Names) -> None:
    """Open a subject's recordings and refuse what their responses could not be made of.

    Tables, columns, series, regions, names of stimuli, clocks and windows are looked at; of
    spikes only the first and the last of each unit are read, unless these are odd, and of samples
    none.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose recordings.
    names : Names
        What names in them stand for.

    Raises
    ------
    IsomorphError
        As the stage that makes the responses would, see `isomorph.responses.nwb.prepare`.
    """
    settings = layout.study.dataset(dataset).responses
    assert isinstance(settings, Windowed)
    ids, files = [], []
    for recording, _ in recordings(layout, dataset, subject, names):
        ids.append(identity(recording.nwb).session)
        files.append(recording.path)
        LOOKS[settings.kind](recording, settings)
    names.refuse_misspelt()
    session_names(ids, files)


def _spikes(recording: Open, settings: Windowed) -> None:
    """Look at the first and the last spike of each unit; where they are odd, count all spikes.

    Counting is what tells chance from times that are on another clock.
    """
    assert isinstance(settings, NwbResponses)
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


def _traces(recording: Open, settings: Windowed) -> None:
    assert isinstance(settings, TraceResponses)
    found, recording = sampled(recording, settings.signal, settings, whole=False)
    ids, _, reasons = traces.rois_of(found, recording, settings)
    refuse_none(*kept(reasons, len(ids)), str(recording.path))


def _rasters(recording: Open, settings: Windowed) -> None:
    assert isinstance(settings, RasterResponses)
    found, recording = sampled(recording, settings.raster, settings, whole=True)
    rasters.units_of(found, recording, settings)


LOOKS: Registry[Callable[[Open, Windowed], None]] = Registry(
    "kind of recording", {"nwb": _spikes, "traces": _traces, "rasters": _rasters}
)
"""What is looked at, by the `kind` of a dataset's responses."""
