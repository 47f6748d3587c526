"""A replica of dandiset 000248: contours and illusory contours, float frames, layers in names."""

from pathlib import Path

import numpy as np
from images import natural_like
from spikes import (
    new_nwb,
    planted_rates,
    spike_trains,
    write_electrodes,
    write_images,
    write_table,
    write_units,
)

GROUP = "compared"
SUBJECTS = ["619296", "630506"]
SESSIONS = {"619296": "1187930705", "630506": "1192952692"}
TABLES = ("ICkcfg0_presentations", "ICwcfg1_presentations")
N_IMAGES, REPETITIONS, N_UNITS = 22, 8, 16
IMAGES = natural_like(2 * N_IMAGES, 30, 48, seed=248)[..., 1].reshape(2, N_IMAGES, 30, 48)
LOCATIONS = ("VISp2/3", "VISp5", "VISl4", "VISl6a", "LP", "")
EXPECTED = {
    "stimuli": N_IMAGES,
    "sessions": dict.fromkeys(SUBJECTS, 1),
    "presentations": dict.fromkeys(SUBJECTS, N_IMAGES * REPETITIONS),
    "repetitions": dict.fromkeys(SUBJECTS, REPETITIONS),
    "units": {"VISp": N_UNITS - 2, "VISl": N_UNITS},
}


def write(root: Path) -> None:
    for number, subject in enumerate(SUBJECTS):
        path = root / "000248" / "0.240502.2344" / f"sub-{subject}"
        _write(path / f"sub-{subject}_ses-{SESSIONS[subject]}_ogen.nwb", subject, number)


def _write(path: Path, subject: str, number: int) -> None:
    rng = np.random.default_rng(number)
    begin = 60.0
    trains = [[] for _ in range(N_UNITS + 2)]
    with new_nwb(path, SESSIONS[subject], subject) as nwb:
        for block, table in enumerate(TABLES):
            stored = {f"{table}{k}": IMAGES[block, k] for k in range(N_IMAGES)}
            write_images(nwb, f"stimulus/templates/{table}", stored, "GrayscaleImage")
            order = np.concatenate([rng.permutation(N_IMAGES) for _ in range(REPETITIONS)])
            onset = begin + 0.8 * np.arange(len(order))
            begin = onset[-1] + 30
            columns = {
                "start_time": onset,
                "stop_time": onset + 0.4,
                "stimulus_name": [table.removesuffix("_presentations")] * len(order),
                "stimulus_block": np.full(len(order), float(block)),
                "frame": order.astype(np.float64),
            }
            write_table(nwb, f"intervals/{table}", columns, "TimeIntervals")
            pixels = np.repeat(IMAGES[block][..., None], 3, axis=3)
            rates = planted_rates(pixels, N_UNITS + 2, seed=10 + number, mean=25.0)
            new = spike_trains(onset, order, rates, (0.0, 0.4), seed=20 + block + 10 * number)
            trains = [[*old, *one] for old, one in zip(trains, new, strict=True)]
        ids = 1000 + np.arange(len(LOCATIONS))
        write_electrodes(nwb, LOCATIONS, ids)
        at = np.arange(N_UNITS + 2) % 4
        at[N_UNITS:] = 4, 5
        cutoff = np.full(N_UNITS + 2, 0.01)
        cutoff[0] = np.nan  # never passes
        columns = {
            "peak_channel_id": ids[at],
            "quality": ["good"] * (N_UNITS + 2),
            "isi_violations": np.full(N_UNITS + 2, 0.1),
            "amplitude_cutoff": cutoff,
            "presence_ratio": np.full(N_UNITS + 2, 0.99),
        }
        write_units(nwb, [np.array(one) for one in trains], columns)
