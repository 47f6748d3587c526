"""Two Neuropixels sessions of Visual Coding: blanks as -1, regions by peak channel, TIFFs apart."""

import numpy as np
from images import categories, natural_like
from PIL import Image
from recordings import create, schedule, spikes, table, tuning

SUBJECTS = ["699733573", "703279277"]
SESSIONS = {"699733573": "715093703", "703279277": "719161530"}
N_STIMULI, REPETITIONS = 12, 8
EXPECTED = {
    "sessions": dict.fromkeys(SUBJECTS, 1),
    "stimuli": N_STIMULI,
    "presentations": dict.fromkeys(SUBJECTS, N_STIMULI * REPETITIONS),
    "repetitions": dict.fromkeys(SUBJECTS, REPETITIONS),
    "units": {"VISp": 16, "VISl": 12, "LGd": 12, "hippocampus": 12},
}
PREFIX = "visual-coding-neuropixels/ecephys-cache/natural_scene_templates"
# Acronyms of the atlas by region of the study, and outside of the brain as the files say it.
LOCATIONS = {
    "VISp": (["VISp"], 8),
    "VISl": (["VISl"], 6),
    "LGd": (["LGd"], 6),
    "hippocampus": (["CA1", "DG", "ProS"], 6),
    "": (["APN", "", "None"], 6),
}
FAILING = {
    "amplitude_cutoff": [0.11, np.nan],  # NaN fails a bound, as it does in the archive's own code
    "presence_ratio": [0.9],
    "isi_violations": [0.6],
    "quality": ["noise"],
    "valid_data": [False],  # of the channel
}


def write(root):
    """Write the sessions, a probe's file that nobody asked for, and the scenes in their bucket."""
    rng = np.random.default_rng(21)
    scenes = natural_like(N_STIMULI, 24, 32, seed=21)
    folder = root / "bucket" / "allen-brain-observatory" / PREFIX
    folder.mkdir(parents=True)
    for number, scene in enumerate(scenes):
        Image.fromarray(scene.mean(axis=2).astype(np.uint8)).save(
            folder / f"natural_scene_{number}.tiff"
        )
    # Tuning is in good part shared between animals, so that there is something to find.
    shared = {
        region: tuning(rng, categories(N_STIMULI), count)
        for region, (_, count) in LOCATIONS.items()
    }
    for subject in SUBJECTS:
        session = f"sub-{subject}_ses-{SESSIONS[subject]}"
        place = root / "000021" / "0.251116.2246" / f"sub-{subject}"
        with create(place / f"{session}.nwb", SESSIONS[subject], "an Ecephys session") as file:
            _fill(file, rng, shared)
        with create(place / f"{session}_probe-810755797_ecephys.nwb", "810755797", "LFP") as file:
            file["acquisition/probe_810755797_lfp_data/data"] = np.zeros((10, 4))


def _fill(file, rng, shared):
    scene, onset = schedule(rng, N_STIMULI + 1, REPETITIONS, start=30.0, period=0.25)
    frame = (scene - 1).astype(np.float64)  # -1: a blank, grey screen
    presentations(file, "natural_scenes", frame, onset, 0.25021)

    def train(region, unit):
        gain = np.zeros(len(frame))
        if region is not None:
            gain = np.concatenate([[-1.0], shared[region][:, unit]])[scene]
            gain = 0.6 * (gain + 0.2 * rng.standard_normal(len(frame)))
        return spikes(rng, onset, gain, 25.0, 0.2)

    units(file, rng, train)


def presentations(file, name, frame, onset, lasts):
    """Write the table of presentations of scenes, or of frames of a movie."""
    rows = len(frame)
    table(
        file,
        f"intervals/{name}_presentations",
        np.arange(rows) + 51355,
        {
            "start_time": onset,
            "stop_time": onset + lasts,
            "stimulus_name": np.repeat(name, rows),
            "stimulus_block": np.full(rows, 7.0),
            "stimulus_index": np.full(rows, 6.0),
            "frame": frame,
            "tags": [np.array(["stimulus_time_interval"])] * rows,
        },
        kind="TimeIntervals",
        ragged=("tags",),
    )
    if "intervals/spontaneous_presentations" not in file:
        table(
            file,
            "intervals/spontaneous_presentations",
            [0],
            {"start_time": [0.0], "stop_time": [30.0], "stimulus_name": ["spontaneous"]},
            kind="TimeIntervals",
        )


def units(file, rng, train):
    """Write units, their electrodes, and units that fail each criterion.

    `train(region, unit)` gives the spikes of a unit; without a region, those of one that fails.
    """
    locations, trains, bad = [], [], []
    for region, (names, count) in LOCATIONS.items():
        for unit in range(count):
            trains.append(train(region, unit))
            locations.append(names[unit % len(names)])
            bad.append(None)
    for name, values in FAILING.items():
        for value in values:
            trains.append(train(None, 0))
            locations.append("VISp")
            bad.append((name, value))
    channels = 850000000 + 2 * rng.permutation(len(locations))
    order = np.argsort(channels)
    table(
        file,
        "general/extracellular_ephys/electrodes",
        channels[order],
        {
            "location": np.array(locations, dtype=object)[order],
            "probe_vertical_position": 20 * np.arange(len(channels)),
            "valid_data": np.array([one != ("valid_data", False) for one in bad])[order],
        },
    )
    columns = {
        "quality": np.array(["good"] * len(bad), dtype=object),
        "amplitude_cutoff": np.full(len(bad), 0.02),
        "presence_ratio": np.full(len(bad), 0.99),
        "isi_violations": np.full(len(bad), 0.1),
    }
    for unit, failing in enumerate(bad):
        if failing is not None and failing[0] in columns:
            columns[failing[0]][unit] = failing[1]
    columns |= {"snr": rng.uniform(1, 5, len(bad)), "peak_channel_id": channels}
    units = {**columns, "spike_times": trains, "spike_amplitudes": [one * 1e-4 for one in trains]}
    ids = 950900000 + np.arange(len(bad))
    table(file, "units", ids, units, kind="Units", ragged=("spike_times", "spike_amplitudes"))
