"""A replica of NSD-synthetic: images in two folders, betas of whole numbers, design in MATLAB.

Kept from the real one: axes of the betas (trial, z, y, x) against those of the mask (x, y, z),
whole numbers 300 times the value, images counted from 1 and shown unequally often, trials of every
run as a pattern of zeros and ones, labels 1 and 2 of which the first alone is the region. Planted:
units of the region are a rotation of the images' pixels with little noise; what stands elsewhere is
noise alone.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import volumes
from images import natural_like
from PIL import Image
from scipy.io import savemat

GROUP = "published"
SUBJECTS = ["subj01", "subj02", "subj03"]
N, N_SHARED, RUNS, SIZE = 18, 14, 4, 4
SHAPE = (9, 7, 5)
"""Voxels along x, y and z."""
SETTING = {"region": "V1v", "distance": "crossnobis", "source": "planted"}
EXPECTED = {
    "stimuli": N,
    "presentations": dict.fromkeys(SUBJECTS, N * RUNS + 6),
    "units": {"V1v": 3 * len(SUBJECTS) * SIZE * SIZE},
    "mismatch": "refuse",
    "published": [
        {**SETTING, "measure": "whitened_cosine", "model": "pixels", "layers": {"pixels": 0.99}},
        {**SETTING, "measure": "spearman", "people": 0.5, "tolerance": 0.1},
    ],
}
"""The scores of the pixels are found again, those of people among each other are not: they are far
more alike."""


def write(root: Path) -> None:
    """Write the objects of the bucket."""
    home = root / "bucket" / "natural-scenes-dataset"
    rng = np.random.default_rng(284)
    pictures = natural_like(N, SIZE, SIZE, seed=284)
    for number, pixels in enumerate(pictures, 1):
        folder = "nsdsynthetic" if number <= N_SHARED else "nsdsynthetic_subj01"
        file = home / f"nsddata/stimuli/nsdsynthetic/{folder}/nsdsynthetic{number:03d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)
    runs = [rng.permutation(N) + 1 for _ in range(RUNS)]
    runs[0] = np.append(runs[0], [1, 2, 3, 1])  # again within the run
    runs[2] = np.append(runs[2], [1, 5])
    design = home / "nsddata/experiments/nsdsynthetic/nsdsynthetic_expdesign.mat"
    design.parent.mkdir(parents=True)
    pattern = np.zeros((1, RUNS, N + 8), dtype=np.uint8)
    for run, shown in enumerate(runs):
        pattern[0, run, 2 : 2 + len(shown)] = 1
    order = np.concatenate(runs)
    savemat(design, {"masterordering": order[None].astype(float), "stimpattern": pattern})
    features = pictures.reshape(N, -1) / 255
    for subject in SUBJECTS:
        _write_subject(home, subject, features[order - 1], rng)


def _write_subject(
    home: Path, subject: str, features: np.ndarray, rng: np.random.Generator
) -> None:
    n = features.shape[1]
    labels = np.full(SHAPE, -1, dtype=np.int16)
    inside = rng.permutation(labels.size)
    labels.ravel()[inside[:n]] = 1
    labels.ravel()[inside[n : 2 * n]] = 2
    roi = home / f"nsddata/ppdata/{subject}/func1pt8mm/roi/prf-visualrois.nii.gz"
    volumes.write_image(roi, labels, np.diag([1.8, 1.8, 1.8, 1.0]))
    rotation = np.linalg.qr(rng.standard_normal((n, n)))[0]
    betas = rng.standard_normal((len(features), *SHAPE))
    betas[:, labels == 1] = 10 * features @ rotation + 0.2 * rng.standard_normal(features.shape)
    folder = f"nsddata_betas/ppdata/{subject}/func1pt8mm/nsdsyntheticbetas_fithrf"
    file = home / folder / "betas_nsdsynthetic.hdf5"
    file.parent.mkdir(parents=True)
    with h5py.File(file, "w") as stored:
        whole = np.rint(300 * betas).astype(np.int16)
        stored.create_dataset("betas", data=whole.transpose(0, 3, 2, 1), chunks=True)
