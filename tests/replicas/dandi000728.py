"""Two-photon sessions of Visual Coding: an IndexSeries without ends, blanks folded into scene 0."""

import h5py
import numpy as np
from images import categories, natural_like
from recordings import create, images, imaging_plane, points_at, schedule, series, table, tuning

GROUP = "compared"
SUBJECTS = ["491604967", "501800347"]
SESSIONS = {
    "491604967": {"496908818": "VISp", "500964514": "VISl"},
    "501800347": {"509959266": "VISp"},
}
N_STIMULI, REPETITIONS, N_ROIS = 12, 6, 10
EXPECTED = {
    "sessions": {subject: len(SESSIONS[subject]) for subject in SUBJECTS},
    "stimuli": N_STIMULI - 1,  # scene 0 is left out: the blanks were folded into it
    "presentations": {
        subject: len(SESSIONS[subject]) * (N_STIMULI - 1) * REPETITIONS for subject in SUBJECTS
    },
    "repetitions": dict.fromkeys(SUBJECTS, REPETITIONS),
    "units": {"VISp": 2 * N_ROIS, "VISl": N_ROIS},
}
FRAME = 1 / 30.0


def write(root):
    """Write the sessions with scenes inside, and the raw movie that nobody asked for."""
    rng = np.random.default_rng(728)
    scenes = natural_like(N_STIMULI, 20, 28, seed=728).mean(axis=3).astype(np.uint8)
    shared = {area: tuning(rng, categories(N_STIMULI), N_ROIS) for area in ("VISp", "VISl")}
    for subject, sessions in SESSIONS.items():
        place = root / "000728" / "0.240827.1809" / f"sub-{subject}"
        for session, area in sessions.items():
            stem = f"sub-{subject}_ses-{session}-StimB"
            with create(
                place / f"{stem}_behavior+image+ophys.nwb", f"{session}-StimB", "two-photon"
            ) as file:
                _fill(file, rng, scenes, shared[area], area)
            with create(place / f"{stem}_ophys.nwb", f"{session}-StimB", "raw") as file:
                series(file, "acquisition/TwoPhotonSeries", np.zeros((4, 8, 8)), "TwoPhotonSeries",
                       rate=30.0)  # fmt: skip


def _fill(file, rng, scenes, log_rates, area):
    # In the archive a scene follows every quarter of a second; so few repeats need more room.
    shown, onset = schedule(rng, N_STIMULI + 1, REPETITIONS, start=5.0, period=1.0)
    named = {f"NaturalScene{number}": scene for number, scene in enumerate(scenes)}
    pictures = images(file, "stimulus/templates/natural_scenes_template", named)
    series(
        file,
        "stimulus/presentation/natural_scenes_stimulus",
        np.maximum(shown - 1, 0).astype(np.uint32),  # blanks, -1, were clipped to 0
        "IndexSeries",
        timestamps=onset,
        indexed=pictures.name.lstrip("/"),
    )
    gain = np.concatenate([np.zeros((1, N_ROIS)), log_rates])[shown]
    write_traces(file, rng, area, onset, np.exp(0.5 * gain))


def write_traces(file, rng, area, onset, size):
    """Write the traces of an area whose ROIs answer each onset: `size` (onset, roi)."""
    plane = imaging_plane(file, "general/optophysiology/ImagingPlane", area)
    ids = 517472000 + rng.permutation(N_ROIS)
    masks = [np.zeros(1, dtype=[("x", "u4"), ("y", "u4"), ("weight", "f4")])] * N_ROIS
    rois = table(
        file,
        "processing/ophys/ImageSegmentation/PlaneSegmentation",
        ids,
        {"pixel_mask": masks, "global_roi_id": ids},
        kind="PlaneSegmentation",
        ragged=("pixel_mask",),
    )
    rois["imaging_plane"] = h5py.SoftLink(plane.name)
    times = 2.0 + FRAME * np.arange(int((onset[-1] + 2) / FRAME))
    traces = _fluorescence(rng, times, onset, size).astype(np.float32)
    corrected = "processing/ophys/Fluorescence/Corrected"
    _responses(file, corrected, 100 * (1 + traces), rois, times)
    for name, data in (("DfOverF", traces), ("DfOverFEvents", np.diff(traces, axis=0, prepend=0))):
        path = f"processing/ophys/DfOverF/{name}"
        _responses(file, path, data, rois, f"/{corrected}/timestamps")


def _fluorescence(rng, times, onsets, size):
    """Return dF/F (sample, roi): a jump after each onset that decays, and noise."""
    since = np.maximum(times[:, None] - onsets, 0)
    kernel = np.exp(-since / 0.4) - np.exp(-since / 0.05)
    return kernel @ size + 0.15 * rng.standard_normal((len(times), size.shape[1]))


def _responses(file, path, data, rois, timestamps):
    group = series(file, path, data, "RoiResponseSeries", timestamps=timestamps, unit="a.u.",
                   chunks=(256, 5))  # fmt: skip
    points_at(group.create_dataset("rois", data=np.arange(data.shape[1])), rois)
