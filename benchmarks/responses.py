"""Spike counts from NWB against loops over trials, as ratios measured in one run.

The loops are timed on a part of units and presentations and extrapolated to all of them, to which
they are proportional, with the spikes in memory; ours are timed whole, reading and checking of the
file included.
"""

from __future__ import annotations

import math
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from hdmf.common import VectorData, VectorIndex
from pynwb import NWBHDF5IO, NWBFile
from pynwb.misc import Units

from _command import command
from isomorph.foreign.nwb import open_nwb
from isomorph.responses.nwb import read_session
from isomorph.responses.nwb.bins import binned_counts
from isomorph.responses.nwb.recordings import Open
from isomorph.responses.nwb.shown_stimuli import ShownInRecording
from isomorph.responses.nwb.spikes import read_trains
from isomorph.study.responses import NwbResponses

WINDOW = (0.05, 0.3)
EDGES = np.arange(51) * 0.01
PERIOD = 1.6  # s from one presentation to the next: 5950 of them make a session of 2.6 h
N_STIMULI = 119


def seconds(work: Callable[[], object]) -> float:
    """Return what a call costs, process CPU seconds."""
    start = time.process_time()
    work()
    return time.process_time() - start


def write(path: Path, n_units: int, spikes: int, duration: float) -> None:
    """Write a recording of units with as many spikes each, uniform in time."""
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0, duration, (n_units, spikes)), axis=1).ravel()
    nwb = NWBFile(
        session_description="synthetic",
        identifier="synthetic",
        session_start_time=datetime(2000, 1, 1, tzinfo=UTC),
    )
    train = VectorData(name="spike_times", description="s", data=times)
    ends = VectorIndex(
        name="spike_times_index", target=train, data=spikes * np.arange(1, n_units + 1)
    )
    location = VectorData(name="location", description="region", data=["V1"] * n_units)
    nwb.units = Units(
        name="units", description="synthetic", id=list(range(n_units)),
        columns=[ends, train, location],
    )  # fmt: skip
    with NWBHDF5IO(str(path), mode="w") as io:
        io.write(nwb)


def shown(n: int) -> ShownInRecording:
    """Return presentations a fixed period apart, each a little late, in shuffled rounds."""
    rng = np.random.default_rng(1)
    onset = PERIOD * np.arange(n) + rng.uniform(0, 0.1, n)
    return ShownInRecording(np.array([f"image_{k % N_STIMULI}" for k in rng.permutation(n)]), onset)


def windowed(path: Path, presentations: ShownInRecording) -> None:
    """Count as the stage does: region and units first, then blocks of spikes."""
    settings = NwbResponses(
        kind="nwb", files="*", presentations={"stimulus": "image"}, window=WINDOW
    )
    stimuli = np.unique(presentations.stimulus)
    with open_nwb(path) as nwb:
        read_session(Open(nwb, presentations, stimuli), settings)


def binned(path: Path, presentations: ShownInRecording) -> None:
    """Count in bins of 10 ms, a block of units at a time."""
    with open_nwb(path) as nwb:
        trains = read_trains(nwb.container("units"), str(path))
        n = len(trains.ends)
        for _, spikes, ends in trains.blocks(np.ones(n, bool), np.arange(n).astype(str), ""):
            binned_counts(spikes, ends, presentations.onset, EDGES)


def some_trains(path: Path, units: int) -> list[np.ndarray]:
    """Return the spike times of the first units as pynwb gives them."""
    with NWBHDF5IO(str(path), mode="r") as io:
        table = io.read().units
        return [table["spike_times"][unit] for unit in range(units)]


def loop_over_trials(trains: list[np.ndarray], onsets: np.ndarray) -> None:
    """Count as most scripts do: a mask over the spikes of a unit, per trial."""
    for train in trains:
        for onset in onsets:
            np.sum((train >= onset + WINDOW[0]) & (train < onset + WINDOW[1]))


def loop_of_histograms(trains: list[np.ndarray], onsets: np.ndarray) -> None:
    """Bin as most scripts do: a histogram per unit and trial."""
    for train in trains:
        for onset in onsets:
            np.histogram(train, bins=onset + EDGES)


def peak(path: Path, n: int) -> float:
    """Return how far memory rises while counting in windows, MiB, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_peak, (path, n))


def _peak(path: Path, n: int) -> float:
    presentations = shown(n)
    with open_nwb(path) as nwb:
        assert "units" in nwb.file  # what opening costs is not part of counting
    before = _resident()
    windowed(path, presentations)
    return _resident() - before


def _resident() -> float:
    """Return the most memory this process has held, MiB."""
    status = Path("/proc/self/status")
    if status.is_file():  # what getrusage says there includes the process this one came from
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return float(lines["VmHWM"].split()[0]) / 2**10
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 2**10


def growth(small: float, large: float, factor: float) -> float:
    """Return the exponent with which cost grows."""
    return math.log(large / small) / math.log(factor)


def measure(quick: bool) -> dict[str, float]:
    n_units, spikes, n = (100, 60_000, 1190) if quick else (1000, 60_000, 5950)
    part_units, part_trials = (2, 40) if quick else (4, 100)
    ratios = {}
    with tempfile.TemporaryDirectory() as folder:
        path, half = Path(folder) / "all.nwb", Path(folder) / "half.nwb"
        write(path, n_units, spikes, PERIOD * n)
        write(half, n_units, spikes // 2, PERIOD * n)
        presentations = shown(n)
        fewer = ShownInRecording(presentations.stimulus[: n // 2], presentations.onset[: n // 2])
        onsets = presentations.onset[:: n // part_trials][:part_trials]
        trains = some_trains(path, part_units)
        scale = n_units / part_units * n / len(onsets)
        windowed(half, fewer)  # imports
        ours = min(seconds(lambda: windowed(path, presentations)) for _ in range(3))
        loop = scale * seconds(lambda: loop_over_trials(trains, onsets))
        case = f"{n_units} units, {n_units * spikes / 1e6:g} M spikes, {n} presentations"
        ratios[f"windows, {case}, extrapolated loop / isomorph"] = loop / ours
        bins = min(seconds(lambda: binned(path, presentations)) for _ in range(3))
        loop = scale * seconds(lambda: loop_of_histograms(trains, onsets))
        ratios[f"10 ms bins, {case}, extrapolated np.histogram / isomorph"] = loop / bins
        ratios["windows, seconds"], ratios["10 ms bins, seconds"] = ours, bins
        result = 4 * n * n_units / 2**20
        ratios["windows, peak memory beyond the result, MiB"] = peak(path, n) - result
        few_spikes = min(seconds(lambda: windowed(half, presentations)) for _ in range(3))
        few_trials = min(seconds(lambda: windowed(path, fewer)) for _ in range(3))
        ratios["windows, exponent of growth with spikes"] = growth(few_spikes, ours, 2)
        ratios["windows, exponent of growth with presentations"] = growth(few_trials, ours, 2)
    return ratios


if __name__ == "__main__":
    command(__doc__, measure)
