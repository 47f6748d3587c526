"""A replica of a session of Triple-N, in a folder of the user's: spikes of trials at 1 ms."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from images import natural_like
from PIL import Image
from scipy.io import savemat

GROUP = "arriving"
SUBJECTS = ["M1"]
NSD = (2951, 2991, 3050, 3078)
TYPES = (1, 1, 2, 3, 4)
"""Of each unit; the last two are none of a neuron's body."""
SHOWN = (3, 1, 1004, 2, 4, 1, 1072, 3)
"""Images of the trials, from 1; those above 1000 are the localiser's."""
EXPECTED = {"stimuli": len(NSD), "presentations": {"M1": 6}, "repetitions": {"M1": 1}}


def write(root: Path) -> None:
    """Write the folder."""
    home = root / "local" / "triple-n"
    (home / "images").mkdir(parents=True)
    pictures = natural_like(len(NSD), 16, 16, seed=1072)
    for number, (nsd, pixels) in enumerate(zip(NSD, pictures, strict=True), 1):
        Image.fromarray(pixels).save(home / "images" / f"shared{number:04d}_nsd{nsd:05d}.png")
    spikes = np.zeros((len(TYPES), len(SHOWN), 451), dtype=np.uint8)
    for unit in range(len(TYPES)):
        for trial in range(len(SHOWN)):  # in the window as many as both count up, and some before
            spikes[unit, trial, 120 : 120 + 2 * unit + trial + 1] = 1
    spikes[:, :, :60] = 1
    with h5py.File(home / "ses01_240629_M1_2.h5", "w") as file:
        file["raster_matrix_img"] = spikes.T  # as MATLAB writes it
    savemat(home / "ses01_240629_M1_2_info.mat", {"img_idx": np.array([SHOWN]).T})
    savemat(home / "Processed_ses01_240629_M1_2.mat", {"UnitType": np.array([TYPES])})
