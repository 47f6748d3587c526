"""Sessions of Visual Coding with movies: a row a frame, and films whose endings mislead."""

import numpy as np
from dandi000021 import LOCATIONS, SESSIONS, SUBJECTS, presentations, units
from recordings import create, spikes

GROUP = "arriving"
FILMS = {"natural_movie_1": ("natural_movie_one", 900, 3), "natural_movie_3": (
    "natural_movie_three", 3600, 2)}  # fmt: skip
"""Table, frames and plays of each film."""
RATE, EVERY = 30, 15
EXPECTED = {
    "sessions": dict.fromkeys(SUBJECTS, 1),
    "stimuli": 300,
    "presentations": dict.fromkeys(SUBJECTS, 60 * 3 + 240 * 2),
    "repetitions": dict.fromkeys(SUBJECTS, 2),
    "units": {"VISp": 16, "VISl": 12, "LGd": 12, "hippocampus": 12},
}
PREFIX = "visual-coding-neuropixels/ecephys-cache/natural_movie_templates"


def write(root):
    """Write the sessions, a probe's file that nobody asked for, and the films in their bucket."""
    rng = np.random.default_rng(210)
    folder = root / "bucket" / "allen-brain-observatory" / PREFIX
    folder.mkdir(parents=True)
    for name, (_, frames, _) in FILMS.items():
        slow = rng.integers(0, 256, (frames // EVERY, 12, 16), dtype=np.uint8)
        np.save(folder / f"{name}.npy", np.repeat(slow, EVERY, axis=0))
        (folder / f"{name}.npy").rename(folder / f"{name}.h5")
    for subject in SUBJECTS:
        session = f"sub-{subject}_ses-{SESSIONS[subject]}"
        place = root / "000021" / "0.251116.2246" / f"sub-{subject}"
        with create(place / f"{session}.nwb", SESSIONS[subject], "an Ecephys session") as file:
            _fill(file, rng)
        with create(place / f"{session}_probe-810755797_ecephys.nwb", "810755797", "LFP") as file:
            file["acquisition/probe_810755797_lfp_data/data"] = np.zeros((10, 4))


def _fill(file, rng):
    start, onsets, counts = 30.0, [], []
    for table, frames, plays in FILMS.values():
        frame = np.tile(np.arange(frames), plays)
        onset = start + np.arange(len(frame)) / RATE  # plays follow one another without a gap
        presentations(file, table, frame.astype(np.float64), onset, 1 / RATE)
        onsets.append(onset[frame % EVERY == 0])
        counts.append((frames // EVERY, plays))
        start = onset[-1] + 5.0
    tuned = {region: [rng.standard_normal((n, count)) for n, _ in counts]
             for region, (_, count) in LOCATIONS.items()}  # fmt: skip

    def train(region, unit):
        gains = [
            np.tile(own[:, unit] if region is not None else np.zeros(n), plays)
            for own, (n, plays) in zip(tuned[region or ""], counts, strict=True)
        ]
        return spikes(rng, np.concatenate(onsets), 0.6 * np.concatenate(gains), 12.0, 0.45)

    units(file, rng, train)
