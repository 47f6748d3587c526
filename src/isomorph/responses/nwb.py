"""Responses from NWB recordings: spike counts, one file for one session."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.archives.manifest import find_files
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.layout import Layout
from isomorph.responses.columns import column, open_nwb, text
from isomorph.responses.counts import check_spikes, spike_counts
from isomorph.responses.presentations import repetitions, usable
from isomorph.responses.sessions import session_data, stimulus_ids, summary, write_sessions
from isomorph.responses.units import passing, unit_ids, unit_regions
from isomorph.study.responses import NwbResponses, Presentations

Array = npt.NDArray


def prepare(layout: Layout, dataset: str, subject: str) -> None:
    """Count the spikes of a subject's recordings and write them, a group per session.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose recordings.

    Raises
    ------
    IsomorphError
        When a file, table or column is not there, spike times are not usable, or the counts
        differ from those expected. Nothing is written then.
    """
    settings = layout.study.dataset(dataset).responses
    assert isinstance(settings, NwbResponses)
    files = find_files(layout, dataset, settings.files.replace("{subject}", subject))
    stimuli = stimulus_ids(layout, dataset)
    table = str(layout.stimuli(dataset))
    ids, read = [], []
    for file in files:
        with open_nwb(file) as nwb:
            ids.append(nwb.session_id or "")
            read.append(read_session(nwb, settings, stimuli, str(file), table))
        print(f"responses {dataset} {file.name}: {summary(read[-1])}", file=sys.stderr, flush=True)
    sessions = dict(zip(session_names(ids, files), read, strict=True))
    write_sessions(layout, dataset, subject, sessions, files)


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


def read_session(
    nwb: Any, settings: NwbResponses, stimuli: Array, where: str, table: str
) -> xr.Dataset:
    """Count the spikes of one recording.

    Parameters
    ----------
    nwb : pynwb.NWBFile
        The open recording.
    settings : NwbResponses
        Columns, window and criteria.
    stimuli : ndarray (stimulus,) of str
        Ids of the stimulus table.
    where, table : str
        The recording and the stimulus table, for messages.

    Returns
    -------
    Dataset
        `response (presentation, unit)` in spikes with its coordinates, see
        `isomorph.responses.sessions.session_data`.
    """
    label, onset, dropped = _presentations(nwb, settings.presentations, stimuli, where, table)
    units, regions, spikes, ends, left_out = _units(nwb, settings, where)
    response = spike_counts(spikes, ends, onset, settings.window)
    start, stop = settings.window
    if not response.any():
        raise IsomorphError(
            f"{where}: every unit is silent in every window [{start:g}, {stop:g}) s: spikes lie "
            f"between {spikes.min():g} and {spikes.max():g}, onsets between {onset.min():g} and "
            f"{onset.max():g}; both must be in seconds on one clock, and responses.window too"
        )
    data = session_data(
        response,
        stimulus=label,
        repetition=repetitions(label, onset),
        unit=units,
        region=regions,
        stimuli=stimuli,
        dropped={**dropped, **left_out},
        extra={"onset": ("presentation", onset)},
    )
    data["onset"].attrs = {"units": "s"}
    data["response"].attrs = {
        "units": "spikes",
        "long_name": f"spikes from {start:g} to {stop:g} s after onset",
    }
    return data


def _presentations(
    nwb: Any, spec: Presentations, stimuli: Array, where: str, stimulus_table: str
) -> tuple[Array, Array, dict[str, int]]:
    """Return stimulus and onset of each usable presentation, in the file's order."""
    tables = {"trials": nwb.trials, "epochs": nwb.epochs, **nwb.intervals}
    tables = {name: table for name, table in tables.items() if table is not None}
    name = spec.table or "trials"
    if name not in tables:
        raise IsomorphError(f'{where}: no intervals table "{name}", {did_you_mean(name, tables)}')
    table, place = tables[name], f"{where}: {name}"
    label = text(column(table, spec.stimulus or "", place))
    written = column(table, spec.onset, place)
    try:
        onset = written.astype(np.float64)
    except (TypeError, ValueError):
        raise IsomorphError(
            f'{place}: column "{spec.onset}" holds {written[0]!r}, expected onsets in seconds'
        ) from None
    keep, dropped = usable(
        label, onset, stimuli, f'{place}: column "{spec.stimulus}"', stimulus_table
    )
    return label[keep], onset[keep], dropped


def _units(
    nwb: Any, settings: NwbResponses, where: str
) -> tuple[Array, Array, Array, Array, dict[str, int]]:
    """Return id and region of each unit kept, their spikes, and how many units were not kept.

    A unit is counted under the first reason that applies, so the counts and the units kept add
    up to the table.
    """
    from hdmf.common import VectorIndex

    if nwb.units is None or not len(nwb.units):
        raise IsomorphError(f"{where}: holds no units, expected sorted units with spike_times")
    if "spike_times" not in nwb.units.colnames:
        raise IsomorphError(f"{where}: units have no spike_times, expected sorted units")
    place = f"{where}: units"
    ids = unit_ids(nwb.units, place)
    regions, split = unit_regions(nwb.units, settings.region, place)
    column_of_spikes = nwb.units["spike_times"]
    assert isinstance(column_of_spikes, VectorIndex)
    ends = np.asarray(column_of_spikes.data[:], dtype=np.int64)
    sizes = np.diff(ends, prepend=0)
    reasons = {"units across two regions": split, "units without a region": regions == ""}
    for name, good in passing(nwb.units, settings.quality, place).items():
        reasons[f"units failing {name}"] = ~good
    reasons["units without a spike"] = sizes == 0
    keep = np.ones(len(ids), dtype=bool)
    dropped = {}
    for reason, bad in reasons.items():
        dropped[reason] = int((keep & bad).sum())
        keep &= ~bad
    if not keep.any():
        said = ", ".join(f"{count} {reason}" for reason, count in dropped.items() if count)
        raise IsomorphError(f"{where}: none of the {len(ids)} units is left ({said})")
    spikes = np.asarray(column_of_spikes.target.data[:], dtype=np.float64)
    if (sizes < 0).any() or sizes.sum() != len(spikes):
        check_spikes(spikes, ends, ids, where)
    if not keep.all():
        spikes, ends = spikes[np.repeat(keep, sizes)], np.cumsum(sizes[keep])
    check_spikes(spikes, ends, ids[keep], where)
    return ids[keep], regions[keep], spikes, ends, dropped
