"""Responses from BIDS: amplitudes of BOLD volumes, by stimulus and run or by trial."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.archives.manifest import find_files, read_manifest
from isomorph.layout import Layout
from isomorph.responses.bids.atlases import atlas_files
from isomorph.responses.bids.bold import open_bold
from isomorph.responses.bids.estimates import estimate, read_runs, with_signal
from isomorph.responses.bids.events import add_counts
from isomorph.responses.bids.files import find_runs, json_files
from isomorph.responses.bids.places import Place, in_space
from isomorph.responses.bids.regions import Regions, Source, read_regions
from isomorph.responses.bids.runs import Masked, Reader, Run
from isomorph.responses.bids.scratch import Scratch
from isomorph.responses.entities import labels_of_runs
from isomorph.responses.presentations import repetitions
from isomorph.responses.sessions import session_data, stimulus_ids, summary, write_sessions
from isomorph.slices import files_beside
from isomorph.stimuli.naming import naming
from isomorph.study.bids import AtlasRegions, BidsResponses

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

    def find(pattern: str) -> list[Path]:
        return find_files(layout, dataset, pattern.replace("{subject}", subject))

    used: list[Path] = []

    def find_regions(pattern: str) -> list[Path]:
        beside = files_beside(layout.study, dataset, pattern.replace("{subject}", subject))
        found = beside or find(pattern)
        used.extend(found)
        return found

    runs = find_runs(layout, dataset, subject, settings)
    first = open_bold(runs[0].files)
    source = Source(find_regions, first.place, runs[0].bold, layout.atlases)
    regions = read_regions(settings.regions, source)
    reader = Reader(
        settings,
        stimulus_ids(layout, dataset),
        str(layout.stimuli(dataset)),
        naming(layout, dataset),
        json_files(layout, dataset),
        find(settings.confounds.files) if settings.confounds and settings.confounds.files else [],
    )
    if isinstance(settings.regions, AtlasRegions):
        used.extend(atlas_files(settings.regions, layout.atlases))
    with Scratch(layout.responses(dataset, subject).parent) as scratch:
        masked = read_runs(reader, runs, regions.units, first, scratch)
        regions, units, silent = with_signal(masked, regions, settings)
        sessions = {}
        for name, own in _sessions(masked, settings).items():
            session = estimate(reader, own, regions, units, f"{dataset} {subject}")
            data = _gather(session, own, regions, first.place, reader.stimuli, silent, settings)
            root = read_manifest(layout, dataset).root
            data = data.assign_attrs(runs=json.dumps(_about(session, own, root)))
            used.extend(file for run, _ in session for file in run.clock.files)
            line = f"responses {dataset} {subject} session {name}: {summary(data)}"
            print(line, file=sys.stderr, flush=True)
            sessions[name] = data
        used.extend(file for one in masked for file in one.confounds.files)
    inputs = [*(file for run in runs for file in (*run.files, run.events)), *dict.fromkeys(used)]
    write_sessions(layout, dataset, subject, sessions, inputs)


def _sessions(runs: Sequence[Masked], settings: BidsResponses) -> dict[str, list[Masked]]:
    if settings.sessions == "together":
        return {"1": list(runs)}
    sessions: dict[str, list[Masked]] = {}
    for run in runs:
        sessions.setdefault(run.run.session or "1", []).append(run)
    return sessions


def _gather(
    session: Sequence[tuple[Run, Mapping[str, Array]]],
    runs: Sequence[Masked],
    regions: Regions,
    place: Place,
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
    labels = labels_of_runs([run.run.bold for run in runs])
    dropped: dict[str, int] = {}
    noted: dict[str, int] = {}
    for run, _ in session:
        dropped, noted = add_counts(dropped, run.dropped), add_counts(noted, run.noted)
    voxels = [regions.units[regions.members[name]] for name in names]
    positions, grid = in_space(place, np.concatenate(voxels))
    data = session_data(
        response,
        stimulus=stimulus,
        repetition=np.repeat(np.arange(len(sizes)), sizes)
        if settings.per == "run"
        else repetitions(stimulus, np.arange(len(stimulus))),
        unit=np.array([unit for name in names for unit in regions.unit_ids(name, place)]),
        region=np.repeat(names, [len(regions.members[name]) for name in names]),
        stimuli=stimuli,
        dropped={**dropped, **silent},
        extra={
            "run": ("presentation", np.repeat(labels, sizes).astype(object)),
            "onset": ("presentation", np.concatenate([run.onset for run, _ in session])),
            **positions,
        },
    ).assign_attrs(grid)
    data["onset"].attrs = {"units": "s"}
    data["response"].attrs = {"units": _units(settings), "long_name": _described(settings)}
    return _with_notes(data, {**regions.noted, **noted})


def _about(
    session: Sequence[tuple[Run, Mapping[str, Array]]], runs: Sequence[Masked], root: Path
) -> list[dict[str, object]]:
    """Return what the artefact says of each run: volumes, those left out, and when they were taken.

    Files count from the root of the dataset.
    """
    labels = labels_of_runs([run.run.bold for run in runs])
    return [
        {
            "run": label,
            "file": _below(one.run.bold, root),
            "volumes": len(run.kept),
            "left_out": int((~run.kept).sum()),
            "repetition_time": run.clock.repetition,
            "start_time": run.clock.start,
            "repetition_time_from": _below(run.clock.source, root),
        }
        for label, one, (run, _) in zip(labels, runs, session, strict=True)
    ]


def _below(file: Path | str, root: Path) -> str:
    inside = isinstance(file, Path) and file.is_relative_to(root)
    return Path(file).relative_to(root).as_posix() if inside else str(file)


def _units(settings: BidsResponses) -> str:
    if settings.noise != "none":
        return "standard deviations of the noise"
    return "percent of the mean" if settings.scale == "percent" else "as recorded"


def _described(settings: BidsResponses) -> str:
    per = "stimulus and run" if settings.per == "run" else "trial"
    centred = (
        ", mean of the stimuli of all runs taken off in each" if settings.centre == "run" else ""
    )
    return f"BOLD amplitude per {per}{centred}, noise normalisation {settings.noise}"


def _with_notes(data: xr.Dataset, noted: Mapping[str, int]) -> xr.Dataset:
    notes = {**json.loads(data.attrs["noted"]), **{k: v for k, v in noted.items() if v}}
    return data.assign_attrs(noted=json.dumps(notes))
