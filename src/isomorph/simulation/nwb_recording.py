"""A simulated recording as an NWB file that says in every description what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import numpy.typing as npt

from isomorph.simulation.spike_trains import Schedule
from isomorph.study.archive import SimulatedArchive

Array = npt.NDArray

STATEMENT = "SIMULATED by isomorph: Poisson spikes around tuning drawn from layers of models"
"""Stands in every description of every file."""


@dataclass(frozen=True)
class SimulatedRecording:
    """One simulated subject.

    Attributes
    ----------
    schedule : Schedule
        What was shown when.
    stimuli : array of str of shape (stimulus,)
        Ids.
    name, location, quality : arrays of str of shape (unit,)
    snr : array of shape (unit,)
    spike_times : array of shape (spike,)
        Of all units one after another, seconds.
    ends : array of shape (unit,)
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


def write_nwb(
    path: Path, recording: SimulatedRecording, dataset: str, subject: str, archive: SimulatedArchive
) -> None:
    """Write a simulated recording as NWB that says in every description what it is.

    Parameters
    ----------
    path : Path
        The file.
    recording : SimulatedRecording
        The simulated subject.
    dataset, subject : str
        Names.
    archive : SimulatedArchive
        Settings, spelled out in the file.
    """
    import h5py
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
    # By way of memory: HDF5 itself can crash where a disk refuses to be written.
    file = h5py.File(path.name, "w", driver="core", backing_store=False)
    with NWBHDF5IO(file=file, mode="w") as io:
        io.write(nwb)
        _fix_object_ids(file, nwb.identifier)
        file.flush()
        content = file.id.get_file_image()
    path.write_bytes(content)


def _fix_object_ids(file: Any, identifier: str) -> None:
    """Replace the random ids that NWB gives its objects, so that equal content is equal bytes."""

    def fix(name: str, item: Any) -> None:
        if "object_id" in item.attrs:
            item.attrs.modify("object_id", str(uuid5(NAMESPACE_URL, f"{identifier}/{name}")))

    fix("", file)
    file.visititems(fix)


def _add_electrodes(nwb: Any, recording: SimulatedRecording) -> None:
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


def _units(nwb: Any, recording: SimulatedRecording) -> Any:
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


def _trials(recording: SimulatedRecording) -> Any:
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
