"""A replica of the Natural Scenes Dataset: shared photographs before each person's own.

Kept from the real one: a file of betas for each session, a design of all sessions, in which the
first images are the shared ones, levels that differ between sessions.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import volumes
from images import natural_like
from PIL import Image
from scipy.io import savemat

GROUP = "arriving"
SUBJECTS = ["subj01", "subj05"]
SESSIONS, RUNS, PER_RUN = 3, 2, 8
SHARED, OWN = 6, 10
"""Images shown to all, and those of each person, all of them three times over three sessions."""
NSD = (2951, 2991, 3050, 3078, 3147, 3158)
SHAPE = (5, 4, 3)
SHOWN = np.random.default_rng(73).permutation(np.repeat(np.arange(SHARED + OWN), 3)) + 1
EXPECTED = {"stimuli": SHARED, "presentations": dict.fromkeys(SUBJECTS, 3 * SHARED),
            "repetitions": dict.fromkeys(SUBJECTS, 3)}  # fmt: skip


def write(root: Path) -> None:
    """Write the objects of the bucket."""
    home = root / "bucket" / "natural-scenes-dataset"
    rng = np.random.default_rng(73)
    for number, pixels in enumerate(natural_like(SHARED, 16, 16, seed=73), 1):
        name = f"shared{number:04d}_nsd{NSD[number - 1]:05d}.png"
        file = home / "nsddata/stimuli/nsd/shared1000" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)
    design = home / "nsddata/experiments/nsd/nsd_expdesign.mat"
    design.parent.mkdir(parents=True)
    pattern = np.zeros((3, RUNS, PER_RUN + 2), dtype=np.uint8)
    pattern[:, :, 1:-1] = 1
    savemat(design, {"masterordering": SHOWN[None].astype(float), "stimpattern": pattern})
    for subject in SUBJECTS:
        own = home / f"nsddata/ppdata/{subject}/func1pt8mm/roi"
        labels = rng.permutation(np.arange(np.prod(SHAPE)) % 8).reshape(SHAPE).astype(np.int16)
        for name in ("prf-visualrois", "streams"):
            volumes.write_image(own / f"{name}.nii.gz", labels, np.diag([1.8, 1.8, 1.8, 1.0]))
        signal = rng.standard_normal((SHARED + OWN, *SHAPE[::-1]))
        for session in range(SESSIONS):
            shown = SHOWN[16 * session : 16 * (session + 1)] - 1
            betas = signal[shown] + 0.5 * rng.standard_normal((16, *SHAPE[::-1]))
            betas = 20 * session + (1 + session) * betas  # what sessions differ by
            name = f"betas_fithrf_GLMdenoise_RR/betas_session{session + 1:02d}.hdf5"
            file = home / f"nsddata_betas/ppdata/{subject}/func1pt8mm" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with h5py.File(file, "w") as stored:
                stored["betas"] = np.rint(300 * betas).astype(np.int16)
