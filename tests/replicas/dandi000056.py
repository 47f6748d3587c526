"""A replica of dandiset 000056: two lights that get lost, sleep states, cells of a heading."""

from pathlib import Path

import numpy as np
from spikes import new_nwb, typed, write_table, write_units

from isomorph.simulation.navigation import heading_cells, poisson_spikes, random_heading

GROUP = "compared"
SUBJECTS = ["Mouse28"]
RATE, N_SAMPLES = 1250 / 32, 24_000
N_UNITS = 20
EXPECTED = {
    "stimuli": 36,
    "sessions": {"Mouse28": 1},
    "repetitions": {"Mouse28": 2},
    "presentations": {"Mouse28": 72},
    "units": {"anterior thalamus and postsubiculum": N_UNITS},
}


def write(root: Path) -> None:
    path = root / "000056" / "0.210812.1518" / "sub-Mouse28"
    rng = np.random.default_rng(56)
    heading = random_heading(N_SAMPLES, 1 / RATE, rng)
    preferred = rng.uniform(0, 2 * np.pi, N_UNITS)
    asleep = np.arange(N_SAMPLES) >= N_SAMPLES * 0.9
    fired = np.where(asleep, heading[::-1], heading)  # asleep, cells follow a heading of their own
    times, ends = poisson_spikes(heading_cells(fired, preferred), 1 / RATE, rng)
    head = np.array([26.0, 23.0]) + rng.uniform(-0.1, 0.1, (N_SAMPLES, 2))
    toward = 2 * np.stack([np.cos(heading), np.sin(heading)], axis=1)
    name = path / "sub-Mouse28_ses-Mouse28-140311_behavior+ecephys.nwb"
    with new_nwb(name, "Mouse28-140311", "Mouse28", start="2014-03-11T00:00:00-04:00") as nwb:
        typed(nwb.create_group("processing/behavior"), "ProcessingModule", description="behavior")
        typed(nwb.create_group("processing/behavior/SubjectPosition"), "Position")
        for light, place in {"BlueLED": head - toward, "RedLED": head + toward}.items():
            lost = rng.random(N_SAMPLES) < 0.02
            _write_light(nwb, light, np.where(lost[:, None], -1.0, place))
        slept = N_SAMPLES * 0.9 / RATE
        states = {
            "start_time": np.float32([0.0, slept, slept + 20]),
            "stop_time": np.float32([slept, slept + 20, N_SAMPLES / RATE]),
            "label": ["Awake", "Non-REM", "REM"],
        }
        write_table(nwb, "processing/behavior/states", states, "TimeIntervals")
        write_units(nwb, np.split(times, ends[:-1]), {"unit": np.arange(N_UNITS)})
        del nwb["units/unit"]  # the units have spike times and nothing else
        nwb["units"].attrs["colnames"] = ["spike_times"]
        nwb["acquisition"].create_dataset("raw", data=np.zeros(1000))


def _write_light(nwb, light: str, stored: np.ndarray) -> None:
    group = nwb.create_group(f"processing/behavior/SubjectPosition/{light}")
    series = typed(group, "SpatialSeries", description="")
    data = series.create_dataset("data", data=stored, chunks=(2048, 2), compression="gzip")
    data.attrs["unit"], data.attrs["conversion"] = "meters", 0.01
    data.attrs["resolution"] = np.nan
    first = series.create_dataset("starting_time", data=0.0)
    first.attrs["rate"], first.attrs["unit"] = RATE, "seconds"
    series["reference_frame"] = "Unknown"
