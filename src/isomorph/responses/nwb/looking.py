"""A look at recordings before anything is computed: what would be refused is refused at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from isomorph.layout import Layout
from isomorph.registry import Registry
from isomorph.responses.nwb import observed_units, rasters, refuse_clocks, traces, units_of
from isomorph.responses.nwb.clocks import refuse_windows
from isomorph.responses.nwb.recordings import Open, recordings
from isomorph.responses.nwb.sampled import sampled
from isomorph.responses.nwb.shown import Names
from isomorph.responses.nwb.units import kept, refuse_none
from isomorph.responses.nwb.windows import all_windows
from isomorph.stimuli import STIMULI
from isomorph.stimuli.naming import Naming
from isomorph.study.responses import (
    NwbResponses,
    RasterResponses,
    TraceResponses,
    Windowed,
)


def look(layout: Layout, dataset: str, subject: str) -> None:
    """Open a subject's recordings and refuse what their responses could not be made of.

    Tables, columns, series, regions, names of stimuli, clocks and windows are looked at; of
    spikes only the first and the last of each unit are read, and of samples none.

    Parameters
    ----------
    layout : Layout
        Paths of the study. The dataset must have been fetched; where its stimuli have been made
        already, names are compared with them.
    dataset, subject : str
        Whose recordings.

    Raises
    ------
    IsomorphError
        As the stage that makes the responses would, see `isomorph.responses.nwb.prepare`.
    """
    settings = layout.study.dataset(dataset).responses
    assert isinstance(settings, Windowed)
    for recording, _ in recordings(layout, dataset, subject, _names(layout, dataset)):
        LOOKS[settings.kind](recording, settings)


def _names(layout: Layout, dataset: str) -> Names | None:
    """Return what names will stand for once the stimuli are made, None where they are."""
    if layout.stimuli(dataset).is_file():
        return None
    owner = layout.study.stimulus_set(dataset)
    source, kind = layout.study.dataset_files[owner], layout.study.dataset(owner).stimuli.kind
    if kind == "nwb":  # only the pixels of all recordings tell, see `isomorph.stimuli.naming`
        return Names(lambda _, names: names, np.zeros(0, dtype=np.str_), str(source))
    ids = [one.name for one in STIMULI[kind](layout, owner)]
    listed = Naming(frozenset(ids), {}, {}, Path(), f"{source}: stimuli")
    return Names(listed.ids, np.array(ids, dtype=np.str_), listed.where)


def _spikes(recording: Open, settings: Windowed) -> None:
    assert isinstance(settings, NwbResponses)
    refuse_windows(all_windows(settings), recording.shown.onset, str(recording.path))
    trains, _, _, keep, dropped = units_of(recording, settings)
    recording, keep, _ = observed_units(recording, keep, dropped, settings)
    refuse_clocks(trains, keep, recording, trains.between(keep, str(recording.path)), settings)


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
