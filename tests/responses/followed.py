"""Recordings in which a heading is followed: a rat that turns, and cells that are tuned to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from isomorph.layout import Layout
from isomorph.stages.fetch import run as fetch
from isomorph.stages.responses import run as responses
from isomorph.stages.stimuli import run as stimuli
from isomorph.study import load_study

TURN = 2 * np.pi
RATE = 20.0
SERIES = "processing/behavior/CompassDirection/heading"


def turning(seconds: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return times and headings of an animal that turns at random (sample,)."""
    times = np.arange(round(seconds * RATE)) / RATE
    speed = np.zeros(len(times))
    kicks = rng.normal(size=len(times)) * 0.6
    for at in range(1, len(times)):
        speed[at] = 0.95 * speed[at - 1] + kicks[at]
    return times, np.cumsum(speed) / RATE % TURN


def bumps(heading: np.ndarray, preferred: np.ndarray, peak: float = 20.0) -> np.ndarray:
    """Return rates (sample, unit) of cells with a bump at their preferred direction."""
    return peak * np.exp(4 * (np.cos(heading[:, None] - preferred) - 1)) + 0.5


def fired(times: np.ndarray, rates: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Return Poisson spike times of each unit for rates (sample, unit)."""
    step = times[1] - times[0]
    counts = rng.poisson(rates * step)
    return [
        np.sort(np.repeat(times, own) + rng.uniform(-step / 2, step / 2, own.sum()))
        for own in counts.T
    ]


def write(
    file: Path,
    times: np.ndarray,
    heading: np.ndarray,
    spikes: Sequence[np.ndarray] | None,
    regions: Sequence[str] = (),
    epochs: Mapping[str, tuple[float, float]] | None = None,
    invalid: Sequence[tuple[float, float]] = (),
    observed: Sequence[np.ndarray] | None = None,
) -> None:
    """Write a recording with pynwb; without spikes a companion."""
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.behavior import CompassDirection, SpatialSeries

    nwb = NWBFile("test", file.stem, datetime(2020, 1, 1, tzinfo=UTC), session_id="a")
    module = nwb.create_processing_module("behavior", "behaviour")
    series = SpatialSeries(
        name="heading", data=heading, timestamps=times, reference_frame="room", unit="radians"
    )
    module.add(CompassDirection(spatial_series=series))
    if epochs:
        nwb.add_epoch_column("label", "what it was")
        for label, (start, stop) in epochs.items():
            nwb.add_epoch(start_time=float(start), stop_time=float(stop), label=label)
    for start, stop in invalid:
        nwb.add_invalid_time_interval(start_time=start, stop_time=stop)
    if spikes is not None:
        nwb.add_unit_column("location", "region")
        for place, own in enumerate(spikes):
            more = {} if observed is None else {"obs_intervals": observed[place]}
            nwb.add_unit(spike_times=own, location=regions[place] if regions else "ADn", **more)
    with NWBHDF5IO(str(file), mode="w") as io:
        io.write(nwb)


def study(
    folder: Path,
    responses: Mapping[str, Any] | None = None,
    stimuli: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
    subjects: Sequence[str] = ("s1",),
) -> Layout:
    """Return a study of the recordings in a folder `files/`, which are fetched."""
    dataset = {
        "name": "ring",
        "subjects": list(subjects),
        "archive": {"kind": "local", "path": "../files"},
        "stimuli": {
            "kind": "variable", "files": "{subject}.nwb", "name": "heading", "series": SERIES,
            "period": float(TURN), "bins": 12, "block": 5.0, **(stimuli or {}),
        },
        "responses": {"kind": "rates", "files": "{subject}.nwb", **(responses or {})},
    }  # fmt: skip
    model = {
        "name": "angles", "title": "Angles", "source": "stimuli/columns",
        "options": {"columns": ["heading"]},
    }  # fmt: skip
    content = {
        "name": "toy", "datasets": ["ring"], "models": ["angles"],
        "distances": ["euclidean", "crossnobis"], "inference": {"permutations": 200},
        **(more or {}),
    }  # fmt: skip
    for name, one in {
        "datasets/ring.yaml": dataset, "models/angles.yaml": model, "study.yaml": content,
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(one))
    layout = Layout(load_study(folder / "study.yaml"), folder)
    fetch(layout, "ring")
    return layout


def made(layout: Layout, subject: str = "s1") -> Layout:
    """Make stimuli and responses of a study."""
    stimuli(layout, "ring")
    responses(layout, "ring", subject)
    return layout
