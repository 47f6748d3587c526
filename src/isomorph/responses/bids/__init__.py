"""Responses from BIDS: amplitudes of BOLD volumes, by stimulus and run or by trial."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.archives.manifest import find_files
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.responses.bids.bold import grid_of, open_image
from isomorph.responses.bids.events import add_counts
from isomorph.responses.bids.noise import normaliser
from isomorph.responses.bids.regions import Regions, read_regions
from isomorph.responses.bids.runs import Reader, Run, RunFiles, find_runs, json_files
from isomorph.responses.presentations import repetitions
from isomorph.responses.sessions import session_data, stimulus_ids, summary, write_sessions
from isomorph.stimuli.naming import naming
from isomorph.study.bids import BidsResponses

__all__ = ["prepare"]

Array = npt.NDArray


def prepare(layout: Layout, dataset: str, subject: str) -> None:
    """Estimate the responses of a subject and write them, a group per session.

    One presentation is one stimulus in one run, or one trial. Of amplitudes per run the repetition
    is the place of the run, so that two different repetitions never share the noise of one run.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose responses.

    Raises
    ------
    IsomorphError
        When a file is missing or not what it must be, or no unit is left. Nothing is written then.
    """
    settings = layout.study.dataset(dataset).responses
    assert isinstance(settings, BidsResponses)

    def find(pattern: str) -> list[Any]:
        return find_files(layout, dataset, pattern.replace("{subject}", subject))

    runs = find_runs(layout, dataset, subject, settings)
    grid = grid_of(open_image(runs[0].bold))
    regions = read_regions(settings.regions, find, grid)
    reader = Reader(
        settings,
        stimulus_ids(layout, dataset),
        str(layout.stimuli(dataset)),
        naming(layout, dataset),
        json_files(layout, dataset),
        find(settings.confounds.files) if settings.confounds and settings.confounds.files else [],
    )
    regions, silent = _with_signal(reader, runs, regions, grid)
    sessions = {}
    for name, own in _sessions(runs, settings).items():
        session = _session(reader, own, regions, grid, f"{dataset} {subject}")
        data = _gather(session, own, regions, reader.stimuli, silent, settings)
        line = f"responses {dataset} {subject} session {name}: {summary(data)}"
        print(line, file=sys.stderr, flush=True)
        sessions[name] = data
    inputs = [file for run in runs for file in (run.bold, run.events)]
    write_sessions(layout, dataset, subject, sessions, inputs)


def _sessions(runs: Sequence[RunFiles], settings: BidsResponses) -> dict[str, list[RunFiles]]:
    if settings.sessions == "together":
        return {"1": list(runs)}
    sessions: dict[str, list[RunFiles]] = {}
    for run in runs:
        sessions.setdefault(run.session or "1", []).append(run)
    return sessions


def _with_signal(
    reader: Reader, runs: Sequence[RunFiles], regions: Regions, grid: Any
) -> tuple[Regions, dict[str, int]]:
    """Return the regions without voxels that lack a signal in any run, and how many those are.

    Every run is looked at before one is modelled: units must be the same in all, and a voxel
    without a signal would make the covariance of its region singular.
    """
    signal = np.ones(len(regions.voxels), dtype=bool)
    for run in runs:
        signal &= reader.volumes(run, regions.voxels, grid)[1]
    silent = {}
    members = {}
    place = np.cumsum(signal) - 1
    for name, member in regions.members.items():
        kept = member[signal[member]]
        if len(kept) < len(member):
            silent[f"voxels of {name} without a signal in some run"] = len(member) - len(kept)
        if len(kept):
            members[name] = place[kept]
    if not members:
        raise IsomorphError(
            f"{runs[0].bold}: none of the {len(signal)} voxels of "
            f"{', '.join(regions.members)} has a signal in every run"
        )
    return Regions(regions.voxels[signal], members, regions.noted), silent


def _session(
    reader: Reader, runs: Sequence[RunFiles], regions: Regions, grid: Any, who: str
) -> list[tuple[Run, Mapping[str, Array]]]:
    """Estimate the runs of one session and normalise their noise, region by region."""
    settings = reader.settings
    found: list[tuple[Run, Mapping[str, Array]]] = []
    read: list[Run] = []
    for number, run in enumerate(runs):
        result = reader.read(run, regions.voxels, grid)
        print(f"responses {who}: run {number + 1} of {len(runs)}", file=sys.stderr, flush=True)
        if settings.covariance == "all_runs" and settings.noise != "none":
            read.append(result)
            continue
        normalised = _by_region([result], result, regions, settings, str(run.bold))
        found.append((_without_arrays(result), normalised))
    for result in read:
        found.append((result, _by_region(read, result, regions, settings, who)))
    return found


def _without_arrays(run: Run) -> Run:
    """Return a run without its volumes, so that one run's are in memory at a time."""
    nothing = np.zeros((0, 0))
    return replace(run, fit=replace(run.fit, amplitudes=nothing, residuals=nothing))


def _by_region(
    together: Sequence[Run], run: Run, regions: Regions, settings: BidsResponses, where: str
) -> dict[str, Array]:
    """Return the amplitudes of each region's voxels `(estimate, voxel)`, noise normalised."""
    whole = run.fit.amplitudes
    if settings.centre == "run":
        whole = whole - whole.mean(axis=0)
    amplitudes = {name: whole[:, member] for name, member in regions.members.items()}
    if settings.noise == "none":
        return amplitudes
    return {
        name: normaliser(
            [one.fit.residuals[:, regions.members[name]] for one in together],
            [one.fit.freedom for one in together],
            settings.noise,
            settings.shrinkage,
            f"{where}: {name}",
        ).whiten(values)
        for name, values in amplitudes.items()
    }


def _gather(
    session: Sequence[tuple[Run, Mapping[str, Array]]],
    runs: Sequence[RunFiles],
    regions: Regions,
    stimuli: Array,
    silent: Mapping[str, int],
    settings: BidsResponses,
) -> xr.Dataset:
    """Return one session as it is written: runs one after another, regions side by side."""
    names = list(regions.members)
    response = np.concatenate(
        [np.concatenate([by_region[name] for name in names], axis=1) for _, by_region in session]
    )
    stimulus = np.concatenate([run.stimulus for run, _ in session])
    sizes = [len(run.stimulus) for run, _ in session]
    labels = [f"{run.session}-{run.run}" if run.session else run.run for run in runs]
    dropped: dict[str, int] = {}
    for run, _ in session:
        dropped = add_counts(dropped, run.dropped)
    data = session_data(
        response,
        stimulus=stimulus,
        repetition=np.repeat(np.arange(len(sizes)), sizes)
        if settings.per == "run"
        else repetitions(stimulus, np.arange(len(stimulus))),
        unit=np.array([unit for name in names for unit in regions.unit_ids(name)]),
        region=np.repeat(names, [len(regions.members[name]) for name in names]),
        stimuli=stimuli,
        dropped={**dropped, **silent},
        extra={
            "run": ("presentation", np.repeat(labels, sizes).astype(object)),
            "onset": ("presentation", np.concatenate([run.onset for run, _ in session])),
        },
    )
    data["onset"].attrs = {"units": "s"}
    data["response"].attrs = {"units": _units(settings), "long_name": _described(settings)}
    return _with_notes(data, regions.noted)


def _units(settings: BidsResponses) -> str:
    if settings.noise != "none":
        return "standard deviations of the noise"
    return "percent of the mean" if settings.scale == "percent" else "as recorded"


def _described(settings: BidsResponses) -> str:
    per = "stimulus and run" if settings.per == "run" else "trial"
    centred = ", mean of each run taken off" if settings.centre == "run" else ""
    return f"BOLD amplitude per {per}{centred}, noise normalisation {settings.noise}"


def _with_notes(data: xr.Dataset, noted: Mapping[str, int]) -> xr.Dataset:
    notes = {**json.loads(data.attrs["noted"]), **{k: v for k, v in noted.items() if v}}
    return data.assign_attrs(noted=json.dumps(notes))
