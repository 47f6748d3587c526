"""A replica of the betas of THINGS: a file for each region, trials of three kinds in one table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import volumes
from images import natural_like
from PIL import Image

GROUP = "arriving"
SUBJECTS = ["sub-01"]
TEST, SESSIONS = 4, 3
"""Images that come in every session, and sessions."""
UNITS = {"v1": 7, "ffa": 5}
EXPECTED = {"stimuli": TEST, "presentations": {"sub-01": TEST * SESSIONS},
            "repetitions": {"sub-01": SESSIONS}}  # fmt: skip


def write(root: Path) -> None:
    """Write the repository, and the images that come by request."""
    rng = np.random.default_rng(4212)
    folder = root / "ds004212" / "3.0.0" / "sourcedata" / "betas_roi" / "sub-01"
    test = [f"thing{number}_12s" for number in range(TEST)]
    for name, pixels in zip(test, natural_like(TEST, 16, 16, seed=4212), strict=True):
        file = root / "requested" / "ds004212" / name.partition("_")[0] / f"{name}.jpg"
        file.parent.mkdir(parents=True)
        Image.fromarray(pixels).save(file)
    trials = []
    for session in range(SESSIONS):
        own = [(f"other{session}{number}_01b", "exp") for number in range(5)]
        own += [(name, "test") for name in test] + [("catch_01", "catch")]
        trials += [own[place] for place in rng.permutation(len(own))]
    rows = [f"{kind},{name}.jpg,{place}" for place, (name, kind) in enumerate(trials)]
    table = "\n".join(["trial_type,filename,things_image_nr", *rows])
    volumes.write_text(folder / "sub-01_trialinfo.csv", table + "\n")
    for region, n in UNITS.items():
        np.save(folder / f"{region}.npy", rng.standard_normal((len(trials), n), dtype=np.float32))
