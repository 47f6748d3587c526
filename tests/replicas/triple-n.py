"""A replica of one session of Triple-N, in a folder of the user's: rates of all 1072 images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from images import natural_like
from PIL import Image
from scipy.io import savemat

GROUP = "arriving"
SUBJECTS = ["M1"]
NSD = (2951, 2991, 3050, 3078)
TYPES = (1, 1, 2, 3, 4)
"""Of each unit; the last two are none of a neuron's body."""
EXPECTED = {"stimuli": len(NSD), "presentations": {"M1": len(NSD)}}


def write(root: Path) -> None:
    """Write the folder."""
    home = root / "local" / "triple-n"
    (home / "images").mkdir(parents=True)
    pictures = natural_like(len(NSD), 16, 16, seed=1072)
    for number, (nsd, pixels) in enumerate(zip(NSD, pictures, strict=True), 1):
        Image.fromarray(pixels).save(home / "images" / f"shared{number:04d}_nsd{nsd:05d}.png")
    rates = np.arange(1072) + 1072 * np.arange(len(TYPES))[:, None]
    processed = {"response_basic": rates.astype(float), "UnitType": np.array([TYPES])}
    savemat(home / "Processed_ses01_240629_M1_2.mat", processed)
