"""A replica of the THINGS ventral stream spiking dataset, in a folder of the user's.

Kept from the real one: all 1024 electrodes, in MATLAB files of version 7.3 whose axes h5py sees in
the opposite order, paths of images with backslashes in cells of a struct.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from images import natural_like
from PIL import Image

GROUP = "arriving"
SUBJECTS = ["monkeyF", "monkeyN"]
ELECTRODES, N, REPETITIONS = 1024, 5, 3
EXPECTED = {
    "stimuli": N,
    "presentations": {"monkeyF": N * REPETITIONS - 1, "monkeyN": N * REPETITIONS},
}


def write(root: Path) -> None:
    """Write the folder."""
    home = root / "local" / "tvsd"
    rng = np.random.default_rng(1024)
    names = [f"thing{number}_01b" for number in range(N)]
    (home / "images").mkdir(parents=True)
    for name, pixels in zip(names, natural_like(N, 16, 16, seed=1024), strict=True):
        Image.fromarray(pixels).save(home / "images" / f"{name}.jpg")
    for subject in SUBJECTS:
        (home / subject / "_logs").mkdir(parents=True)
        activity = np.arange(ELECTRODES) + rng.standard_normal((REPETITIONS, N, ELECTRODES))
        if subject == "monkeyF":
            activity[2, 4] = np.nan  # not shown
        with h5py.File(home / subject / "THINGS_normMUA.mat", "w", userblock_size=512) as file:
            file["test_MUA_reps"] = activity
            file["train_MUA"] = np.zeros((2, ELECTRODES))
        with h5py.File(home / subject / "_logs/things_imgs.mat", "w", userblock_size=512) as file:
            struct = file.create_group("test_imgs")
            struct.attrs["MATLAB_class"] = b"struct"
            paths = struct.create_dataset("things_path", (N, 1), h5py.ref_dtype)
            paths.attrs["MATLAB_class"] = b"cell"
            for place, name in enumerate(names):
                path = f"object_images\\{name.partition('_')[0]}\\{name}.jpg"
                text = np.array([[ord(letter)] for letter in path], dtype=np.uint16)
                one = file.create_dataset(f"#refs#/p{place}", data=text)
                one.attrs["MATLAB_class"] = b"char"
                paths[place, 0] = one.ref
