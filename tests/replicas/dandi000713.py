"""A replica of dandiset 000713: change detection with eight images, some of which are omitted."""

from pathlib import Path

import numpy as np
from images import natural_like
from spikes import (
    define,
    new_nwb,
    planted_rates,
    spike_trains,
    write_electrodes,
    write_series,
    write_table,
    write_units,
)

GROUP = "compared"
SUBJECTS = ["506940"]
NAMES = ("im012_r", "im036_r", "im044_r", "im047_r", "im078_r", "im083_r", "im111_r", "im115_r")
REPETITIONS, N_UNITS = 12, 16
PER_REPETITION = 6
"""Flashes of one image in a row, until it changes."""
IMAGES = natural_like(len(NAMES), 24, 38, seed=713)[..., 0]
SET = "Natural_Images_Lum_Matched_set_ophys_G_2019"
LOCATIONS = ("VISp", "VISl", "LP", "")
OMITTED = 5
EXPECTED = {
    "stimuli": len(NAMES),
    "sessions": {"506940": 1},
    "units": {"VISp": N_UNITS // 2 - 1, "VISl": N_UNITS // 2},
}


def write(root: Path) -> None:
    path = root / "000713" / "0.240702.1725" / "sub-506940" / "sub-506940_ses-20200817T222149.nwb"
    rng = np.random.default_rng(713)
    order = np.repeat(
        np.concatenate([rng.permutation(len(NAMES)) for _ in range(REPETITIONS)]), PER_REPETITION
    )
    n = len(order)
    omitted = np.zeros(2 * n, dtype=bool)
    omitted[rng.choice(n, OMITTED, replace=False)] = True
    onset = 30.0 + 0.75 * np.arange(2 * n)
    order = np.tile(order, 2)  # the passive replay shows the same again
    active = np.arange(2 * n) < n
    with new_nwb(path, "1051155866", "506940") as nwb:
        _write_templates(nwb)
        change = np.concatenate([[False], order[1:] != order[:-1]])
        columns = {
            "start_time": onset,
            "stop_time": onset + np.where(omitted, 0.0, 0.25),
            "image_index": np.where(omitted, 8, order),
            "image_name": [
                "omitted" if o else NAMES[k] for o, k in zip(omitted, order, strict=True)
            ],
            "image_set": [SET] * (2 * n),
            "omitted": omitted,
            "is_change": change & ~omitted,
            "active": active,
            "stimulus_block": np.where(active, 0, 5),
        }
        write_table(nwb, f"intervals/{SET}_presentations", columns, "TimeIntervals")
        ids = 850000000 + np.arange(len(LOCATIONS))
        write_electrodes(nwb, LOCATIONS, ids)
        pixels = np.repeat(IMAGES[..., None], 3, axis=3)
        rates = planted_rates(pixels, N_UNITS + 2, seed=1, mean=20.0)
        rates = np.vstack([rates, np.full(N_UNITS + 2, 2.0)])  # what is omitted drives nobody
        trains = spike_trains(
            onset, np.where(omitted, len(NAMES), order), rates, (0.03, 0.25), seed=2
        )
        at = np.arange(N_UNITS + 2) % 2
        at[N_UNITS:] = 2, 3
        good = np.ones(N_UNITS + 2, dtype=bool)
        good[0] = False
        columns = {
            "peak_channel_id": ids[at],
            "quality": np.where(good, "good", "noise").tolist(),
            "isi_violations": np.full(len(trains), 0.1),
            "amplitude_cutoff": np.full(len(trains), 0.01),
            "presence_ratio": np.full(len(trains), 0.99),
        }
        write_units(nwb, trains, columns, ids=950000000 + np.arange(len(trains)))


def _write_templates(nwb) -> None:
    """Write the images as they were on the curved screen, and as a flat one would show them."""
    unwarped = IMAGES.astype(np.float64)
    unwarped[:, :2, :3] = np.nan  # nobody could see that corner
    kind = {"neurodata_type_def": "StimulusTemplate", "neurodata_type_inc": "ImageSeries"}
    flat = {"name": "unwarped", "dtype": "numeric", "shape": [None] * 3, "doc": "before warping"}
    define(nwb, "ndx-aibs-stimulus-template", [{**kind, "doc": "images", "datasets": [flat]}])
    write_series(
        nwb,
        f"stimulus/templates/{SET}.05.26",
        "StimulusTemplate",
        np.roll(IMAGES, 1, axis=2),
        np.full(len(NAMES), np.nan),
        "ndx-aibs-stimulus-template",
        unwarped=unwarped,
        control=np.arange(len(NAMES), dtype=np.uint8),
        control_description=list(NAMES),
    )
