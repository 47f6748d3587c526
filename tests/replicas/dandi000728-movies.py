"""Two-photon sessions with a movie: a template without a clock, its frames numbered by a series."""

import h5py
import numpy as np
from dandi000728 import N_ROIS, SESSIONS, SUBJECTS, write_traces
from recordings import create, series

GROUP = "arriving"
FRAMES, RATE, EVERY, PLAYS = 900, 30, 15, 2
EXPECTED = {
    "sessions": {subject: len(SESSIONS[subject]) for subject in SUBJECTS},
    "stimuli": 60,
    "presentations": {subject: len(SESSIONS[subject]) * 60 * PLAYS for subject in SUBJECTS},
    "repetitions": dict.fromkeys(SUBJECTS, PLAYS),
    "units": {"VISp": 2 * N_ROIS, "VISl": N_ROIS},
}


def write(root):
    """Write the sessions, each with the movie inside, and the raw images that nobody asked for."""
    rng = np.random.default_rng(729)
    slow = rng.integers(0, 256, (FRAMES // EVERY, 10, 14), dtype=np.uint8)
    movie = np.repeat(slow, EVERY, axis=0)
    for subject, sessions in SESSIONS.items():
        place = root / "000728" / "0.240827.1809" / f"sub-{subject}"
        for session, area in sessions.items():
            stem = f"sub-{subject}_ses-{session}-StimB"
            with create(
                place / f"{stem}_behavior+image+ophys.nwb", f"{session}-StimB", "two-photon"
            ) as file:
                _fill(file, rng, movie, area)
            with create(place / f"{stem}_ophys.nwb", f"{session}-StimB", "raw") as file:
                series(file, "acquisition/TwoPhotonSeries", np.zeros((4, 8, 8)), "TwoPhotonSeries",
                       rate=30.0)  # fmt: skip


def _fill(file, rng, movie, area):
    template = series(file, "stimulus/templates/natural_movie_one", movie, "ImageSeries",
                      rate=np.nan)  # fmt: skip
    template["starting_time"][()] = np.nan
    onset = 5.0 + np.arange(FRAMES * PLAYS) / RATE
    frame = np.tile(np.arange(FRAMES, dtype=np.uint32), PLAYS)
    place = "stimulus/presentation/natural_movie_one_stimulus"
    series(file, place, frame, "IndexSeries", timestamps=onset, indexed="stimulus/templates/of")
    del file[f"{place}/indexed_images"]
    file[f"{place}/indexed_timeseries"] = h5py.SoftLink(template.name)
    size = np.exp(0.5 * rng.standard_normal((FRAMES // EVERY, N_ROIS)))
    write_traces(file, rng, area, onset[frame % EVERY == 0], np.tile(size, (PLAYS, 1)))
