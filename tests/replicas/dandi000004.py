r"""A replica of dandiset 000004: frames with blue first, named by time in truncated trials."""

from pathlib import Path

import numpy as np
from images import natural_like
from spikes import (
    new_nwb,
    planted_rates,
    spike_trains,
    write_electrodes,
    write_series,
    write_table,
    write_units,
)

GROUP = "compared"
SUBJECTS = ["population"]
FILES = (
    "sub-P10HMH/sub-P10HMH_ses-20060901_ecephys+image.nwb",
    "sub-TWH089/sub-TWH089_ses-20180301_ecephys+image.nwb",
)
EDITS = {
    "archive": {
        "kind": "dandi",
        "dandiset": "000004",
        "version": "0.220126.1852",
        "include": list(FILES),
    }
}
CATEGORIES = ("houses", "landscapes", "mobility", "phones", "smallAnimal")
N_IMAGES, N_LEARNT, N_UNITS, TRUNCATED = 30, 15, 40, 2
_PICTURES = natural_like(40, 40, 30, seed=4)
"""Upright pictures, more rows than columns: 400 by 300 in the original, and distorted there too."""
NAMES = [rf"newolddelay\{CATEGORIES[n % 5]}\{1100 + n}.jpg" for n in range(N_IMAGES)]
LOCATIONS = ("Right Hippocampus", "Left Hippocampus", "Right Amygdala", "Left Amygdala")


def _pictures() -> np.ndarray:
    """Return pictures that are near to each other within a category, place by place."""
    shared = natural_like(5, 40, 30, seed=5)[np.arange(N_IMAGES) % 5].astype(float)
    return (0.7 * shared + 0.3 * _PICTURES[:N_IMAGES]).astype(np.uint8)


IMAGES = _pictures()
EXPECTED = {
    "stimuli": N_IMAGES,
    "sessions": {"population": len(FILES)},
    "presentations": {"population": len(FILES) * (N_LEARNT + N_IMAGES - TRUNCATED)},
    "units": {"hippocampus": N_UNITS, "amygdala": N_UNITS},
}


def write(root: Path) -> None:
    for session, path in enumerate(FILES):
        _write(root / "000004" / "0.220126.1852" / path, session)


def _write(path: Path, session: int) -> None:
    rng = np.random.default_rng(session)
    learnt, seen = rng.permutation(N_IMAGES)[:N_LEARNT], rng.permutation(N_IMAGES)
    order = np.concatenate([learnt, seen])
    onset = 1000.0 + np.cumsum(rng.uniform(4, 6, len(order)))
    frames = IMAGES[order][..., ::-1]  # blue first, as OpenCV reads
    with new_nwb(path, "", path.parent.name.removeprefix("sub-")) as nwb:
        write_series(
            nwb,
            "stimulus/presentation/StimulusPresentation",
            "OpticalSeries",
            frames if session == 0 else frames.T,  # some were written by MATLAB
            onset,
        )
        kept = np.ones(len(order), dtype=bool)
        kept[[N_LEARNT - 1, len(order) - 1]] = False  # each block ends with its shortest list
        phase = np.where(np.arange(len(order)) < N_LEARNT, "learn", "recog")[kept]
        names = [NAMES[place] for place in order[kept]]
        columns = {
            "start_time": onset[kept],
            "stop_time": onset[kept] + 3.5,
            "stim_on_time": onset[kept],
            "stim_off_time": onset[kept] + 1.0,
            "stim_phase": phase.tolist(),
            "stimCategory": (order[kept] % 5 + 1).astype(np.uint8),
            "category_name": [CATEGORIES[place % 5] for place in order[kept]],
            "external_image_file": names,
            "new_old_labels_recog": [
                "NA" if one == "learn" else str(int(place not in learnt))
                for one, place in zip(phase, order[kept], strict=True)
            ],
        }
        write_table(nwb, "intervals/trials", columns, "TimeIntervals")
        write_series(
            nwb, "acquisition/experiment_ids", "TimeSeries",
            np.where(np.arange(len(order)) < N_LEARNT, 80, 81), onset,
        )  # fmt: skip
        write_electrodes(nwb, LOCATIONS)
        rates = planted_rates(IMAGES, N_UNITS, seed=10 + session)
        trains = spike_trains(onset, order, rates, (0.2, 1.7), seed=20 + session)
        isolation = np.where(np.arange(N_UNITS) % 5 == 0, np.nan, rng.uniform(5, 80, N_UNITS))
        columns = {
            "origClusterID": np.arange(N_UNITS, dtype=np.int32) + 1000,
            "IsolationDist": isolation,
            "SNR": rng.uniform(1, 5, N_UNITS),
        }
        write_units(nwb, trains, columns, np.arange(N_UNITS) % 4)
