"""A recording laid out as those of Allen Visual Coding Neuropixels."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from hdmf.common import VectorData, VectorIndex
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.epoch import TimeIntervals
from pynwb.image import ImageSeries
from pynwb.misc import Units

REGIONS = ("VISp", "VISl", "LGd", "None")


def write_recording(
    file: Path,
    units: int = 12,
    scenes: int = 8,
    repetitions: int = 5,
    rate: float = 20.0,
    lfp: int = 0,
    seed: int = 0,
) -> None:
    """Write a recording.

    Units have no electrodes column but `peak_channel_id`; waveforms, amplitudes, running speed
    and `lfp` samples of noise are what nobody needs; the presentations refer to a time series.
    """
    rng = np.random.default_rng(seed)
    nwb = NWBFile(
        session_description="EcephysSession",
        identifier="721123822",
        session_id="721123822",
        session_start_time=datetime(2019, 1, 19, 0, 54, 18, tzinfo=UTC),
        institution="Allen Institute for Brain Science",
    )
    device = nwb.create_device("probeA")
    group = nwb.create_electrode_group("probeA", "a probe", "VISp", device=device)
    channels = 850_000 + 10 * np.arange(40)
    nwb.add_electrode_column("probe_vertical_position", "micrometres")
    for row, channel in enumerate(channels):
        nwb.add_electrode(
            id=int(channel),
            location=REGIONS[row % 4],
            group=group,
            probe_vertical_position=float(row),
        )
    onsets = 10.0 + 0.25 * np.arange(scenes * repetitions)
    clock = TimeSeries(name="timestamps", data=onsets, timestamps=onsets, unit="s")
    nwb.create_processing_module("stimulus", "clock").add(clock)
    speed = TimeSeries(name="running_speed", data=rng.random(5000), rate=60.0, unit="cm/s")
    nwb.create_processing_module("running", "wheel").add(speed)
    _presentations(nwb, "natural_scenes_presentations", onsets, scenes, clock, rng)
    _presentations(nwb, "gabors_presentations", onsets + 1e3, 3, clock, rng)
    images = ImageSeries(
        name="natural_movie", data=rng.integers(0, 255, (4, 32, 32), np.uint8), unit="n", rate=30.0
    )
    nwb.add_stimulus_template(images)
    if lfp:
        nwb.add_acquisition(
            TimeSeries(name="lfp", data=rng.standard_normal(lfp), rate=1250.0, unit="V")
        )
    _units(nwb, units, rate, onsets, channels, rng)
    with NWBHDF5IO(str(file), mode="w") as io:
        io.write(nwb)


def _presentations(nwb, name, onsets, scenes, clock, rng):
    table = TimeIntervals(name=name, description="presentations")
    table.add_column("frame", "index of the scene, -1 for a blank")
    table.add_column("stimulus_block", "block")
    frames = rng.permutation(np.arange(len(onsets)) % scenes).astype(float) - 1
    for onset, frame in zip(onsets, frames, strict=True):
        table.add_interval(
            start_time=onset,
            stop_time=onset + 0.25,
            tags=["stimulus_time_interval"],
            timeseries=[clock],
            frame=frame,
            stimulus_block=3.0,
        )
    nwb.add_time_intervals(table)


def _units(nwb, units, rate, onsets, channels, rng):
    counts = rng.poisson(rate * (onsets[-1] + 1.0), units)
    times = np.concatenate([np.sort(rng.random(n)) * (onsets[-1] + 1.0) for n in counts])
    spikes = VectorData(name="spike_times", description="seconds", data=times)
    sizes = VectorIndex(name="spike_times_index", data=np.cumsum(counts), target=spikes)
    amplitudes = VectorData(
        name="spike_amplitudes", description="volts", data=rng.random(len(times))
    )
    their = VectorIndex(name="spike_amplitudes_index", data=np.cumsum(counts), target=amplitudes)
    peaks = rng.choice(channels, units)
    waveforms = rng.standard_normal((units, 60, 82)).astype(np.float32)
    nwb.units = Units(
        name="units",
        description="units",
        id=950_000 + np.arange(units),
        columns=[
            sizes,
            spikes,
            their,
            amplitudes,
            VectorData(name="waveform_mean", description="volts", data=waveforms),
            VectorData(name="peak_channel_id", description="channel", data=peaks),
            VectorData(name="quality", description="label", data=["good", "noise"] * (units // 2)),
            VectorData(name="amplitude_cutoff", description="share", data=rng.random(units)),
        ],
        colnames=[
            "spike_times", "spike_amplitudes", "waveform_mean", "peak_channel_id", "quality",
            "amplitude_cutoff",
        ],
    )  # fmt: skip
