"""A recording simulated from the layers of models and written as NWB. Never real data."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import numpy.typing as npt

from isomorph.archives.manifest import archive_settings, describe_files, write_manifest
from isomorph.archives.simulation import (
    Schedule,
    draw_schedule,
    draw_spikes,
    draw_tuning,
    driven_rates,
    root,
)
from isomorph.artefacts import provenance, read_array, replacing
from isomorph.digest import code_digest
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.layout import Layout
from isomorph.study.dataset import SimulatedArchive

Array = npt.NDArray

STATEMENT = "SIMULATED by isomorph: Poisson spikes around tuning drawn from layers of models"
"""Stands in every description of every file."""


@dataclass(frozen=True)
class Recording:
    """One simulated subject.

    Attributes
    ----------
    schedule : Schedule
        What was shown when.
    stimuli : ndarray (stimulus,) of str
        Ids.
    name, location, quality : ndarray (unit,) of str
    snr : ndarray (unit,)
    spike_times : ndarray (spike,)
        Of all units one after another, seconds.
    ends : ndarray (unit,)
        Where each unit's spikes end.
    """

    schedule: Schedule
    stimuli: Array
    name: Array
    location: Array
    quality: Array
    snr: Array
    spike_times: Array
    ends: Array


def fetch(layout: Layout, dataset: str) -> None:
    """Simulate the recordings of a dataset, one NWB file per subject, and write its manifest.

    The same settings, seed and activations give the same bytes.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.

    Raises
    ------
    IsomorphError
        When a planted layer is not among a model's activations.
    """
    spec = layout.study.dataset(dataset)
    archive = spec.archive
    if not isinstance(archive, SimulatedArchive):
        raise IsomorphError(f"{dataset}: archive.kind is {archive.kind}, not simulated")
    features, stimuli = _planted_features(layout, dataset, archive)
    folder = layout.archive(dataset)
    files = []
    for number, subject in enumerate(spec.subjects):
        recording = simulate(archive, features, stimuli, [archive.seed, number])
        files.append(f"{subject}.nwb")
        with replacing(folder / files[-1]) as temporary:
            write_nwb(temporary, recording, dataset, subject, archive)
        print(
            f"fetch {dataset}: simulated {files[-1]}, {len(recording.name)} units, "
            f"{len(recording.schedule.onset)} trials, {len(recording.spike_times)} spikes",
            file=sys.stderr,
            flush=True,
        )
    instances = sorted({region.model for region in archive.regions.values()})
    stamp = provenance(
        "fetch",
        inputs=[layout.activations(dataset, instance) for instance in instances],
        settings=archive_settings(layout, dataset),
        source=STATEMENT,
        code=code_digest(__name__),
        seed=archive.seed,
    )
    write_manifest(layout, dataset, folder, describe_files(folder, files), stamp)


def _planted_features(
    layout: Layout, dataset: str, archive: SimulatedArchive
) -> tuple[dict[str, Array], Array]:
    """Return `(stimulus, component)` features per region and the ids of the stimuli."""
    features: dict[str, Array] = {}
    stimuli: dict[str, Array] = {}
    for region, planted in archive.regions.items():
        file = layout.activations(dataset, planted.model)
        activations = read_array(file, "activations")
        layers = [str(layer) for layer in activations["layer"].values]
        where = f"{layout.study.sources[dataset]}: archive.regions.{region}.layer"
        if planted.layer not in layers:
            raise IsomorphError(
                f'{where}: "{planted.layer}" is no layer of {planted.model} in {file}, '
                f"{did_you_mean(planted.layer, layers)}"
            )
        gram = activations["gram"].values[layers.index(planted.layer)].astype(np.float64)
        if not np.trace(gram) > 0:
            raise IsomorphError(
                f'{where}: "{planted.layer}" of {planted.model} is the same for every stimulus, '
                "so it has no geometry to plant"
            )
        features[region] = root(gram)
        stimuli[planted.model] = activations["stimulus"].values.astype(np.str_)
    first, *others = stimuli
    for other in others:
        if not np.array_equal(stimuli[first], stimuli[other]):
            raise IsomorphError(
                f"{dataset}: the activations of {first} and {other} are of different stimuli; "
                "extract both again"
            )
    return features, stimuli[first]


def simulate(
    archive: SimulatedArchive, features: dict[str, Array], stimuli: Array, seed: list[int]
) -> Recording:
    """Simulate one subject.

    Parameters
    ----------
    archive : SimulatedArchive
        Regions, rates and repetitions.
    features : dict of str to ndarray (stimulus, component)
        Planted features by region.
    stimuli : ndarray (stimulus,) of str
        Ids of the stimuli.
    seed : list of int
        Seed of the subject.

    Returns
    -------
    Recording
        The planted units, then bad ones (noise, low signal-to-noise ratio), one that never
        fires, and one whose region is not known.
    """
    rng = np.random.default_rng(seed)
    schedule = draw_schedule(len(stimuli), archive.repetitions, rng)
    driven, spontaneous = [], []
    location: list[str] = []
    for region, planted in archive.regions.items():
        rates = driven_rates(
            draw_tuning(features[region], planted.units, planted.shared, rng),
            schedule.stimulus,
            mean_rate=archive.mean_rate,
            depth=archive.tuning,
            gain_variability=archive.gain_variability,
            rng=rng,
        )
        driven.append(rates[0])
        spontaneous.append(rates[1])
        location += [region] * planted.units
    good = len(location)
    location += [*rng.choice(list(archive.regions), archive.bad_units + 1).tolist(), ""]
    # The rest respond to nothing; the last but one is silent.
    flat = np.full(archive.bad_units + 2, archive.mean_rate / 2)
    flat[-2] = 0.0
    driven.append(np.broadcast_to(flat, (len(schedule.onset), len(flat))))
    spontaneous.append(flat)
    times, ends = draw_spikes(
        np.concatenate(driven, axis=1), np.concatenate(spontaneous), schedule, rng
    )
    bad = np.zeros(len(location), dtype=bool)
    bad[good : good + archive.bad_units] = True
    snr = np.where(bad, rng.uniform(0.5, 1.9, bad.size), rng.uniform(2.5, 8.0, bad.size))
    return Recording(
        schedule=schedule,
        stimuli=stimuli,
        name=np.array([f"unit_{number:03d}" for number in range(len(location))]),
        location=np.array(location),
        quality=np.where(bad, "noise", "good"),
        snr=snr,
        spike_times=times,
        ends=ends,
    )


def write_nwb(
    path: Path, recording: Recording, dataset: str, subject: str, archive: SimulatedArchive
) -> None:
    """Write a simulated recording as NWB that says in every description what it is.

    Parameters
    ----------
    path : Path
        The file.
    recording : Recording
        The simulated subject.
    dataset, subject : str
        Names.
    archive : SimulatedArchive
        Settings, spelled out in the file.
    """
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.file import Subject

    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    nwb = NWBFile(
        session_description=f"{STATEMENT}. No animal was recorded.",
        identifier=f"SIMULATED-{dataset}-{subject}-seed{archive.seed}",
        session_start_time=long_ago,
        file_create_date=long_ago,
        session_id="1",
        institution="none (SIMULATED)",
        lab="none (SIMULATED)",
        experiment_description=f"{STATEMENT}: "
        + "; ".join(
            f"{region} follows layer {planted.layer} of {planted.model}, "
            f"{planted.shared:.0%} of the tuning variance"
            for region, planted in archive.regions.items()
        ),
        subject=Subject(subject_id=subject, species="none (simulated)", description=STATEMENT),
    )
    _add_electrodes(nwb, recording)
    nwb.units = _units(nwb, recording)
    nwb.trials = _trials(recording)
    with NWBHDF5IO(str(path), mode="w") as io:
        io.write(nwb)
    _fix_object_ids(path, nwb.identifier)


def _fix_object_ids(path: Path, identifier: str) -> None:
    """Replace the random ids that NWB gives its objects, so that equal content is equal bytes."""
    import h5py

    def fix(name: str, item: Any) -> None:
        if "object_id" in item.attrs:
            item.attrs.modify("object_id", str(uuid5(NAMESPACE_URL, f"{identifier}/{name}")))

    with h5py.File(path, "r+") as file:
        fix("", file)
        file.visititems(fix)


def _add_electrodes(nwb: Any, recording: Recording) -> None:
    """Give each unit an electrode, in the group of its region."""
    device = nwb.create_device(name="probe", description=STATEMENT)
    groups = {
        region: nwb.create_electrode_group(
            name=region or "unknown",
            description=STATEMENT,
            location=region or "unknown",
            device=device,
        )
        for region in dict.fromkeys(recording.location.tolist())
    }
    for region in recording.location.tolist():
        nwb.add_electrode(group=groups[region], location=region or "unknown")


def _units(nwb: Any, recording: Recording) -> Any:
    from hdmf.common import VectorData, VectorIndex
    from pynwb.misc import Units

    def described(name: str, description: str, values: Array) -> Any:
        return VectorData(name=name, description=description, data=values.tolist())

    spikes = VectorData(
        name="spike_times", description="SIMULATED spike times, s", data=recording.spike_times
    )
    electrodes = nwb.create_electrode_table_region(
        region=list(range(len(recording.name))), description="electrode of each unit"
    )
    columns = [
        VectorIndex(name="spike_times_index", target=spikes, data=recording.ends),
        spikes,
        VectorIndex(
            name="electrodes_index", target=electrodes, data=np.arange(1, len(recording.name) + 1)
        ),
        electrodes,
        described("unit_name", "name of the unit", recording.name),
        described("location", "region, empty where it is not known", recording.location),
        described("snr", "signal-to-noise ratio of the waveform (SIMULATED)", recording.snr),
        described("quality", "good or noise", recording.quality),
    ]
    return Units(
        name="units",
        description=STATEMENT,
        id=list(range(len(recording.name))),
        columns=columns,
        electrode_table=nwb.electrodes,
    )


def _trials(recording: Recording) -> Any:
    from hdmf.common import VectorData
    from pynwb.epoch import TimeIntervals

    schedule = recording.schedule
    names = np.where(schedule.stimulus < 0, "", recording.stimuli[schedule.stimulus])
    columns = {
        "start_time": ("start of the trial, s", schedule.start),
        "stop_time": ("end of the trial, s", schedule.stop),
        "stimulus_onset": ("stimulus on, s", schedule.onset),
        "stimulus_name": ("stimulus, empty where fixation broke", names),
    }
    return TimeIntervals(
        name="trials",
        description=STATEMENT,
        id=list(range(len(names))),
        columns=[
            VectorData(name=name, description=description, data=values.tolist())
            for name, (description, values) in columns.items()
        ],
    )
