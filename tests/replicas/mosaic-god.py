"""A replica of one person of MOSAIC: an array per trial, whose name says what it is of.

Kept from the real one: names of trials, all 91,282 grayordinates, some of them without a value,
labels of the parcellation in a file of arrays that comes by request.
"""

from __future__ import annotations

from pathlib import Path

import ds001246
import h5py
import numpy as np
from PIL import Image

GROUP = "arriving"
SUBJECTS = ["sub-01"]
REPETITIONS = 2
EXPECTED = {"stimuli": 50, "presentations": {"sub-01": 100}, "repetitions": {"sub-01": 2}}
GRAYORDINATES = 91_282
LABELS = (1, 181, 4, 184, 6, 186, 22, 202, 18, 198)
EACH = 6
WITHOUT = 3
"""Units of each label, and how many of the first have no value."""


def write(root: Path) -> None:
    """Write the object of the bucket, and what comes by request."""
    rng = np.random.default_rng(91)
    requested = root / "requested" / "mosaic-god"
    requested.mkdir(parents=True)
    names = ds001246.image_names()
    for name in names:
        pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(requested / f"{name}.JPEG", format="JPEG")
    labels = np.zeros(GRAYORDINATES, dtype=int)
    places = rng.permutation(GRAYORDINATES)[: len(LABELS) * EACH]
    labels[places] = np.repeat(LABELS, EACH)
    np.savez(requested / "mmp_1.0.npz", map_all=labels, labels=np.array(["", "L_V1"]))
    folder = "fMRIPrepv23_2_0/task_fMRI/betas/GLMsinglev1_2/GenericObjectDecoding"
    file = root / "bucket" / "mosaicfmri" / folder / "sub-01_GOD.hdf5"
    file.parent.mkdir(parents=True)
    with h5py.File(file, "w") as stored:
        betas = stored.create_group("betas", track_order=True)
        shown = [(name, "test", rep) for name in names for rep in range(REPETITIONS)]
        for name, phase, rep in [*shown, ("n01518878_10042", "train", 0)]:
            beta = np.zeros(GRAYORDINATES, dtype=np.float32)
            beta[places] = rng.standard_normal(len(places))
            beta[np.flatnonzero(labels == 1)[:WITHOUT]] = np.nan
            betas.create_dataset(
                f"sub-01_GOD_stimulus-{name}_phase-{phase}_rep-{rep}", data=beta,
                compression="lzf",
            )  # fmt: skip
