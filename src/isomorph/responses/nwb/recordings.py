"""Recordings of one subject: a file for a session, each read alike whatever it holds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.archives.manifest import find_files
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.responses.nwb.observed import without_invalid
from isomorph.responses.nwb.recording import open_recording, session_id
from isomorph.responses.nwb.shown import Names, Shown, read_shown
from isomorph.responses.nwb.windows import all_windows, said_windows
from isomorph.responses.presentations import repetitions
from isomorph.responses.regions import Listed, grouped, read_listed
from isomorph.responses.sessions import (
    placed_in_time,
    session_data,
    stimulus_ids,
    summary,
    write_sessions,
)
from isomorph.stimuli.naming import naming
from isomorph.study.responses import RegionTable, Windowed

Array = npt.NDArray


@dataclass(frozen=True)
class Open:
    """One open recording.

    Attributes
    ----------
    file : h5py.File
        The recording.
    path : Path
        Where it stands.
    shown : Shown
        What was shown when.
    stimuli : ndarray (stimulus,) of str
        Ids of the stimulus table.
    listed : Listed or None
        The table that says where its units stand, when it is one.
    """

    file: h5py.File
    path: Path
    shown: Shown
    stimuli: Array
    listed: Listed | None = None


def prepare_recordings(
    layout: Layout, dataset: str, subject: str, read: Callable[[Open], xr.Dataset]
) -> None:
    """Read a subject's recordings and write them, a group per session.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose recordings.
    read : callable
        From an open recording to its session.

    Raises
    ------
    IsomorphError
        When a file, table or column is not there or cannot be used, or the presentations differ
        from those expected. Nothing is written then.
    """
    settings = layout.study.dataset(dataset).responses
    assert isinstance(settings, Windowed)
    files = find_files(layout, dataset, settings.files.replace("{subject}", subject))
    stimuli = stimulus_ids(layout, dataset)
    names = Names(naming(layout, dataset).ids, stimuli, str(layout.stimuli(dataset)))
    region = getattr(settings, "region", None)
    listed = read_listed(layout, dataset, region) if isinstance(region, RegionTable) else None
    inputs = [*files, *([listed.file] if listed is not None else [])]
    ids, sessions = [], []
    for path in files:
        with ExitStack() as stack:
            file = stack.enter_context(open_recording(path))
            beside, holder = path, file
            if settings.companion is not None:
                beside = _companion(path, settings.companion)
                holder = stack.enter_context(open_recording(beside))
                inputs.append(beside)
            shown = read_shown(holder, beside, settings.presentations, names)
            shown = without_invalid(file, str(path), shown, all_windows(settings))
            ids.append(session_id(file))
            sessions.append(read(Open(file, path, shown, stimuli, listed)))
        print(f"responses {dataset} {path.name}: {summary(sessions[-1])}", file=sys.stderr)
        sys.stderr.flush()
    named = dict(zip(session_names(ids, files), sessions, strict=True))
    write_sessions(layout, dataset, subject, named, inputs)


def _companion(path: Path, name: str) -> Path:
    """Return the file beside a recording that holds its presentations."""
    beside = path.with_name(name.replace("{stem}", path.stem))
    if not beside.is_file():
        raise IsomorphError(
            f"{beside}: no such file, which holds the presentations of {path.name}; fetch it too "
            "or correct responses.companion"
        )
    return beside


def session_names(ids: Sequence[str], files: Sequence[Path]) -> list[str]:
    """Return a unique name per recording: its `session_id`, or file stems where two agree.

    Parameters
    ----------
    ids : sequence of str
        `session_id` of each recording, '' where it has none.
    files : sequence of Path
        The recordings.

    Raises
    ------
    IsomorphError
        When neither tells the files apart.
    """
    stems = [file.stem for file in files]
    # A session is a group of the netCDF file, in whose name a slash would open a subgroup.
    named = [
        session.strip().replace("/", "-") or stem for session, stem in zip(ids, stems, strict=True)
    ]
    for names in (named, stems):
        if len(set(names)) == len(names):
            return names
    raise IsomorphError(
        f"{files[0]}: shares its session_id and its file name with another file of the subject; "
        "give each session its own"
    )


def region_reasons(
    names: Array, settings: Windowed, unknown: str = "units without a region"
) -> tuple[Array, dict[str, Array]]:
    """Return the region of each unit under the study's names, and which units have none.

    Parameters
    ----------
    names : ndarray (unit,) of str
        Regions as the recording calls them, '' for none.
    settings : Windowed
        How regions are grouped.
    unknown : str
        The reason given for units without a region.

    Returns
    -------
    regions : ndarray (unit,) of str
    reasons : dict of str to ndarray (unit,) of bool
        Units to leave out, by reason.
    """
    regions, left = grouped(names, settings.regions, settings.others)
    reasons = {unknown: names == ""}
    if left:
        shown = sorted(left, key=lambda name: -left[name])
        said = ", ".join(shown[:8]) + (", …" if len(shown) > 8 else "")
        reasons[f"units of other regions ({said})"] = (names != "") & (regions == "")
    return regions, reasons


def session_of(
    responses: Mapping[str, Array],
    units: Array,
    regions: Array,
    recording: Open,
    dropped: Mapping[str, int],
    measured: tuple[str, str],
    windows: Mapping[str, tuple[float, float]],
    keep: Array | None = None,
) -> xr.Dataset:
    """Lay responses out as a session: each named window makes regions of its own.

    Parameters
    ----------
    responses : mapping of str to ndarray (presentation, unit)
        Responses by window; the name of a single window is ''.
    units, regions : ndarray (unit,) of str
        Id and region of each unit.
    recording : Open
        What was shown.
    dropped : mapping of str to int
        What was left out of it, by reason.
    measured : (unit of measurement, description)
        What a response is.
    windows : mapping of str to (start, stop)
        The same windows, seconds from onset.
    keep : ndarray (presentation,) of bool, optional
        Presentations the responses are of; all unless given.

    Returns
    -------
    Dataset
        `response (presentation, unit)` with its coordinates, see
        `isomorph.responses.sessions.session_data`.
    """
    shown = recording.shown
    stimulus, onset = shown.stimulus, shown.onset
    if keep is not None:
        stimulus, onset = stimulus[keep], onset[keep]
    suffixes = [f" {name}" if name else "" for name in responses]
    data = session_data(
        np.concatenate(list(responses.values()), axis=1),
        stimulus=stimulus,
        repetition=repetitions(stimulus, onset),
        unit=np.concatenate([np.char.add(units, suffix) for suffix in suffixes]),
        region=np.concatenate([np.char.add(regions, suffix) for suffix in suffixes]),
        stimuli=recording.stimuli,
        dropped={**shown.dropped, **dropped},
        extra={
            "onset": ("presentation", onset),
            **placed_in_time(
                np.tile(regions, len(responses)),
                np.repeat([windows[name] for name in responses], len(units), axis=0),
            ),
        },
    )
    data["onset"].attrs = {"units": "s"}
    data["response"].attrs = {"units": measured[0], "long_name": measured[1]}
    return data


def refuse_silent(
    counts: Array, recording: Open, settings: Windowed, between: tuple[float, float]
) -> None:
    """Refuse a recording in which no unit fires in any window: its clocks differ.

    Raises
    ------
    IsomorphError
        Saying where spikes and onsets lie.
    """
    if counts.any():
        return
    onset = recording.shown.onset
    raise IsomorphError(
        f"{recording.path}: every unit is silent {said_windows(settings)}: spikes lie between "
        f"{between[0]:g} and {between[1]:g}, onsets between {onset.min():g} and {onset.max():g}; "
        "both must be in seconds on one clock, and responses.window too"
    )
