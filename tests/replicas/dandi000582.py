"""A replica of dandiset 000582: positions of one light or two in centimetres, a few grid cells."""

from pathlib import Path

import numpy as np
from spikes import new_nwb, typed, write_series, write_units

from isomorph.simulation.navigation import grid_cells, grid_phases, poisson_spikes, random_path

GROUP = "compared"
SUBJECTS = ["10073", "10697", "10704"]
SESSIONS = {
    "10073": ["17010302"],
    "10697": ["02030402", "24020402"],
    "10704": ["06070402", "07070402"],
}
TWO_LIGHTS = {"24020402"}
N_SAMPLES, STEP = 15_000, 0.02
N_UNITS, SPACING = 8, 0.6
EXPECTED = {
    "sessions": {subject: len(SESSIONS[subject]) for subject in SUBJECTS},
    "repetitions": dict.fromkeys(SUBJECTS, 2),
    "units": {"medial entorhinal cortex": 5 * N_UNITS},
}
EDITS = {
    "stimuli": {
        "kind": "variable",
        "files": "sub-{subject}/*.nwb",
        "variables": {
            axis: {
                "series": "processing/behavior/Position/SpatialSeriesLED1",
                "component": place,
                "bins": 5,
            }
            for place, axis in enumerate("xy")
        },
        "speed": {"of": "processing/behavior/Position/SpatialSeriesLED1", "min": 0.025},
        "block": 10.0,
    }
}
"""Five minutes are enough for fewer bins."""


def write(root: Path) -> None:
    for subject, sessions in SESSIONS.items():
        folder = root / "000582" / "draft" / f"sub-{subject}"
        for session in sessions:
            _write(folder / f"sub-{subject}_ses-{session}_behavior+ecephys.nwb", subject, session)


def _write(path: Path, subject: str, session: str) -> None:
    rng = np.random.default_rng(int(session))
    position, _ = random_path(N_SAMPLES, STEP, rng, speed=0.25)
    phases = grid_phases(N_UNITS, SPACING, rng)
    times, ends = poisson_spikes(grid_cells(position, phases, SPACING), STEP, rng)
    clock = STEP * np.arange(N_SAMPLES)
    with new_nwb(path, session, subject, start="1900-01-01T00:00:00+01:00") as nwb:
        typed(nwb.create_group("processing/behavior"), "ProcessingModule", description="behavior")
        typed(nwb.create_group("processing/behavior/Position"), "Position")
        for light in (1, 2)[: 1 + (session in TWO_LIGHTS)]:
            stored = 100 * (position - 0.5) + (light == 2) * 3.0
            name = f"processing/behavior/Position/SpatialSeriesLED{light}"
            series = write_series(nwb, name, "SpatialSeries", stored, clock)
            series["data"].attrs["unit"], series["data"].attrs["conversion"] = "meters", 0.01
            series["reference_frame"] = "(0,0) is not known."
        columns = {
            "unit_name": [f"t1c{unit}" for unit in range(N_UNITS)],
            "depth": np.full(N_UNITS, 0.002),
            "hemisphere": ["left"] * N_UNITS,
            "histology": ["MEC LIII"] * N_UNITS,
        }
        write_units(nwb, np.split(times, ends[:-1]), columns)
