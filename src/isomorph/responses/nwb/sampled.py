"""Sampled recordings: the samples of every window of the presentations that they cover."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import NwbContainer, check_ascending, read_clock, series_at, stored
from isomorph.responses.clocks import refuse_windows
from isomorph.responses.nwb.count_windows import all_windows, places_of, refuse_coarse
from isomorph.responses.nwb.recordings import Open
from isomorph.responses.nwb.uncovered import BEYOND, without_uncovered
from isomorph.study.responses import Windowed

Array = npt.NDArray


@dataclass(frozen=True)
class Sampled:
    """A series of samples of all units, none of its values read.

    Attributes
    ----------
    series : TimeSeries
        The series.
    data : h5py.Dataset of shape (sample, unit)
        Its values as they are stored.
    first, stop : arrays of shape (window, presentation)
        Numbers of the first sample in each window and of the first after it.
    recorded : tuple (float, float)
        When it starts and stops, seconds.
    place : str
        File and series, for messages.
    """

    series: NwbContainer
    data: Any
    first: Array
    stop: Array
    recorded: tuple[float, float]
    place: str


def sampled(recording: Open, path: str, settings: Windowed, *, whole: bool) -> tuple[Sampled, Open]:
    """Return the samples of the presentations that a series covers, and those presentations.

    Parameters
    ----------
    recording : Open
        The open recording and what was shown in it.
    path : str
        HDF5 path of the series.
    settings : Windowed
        Windows, and how many presentations it may not cover.
    whole : bool
        Whether every sample of a window has to be there, as where they are added up; one has to be
        where they are averaged.

    Raises
    ------
    IsomorphError
        When there is no such series, its times do not ascend, or it covers too few presentations.
    """
    place = f"{recording.path}: {path}"
    series = series_at(recording.nwb, path)
    data = stored(series.data)
    if len(np.shape(data)) != 2:
        raise IsomorphError(
            f"{place}: its data are of shape {np.shape(data)}, expected (time, unit)"
        )
    clock = read_clock(series, data.shape[0], place)
    check_ascending(clock, place)
    windows = all_windows(settings)
    refuse_windows(windows, recording.shown.onset, str(recording.path))
    refuse_coarse(clock, windows, place)
    first, stop, inside = places_of(clock, recording.shown.onset, windows)
    if whole:
        length = np.array([stop - start for start, stop in windows])[:, None]
        inside &= ((stop - first + 1.5) * clock.period > length).all(axis=0)
    recorded = float(clock.times()[0]) if clock.size else 0.0, clock.end
    shown = without_uncovered(~inside, recording.shown, settings.uncovered, recorded, place, BEYOND)
    found = Sampled(series, data, first[:, inside], stop[:, inside], recorded, place)
    return found, replace(recording, shown=shown)
