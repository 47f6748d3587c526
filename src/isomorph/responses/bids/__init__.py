"""Responses from BIDS: amplitudes of BOLD volumes, by stimulus and run or by trial."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.foreign.entities import labels_of_runs
from isomorph.responses.bids.atlases import atlas_files
from isomorph.responses.bids.estimates import estimate, read_runs, with_signal
from isomorph.responses.bids.preview import look
from isomorph.responses.bids.regions import Regions, read_regions
from isomorph.responses.bids.runs import Masked, Run
from isomorph.responses.bids.scratch import Scratch
from isomorph.responses.bids.subject_runs import by_session, gather
from isomorph.responses.places import Place, in_space
from isomorph.responses.presentations import add_counts, repetitions
from isomorph.responses.sessions import session_data, summary
from isomorph.responses.subject_files import Read, SubjectFiles
from isomorph.study.bids import AtlasRegions, BidsResponses

__all__ = ["look", "read"]

Array = npt.NDArray


def read(files: SubjectFiles, settings: BidsResponses) -> Read:
    """Estimate the responses of a subject, session by session.

    One presentation is one stimulus in one run, or one trial. Of amplitudes per run the repetition
    is the place of the run, so that two different repetitions never share the noise of one run.

    Parameters
    ----------
    files : SubjectFiles
    settings : BidsResponses
        Which files are runs, and how amplitudes are estimated.

    Raises
    ------
    IsomorphError
        When a file is missing or not what it must be, or no unit is left.
    """
    found = gather(files, settings)
    runs, first, reader, used = found.runs, found.first, found.reader, found.used
    who = f"{files.dataset} {files.subject}"
    regions = read_regions(settings.regions, found.source)
    if isinstance(settings.regions, AtlasRegions):
        used.extend(atlas_files(settings.regions, files.atlases))
    with Scratch(files.scratch) as scratch:
        masked = read_runs(reader, runs, regions.units, first, scratch)
        regions, units, silent = with_signal(masked, regions, settings)
        sessions = {}
        for name, own in by_session(masked, [one.run for one in masked], settings).items():
            session = estimate(reader, own, regions, units, who, files.say)
            data = _gather(
                session, own, regions, first.place, reader.names.stimuli, silent, settings
            )
            data = data.assign_attrs(runs=json.dumps(_about(session, own, files.root)))
            used.extend(file for run, _ in session for file in run.clock.files)
            files.say(f"session {name}: {summary(data)}")
            sessions[name] = data
        used.extend(file for one in masked for file in one.confounds.files)
    reader.names.refuse_misspelt()
    inputs = (file for one in masked for file in (*one.files, one.run.events))
    return Read(sessions, list(dict.fromkeys([*inputs, *used])))


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
    if settings.estimate == "shifted":
        return f"mean BOLD, {settings.lag:g} s after each {per}{centred}"
    return f"BOLD amplitude per {per}{centred}, noise normalisation {settings.noise}"


def _with_notes(data: xr.Dataset, noted: Mapping[str, int]) -> xr.Dataset:
    notes = {**json.loads(data.attrs["noted"]), **{k: v for k, v in noted.items() if v}}
    return data.assign_attrs(noted=json.dumps(notes))
