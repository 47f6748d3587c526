"""Sessions of the IBL's brain-wide map: a decision by contrast and side under a changing prior."""

from itertools import product

import numpy as np
from recordings import create, points_at, spikes, table, tuning

GROUP = "arriving"
SUBJECTS = ["CSHL059", "DY-016"]
CONTRASTS = (0.0, 6.25, 12.5, 25.0, 100.0)
CONDITIONS = list(product(CONTRASTS, ("left", "right"), (0.2, 0.8)))
REPETITIONS = 4
N_STIMULI = len(CONDITIONS)
UNBIASED, UNDECIDED = 10, 3
# The atlas' own names by region of the study, and how many units pass.
LOCATIONS = {
    "VISp": (["Primary visual area layer 5", "Primary visual area layer 2/3"], 8),
    "SC": (["Superior colliculus motor related intermediate gray layer"], 8),
    "": (["void", "Piriform area"], 4),
}
EXPECTED = {
    "stimuli": N_STIMULI,
    "sessions": dict.fromkeys(SUBJECTS, 1),
    "presentations": dict.fromkeys(SUBJECTS, N_STIMULI * REPETITIONS),
    "repetitions": dict.fromkeys(SUBJECTS, REPETITIONS),
    "units": {"VISp": 16, "SC": 16},
}
FAILING = (0.0, 1 / 3, 2 / 3)


def write(root):
    """Write a processed file for each mouse, and a raw one that nobody asked for."""
    rng = np.random.default_rng(409)
    kinds = np.array([int(side == "right") for _, side, _ in CONDITIONS])
    shared = {region: tuning(rng, kinds, count) for region, (_, count) in LOCATIONS.items()}
    for number, subject in enumerate(SUBJECTS):
        place = root / "000409" / "0.260309.1324" / f"sub-{subject}"
        session = f"sub-{subject}_ses-d23a44ef-1402-4ed7-97f5-47e9a7a504d{number}"
        processed = place / f"{session}_desc-processed_behavior+ecephys.nwb"
        with create(processed, session, "a decision") as file:
            _fill(file, rng, shared)
        with create(place / f"{session}_desc-raw_ecephys.nwb", session, "raw") as file:
            file["acquisition/ElectricalSeriesProbe00AP/data"] = np.zeros((10, 4))


def _fill(file, rng, shared):
    rows = np.concatenate([rng.permutation(N_STIMULI) for _ in range(REPETITIONS)])
    shown = [(25.0, "left", 0.5)] * UNBIASED + [CONDITIONS[row] for row in rows]
    shown += [CONDITIONS[0]] * UNDECIDED
    condition = np.concatenate([np.zeros(UNBIASED, int), rows, np.zeros(UNDECIDED, int)])
    start = 20.0 + 2.0 * np.arange(len(shown))
    contrast, side, prior = (np.array(values) for values in zip(*shown, strict=True))
    choice = np.where(side == "left", "clockwise", "counter_clockwise").astype(object)
    choice[len(shown) - UNDECIDED :] = "no_go"
    block = np.select([prior == 0.2, prior == 0.8], ["right_block", "left_block"], "unbiased")
    columns = {
        "start_time": start,
        "stop_time": start + 1.9,
        "gabor_stimulus_onset_time": start + 0.6,
        "gabor_stimulus_contrast": contrast,
        "gabor_stimulus_side": side,
        "mouse_wheel_choice": choice,
        "is_mouse_rewarded": np.ones(len(shown), dtype=bool),
        "probability_left": prior,
        "block_type": block,
    }
    table(file, "intervals/trials", np.arange(len(shown)), columns, kind="TimeIntervals")
    names, trains, scores = [], [], []
    for region, (locations, count) in LOCATIONS.items():
        for unit in range(count):
            gain = shared[region][condition, unit] + 0.2 * rng.standard_normal(len(condition))
            trains.append(spikes(rng, start + 0.6, 0.6 * gain, 25.0, 0.14))
            names.append(locations[unit % len(locations)])
            scores.append(1.0)
    for score in FAILING:
        trains.append(spikes(rng, start + 0.6, np.zeros(len(condition)), 25.0, 0.14))
        names.append("Primary visual area layer 5")
        scores.append(score)
    electrodes = table(
        file,
        "general/extracellular_ephys/electrodes",
        np.arange(len(names)),
        {"location": np.array(names, dtype=object)},
    )
    units = table(
        file,
        "units",
        np.arange(len(trains)),
        {
            "ibl_quality_score": np.array(scores),
            "max_electrode": np.arange(len(trains)),
            "spike_times": trains,
        },
        kind="Units",
        ragged=("spike_times",),
    )
    points_at(units["max_electrode"], electrodes)
