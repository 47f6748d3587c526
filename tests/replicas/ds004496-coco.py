"""A replica of the session of the Natural Object Dataset that shows COCO photographs again.

Kept from the real one: the names of all 120 photographs, events whose column is `condition` and
whose rows of the person's task name nothing, betas of every run in the order of the names.
"""

import csv
from pathlib import Path

import ds004496 as nod
import numpy as np
from images import natural_like
from nibabel.cifti2 import ScalarAxis
from PIL import Image

GROUP = "arriving"
SUBJECTS = ["sub-01"]
NAMES = Path(__file__).parents[2] / "config" / "datasets" / "ds004496-coco.names.csv"
RUNS = (1, 2, 10)
EXPECTED = {
    "sessions": {"sub-01": 1},
    "stimuli": 120,
    "presentations": {"sub-01": 120 * len(RUNS)},
    "repetitions": {"sub-01": len(RUNS)},
}


def image_names():
    with open(NAMES, encoding="utf-8", newline="") as file:
        return [row["path"] for row in csv.DictReader(file)]


def write(root):
    """Write the repository, and the photographs that come by request."""
    home = root / "ds004496" / "2.1.2"
    results = home / "derivatives" / "ciftify" / "sub-01" / "results"
    for name in ("dataset_description", "task-coco_bold", "task-coco_events"):
        nod.write_text(home / f"{name}.json", "{}")
    names = image_names()
    folder = root / "requested" / "ds004496-coco"
    folder.mkdir(parents=True)
    for name, pixels in zip(names, natural_like(len(names), 16, 16, seed=120), strict=True):
        Image.fromarray(pixels).save(folder / name, format="JPEG", quality=95)
    axis = nod.cortex()
    nod.write_regions(results, axis)
    rng = np.random.default_rng(120)
    signal = rng.normal(size=(len(names), len(axis)))
    for run in RUNS:
        stem = f"ses-coco_task-coco_run-{run}"
        betas = 3 + signal + rng.normal(size=signal.shape)
        nod.write_cifti(results / stem / f"{stem}_beta.dscalar.nii", betas, ScalarAxis(names),
                        axis, np.float32)  # fmt: skip
        nod.write_text(results / stem / f"{stem}_label.txt", "\n".join(names))
        _write_events(home, run, rng.permutation(names))


def _write_events(home, run, shown):
    lines = ["onset\tduration\ttrial_type\tresponse\tresponse_time\tcondition"]
    for place, name in enumerate(shown):
        lines.append(f"{0.014 + 3 * place:.3f}\t0.5\t{place + 1}.0\t0.0\t0.0\tcoco/{name}")
    lines.append(f"{0.014 + 3 * len(shown):.3f}\t0.5\t2000.0\t1.0\t0.94\tn/a")
    name = f"sub-01_ses-coco_task-coco_run-{run:02d}_events.tsv"
    nod.write_text(home / "sub-01" / "ses-coco" / "func" / name, "\n".join(lines) + "\n")
