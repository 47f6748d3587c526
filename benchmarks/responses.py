"""Spike counts from NWB against what people write, as ratios measured in one run.

Ours are timed whole: opening, reading and checking of the file included. What a peer does not do is
said in its name: to count vectorised with all spikes in memory is to leave out reading them. Loops
over trials are timed for a part of units or trials and extrapolated to all, to which they are
proportional.
"""

from __future__ import annotations

import math
import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
from hdmf.common import VectorData, VectorIndex
from pynwb import NWBHDF5IO, NWBFile
from pynwb.misc import Units

from _command import command, seconds
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


def masks_by_trial(trains: list[np.ndarray], onsets: np.ndarray) -> None:
    """Count naively: a mask over all spikes of a unit, per trial."""
    for train in trains:
        for onset in onsets:
            np.sum((train >= onset + WINDOW[0]) & (train < onset + WINDOW[1]))


def searches_by_trial(path: Path, units: int, onsets: np.ndarray) -> None:
    """Count well: two searches per unit and trial, spikes as pynwb gives them."""
    with NWBHDF5IO(str(path), mode="r") as io:
        times = io.read().units["spike_times"]
        for unit in range(units):
            train = times[unit]
            for onset in onsets:
                np.searchsorted(train, onset + WINDOW[1]) - np.searchsorted(
                    train, onset + WINDOW[0]
                )


def searches_by_unit(trains: Iterable[np.ndarray], onsets: np.ndarray, n_units: int) -> np.ndarray:
    """Count vectorised: all trials of a unit in two searches."""
    counts = np.empty((n_units, len(onsets)), np.int32)
    for unit, train in enumerate(trains):
        counts[unit] = np.searchsorted(train, onsets + WINDOW[1])
        counts[unit] -= np.searchsorted(train, onsets + WINDOW[0])
    return counts


def through_pynwb(path: Path, onsets: np.ndarray, n_units: int) -> np.ndarray:
    """Count vectorised, a unit at a time as pynwb gives them."""
    with NWBHDF5IO(str(path), mode="r") as io:
        times = io.read().units["spike_times"]
        return searches_by_unit((times[unit] for unit in range(n_units)), onsets, n_units)


def in_memory(path: Path) -> list[np.ndarray]:
    """Return the spikes of every unit, read at once."""
    with h5py.File(path) as file:
        return np.split(file["units/spike_times"][:], file["units/spike_times_index"][:-1])


def read_at_once(path: Path, onsets: np.ndarray, n_units: int) -> np.ndarray:
    """Count vectorised, all spikes read at once: half a gigabyte."""
    return searches_by_unit(in_memory(path), onsets, n_units)


def edges_by_unit(trains: list[np.ndarray], onsets: np.ndarray) -> np.ndarray:
    """Bin vectorised: all edges of a unit in one search."""
    edges = (onsets[:, None] + EDGES).ravel()
    counts = np.empty((len(onsets), len(trains), len(EDGES) - 1), np.uint8)
    for unit, train in enumerate(trains):
        counts[:, unit] = np.diff(np.searchsorted(train, edges).reshape(len(onsets), -1), axis=1)
    return counts


def edges_by_trial(trains: list[np.ndarray], onsets: np.ndarray) -> None:
    """Bin well: a search for the edges of each unit and trial."""
    for train in trains:
        for onset in onsets:
            np.diff(np.searchsorted(train, onset + EDGES))


def histograms_by_trial(trains: list[np.ndarray], onsets: np.ndarray) -> None:
    """Bin naively: a histogram of all spikes of a unit, per trial."""
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


class Case:
    """A recording and what was shown in it.

    Parameters
    ----------
    folder : Path
    quick : bool
    """

    def __init__(self, folder: Path, quick: bool) -> None:
        self.n_units, self.spikes, self.n = (500, 24_000, 2380) if quick else (1000, 60_000, 5950)
        self.path, self.half = folder / "all.nwb", folder / "half.nwb"
        write(self.path, self.n_units, self.spikes, PERIOD * self.n)
        write(self.half, self.n_units, self.spikes // 2, PERIOD * self.n)
        self.shown = shown(self.n)
        self.onsets = self.shown.onset
        total = self.n_units * self.spikes / 1e6
        self.words = f"{self.n_units} units, {total:g} M spikes, {self.n} presentations"


def of_windows(case: Case) -> Iterator[tuple[str, float]]:
    """Yield ratios of counts in one window, and how they grow."""
    path, onsets, n_units = case.path, case.onsets, case.n_units
    some = onsets[:: max(len(onsets) // 100, 1)]
    few = max(n_units // 100, 2)
    windowed(case.half, case.shown)  # imports
    ours = seconds(lambda: windowed(path, case.shown), 3)
    title = f"windows, {case.words}"
    loop = seconds(lambda: searches_by_trial(path, few, onsets)) * n_units / few
    yield (
        f"{title}: np.searchsorted per unit and trial through pynwb, extrapolated from {few} "
        "units / isomorph", loop / ours,
    )  # fmt: skip
    for said, work in (
        ("through pynwb", lambda: through_pynwb(path, onsets, n_units)),
        ("all spikes read at once by h5py", lambda: read_at_once(path, onsets, n_units)),
    ):
        theirs = seconds(work, 3)
        yield f"{title}: np.searchsorted per unit, {said} / isomorph", theirs / ours
    trains = in_memory(path)
    theirs = seconds(lambda: searches_by_unit(trains, onsets, n_units), 3)
    yield (
        f"{title}: np.searchsorted per unit, spikes in memory and not read / isomorph, which reads",
        theirs / ours,
    )
    loop = seconds(lambda: masks_by_trial(trains[:2], some)) * n_units / 2 * len(onsets) / len(some)
    yield (
        f"{title}: naive mask per unit and trial, spikes in memory, extrapolated from 2 units and "
        f"{len(some)} trials / isomorph", loop / ours,
    )  # fmt: skip
    yield f"{title}: seconds", ours
    fewer = ShownInRecording(case.shown.stimulus[: case.n // 2], onsets[: case.n // 2])
    few_spikes = seconds(lambda: windowed(case.half, case.shown), 3)
    few_trials = seconds(lambda: windowed(path, fewer), 3)
    yield f"{title}: exponent of growth with spikes", growth(few_spikes, ours, 2)
    yield f"{title}: exponent of growth with presentations", growth(few_trials, ours, 2)
    result = 4 * case.n * n_units / 2**20
    yield f"{title}: peak memory beyond the result, MiB", peak(path, case.n) - result


def of_bins(case: Case) -> Iterator[tuple[str, float]]:
    """Yield ratios of counts in bins."""
    onsets, n_units = case.onsets, case.n_units
    some = onsets[:: max(len(onsets) // 100, 1)]
    few = max(n_units // 20, 5)
    ours = seconds(lambda: binned(case.path, case.shown), 3)
    trains = in_memory(case.path)
    title = f"{len(EDGES) - 1} bins of 10 ms, {case.words}"
    loop = seconds(lambda: edges_by_unit(trains[:few], onsets)) * n_units / few
    yield (
        f"{title}: np.searchsorted of all edges per unit, spikes in memory and not read, "
        f"extrapolated from {few} units / isomorph, which reads", loop / ours,
    )  # fmt: skip
    loop = seconds(lambda: edges_by_trial(trains[:2], onsets)) * n_units / 2
    yield (
        f"{title}: np.searchsorted of edges per unit and trial, spikes in memory, extrapolated "
        "from 2 units / isomorph", loop / ours,
    )  # fmt: skip
    loop = seconds(lambda: histograms_by_trial(trains[:2], some))
    yield (
        f"{title}: naive np.histogram per unit and trial, spikes in memory, extrapolated from 2 "
        f"units and {len(some)} trials / isomorph",
        loop * n_units / 2 * len(onsets) / len(some) / ours,
    )
    yield f"{title}: seconds", ours


def measure(quick: bool) -> Iterator[tuple[str, float]]:
    """Yield all figures of one recording."""
    with tempfile.TemporaryDirectory() as folder:
        case = Case(Path(folder), quick)
        yield from of_windows(case)
        yield from of_bins(case)


if __name__ == "__main__":
    command(__doc__, measure)
