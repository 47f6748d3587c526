"""A replica of dandiset 000469: two patients, twelve images, one of which differs between them."""

from pathlib import Path

import h5py
import numpy as np
from images import natural_like
from spikes import (
    new_nwb,
    planted_rates,
    spike_trains,
    typed,
    write_electrodes,
    write_images,
    write_series,
    write_table,
    write_units,
)

SUBJECTS = ["population"]
PATIENTS = ("17", "20")
NUMBERS = [*range(1, 10), 11, 12, 13]
"""Numbers of the images: 10 is missing, as it is there."""
CHANGED = 5
"""The image whose name stands for other pixels in the second patient."""
REPETITIONS = 6
N_UNITS = 16
IMAGES = natural_like(len(NUMBERS) + 1, 24, 32, seed=469)
"""As they were seen (image, row, column, channel); the last is the second patient's own."""
LOCATIONS = (
    *("hippocampus_left", "hippocampus_right", "amygdala_left", "amygdala_right"),
    *("dorsal_anterior_cingulate_cortex_left", "pre_supplementary_motor_area_right"),
)
EXPECTED = {
    "stimuli": len(NUMBERS) - 1,
    "sessions": {"population": len(PATIENTS)},
    "presentations": {"population": len(PATIENTS) * (len(NUMBERS) - 1) * REPETITIONS},
    "repetitions": {"population": REPETITIONS},
    "units": {"hippocampus": N_UNITS, "amygdala": N_UNITS, "dACC": 2, "preSMA": 2},
}


def write(root: Path) -> None:
    for patient, name in enumerate(PATIENTS):
        folder = root / "000469" / "0.240123.1806" / f"sub-{name}"
        _write(folder / f"sub-{name}_ses-1_ecephys+image.nwb", patient)


def shown(patient: int) -> np.ndarray:
    """Return the images of one patient, by the place of their number."""
    images = IMAGES[: len(NUMBERS)].copy()
    if patient == 1:
        images[NUMBERS.index(CHANGED)] = IMAGES[-1]
    return images


def _write(path: Path, patient: int) -> None:
    rng = np.random.default_rng(patient)
    images = shown(patient)
    order = np.concatenate([rng.permutation(len(NUMBERS)) for _ in range(REPETITIONS)])
    onset = 400.0 + np.cumsum(rng.uniform(2.5, 3.5, len(order)))
    with new_nwb(path, "1", path.parent.name.removeprefix("sub-")) as nwb:
        # rows and columns are exchanged, the list of references has an order of its own
        stored = {f"image_{n}": one.swapaxes(0, 1) for n, one in zip(NUMBERS, images, strict=True)}
        places = "stimulus/templates/StimulusTemplates"
        write_images(nwb, places, stored, "RGBImage", rng.permutation(list(stored)))
        series = write_series(
            nwb,
            "stimulus/presentation/StimulusPresentation",
            "IndexSeries",
            (np.array(NUMBERS)[order] - 1).astype(np.uint32),
            onset,
        )
        series["indexed_images"] = h5py.SoftLink(f"/{places}")
        columns = {"start_time": onset, "stop_time": onset + 1.0}
        write_table(nwb, "intervals/trials", columns, "TimeIntervals")
        _write_units(nwb, images, onset, order, patient)


def _write_units(
    nwb: h5py.File, images: np.ndarray, onset: np.ndarray, order: np.ndarray, patient: int
) -> None:
    electrode = np.arange(N_UNITS + 2) % 4
    electrode[N_UNITS:] = 4, 5
    rates = planted_rates(images, N_UNITS + 2, seed=10 + patient)
    trains = spike_trains(onset, order, rates, (0.2, 1.0), seed=20 + patient)
    write_electrodes(nwb, LOCATIONS)
    rng = np.random.default_rng(30 + patient)
    columns = {
        "clusterID_orig": rng.integers(1000, 9999, len(trains)).astype(np.int32),
        "waveforms_isolation_distance": np.where(
            np.arange(len(trains)) % 5 == 0, np.nan, rng.uniform(5, 80, len(trains))
        ),
        "waveforms_mean_snr": rng.uniform(1, 4, len(trains)),
        "waveforms_peak_snr": rng.uniform(2, 9, len(trains)),
        "waveforms_mean_proj_dist": rng.uniform(5, 20, len(trains)),
    }
    write_units(nwb, trains, columns, electrode)
    typed(nwb["acquisition"].create_group("events"), "TimeSeries", description="TTL markers")
