"""A replica of BOLD5000: three runs of one session, one photograph of them shown in two.

Kept from the real one: names of an early fMRIPrep (`_bold_space-T1w_preproc`, `_bold_confounds`)
with confounds in CamelCase, masks of the hemispheres on another grid than the volumes, photographs
of three sources in folders of their own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import volumes
from images import natural_like
from PIL import Image

GROUP = "arriving"
SUBJECTS = ["CSI1"]
RUNS = 3
PER_RUN = 8
N = RUNS * PER_RUN - 1
SCANS, TR = 50, 2.0
FOLDERS = ("COCO", "ImageNet", "Scene")
ENDINGS = ("jpg", "JPEG", "jpg")
EXPECTED = {"stimuli": N, "presentations": {"CSI1": N + 1}, "repetitions": {"CSI1": 1}}
AREAS = {"EarlyVis": slice(0, 2), "LOC": slice(2, 4), "PPA": slice(4, 6)}


def photograph(place: int) -> str:
    return f"photograph{place:02d}.{ENDINGS[place % 3]}"


def write(root: Path) -> None:
    """Write the repository, and the photographs that come by request."""
    rng = np.random.default_rng(1499)
    raw = root / "ds001499" / "1.3.1"
    volumes.write_json(raw / "dataset_description.json", {"Name": "replica"})
    volumes.write_json(raw / "task-5000scenes_bold.json", {"RepetitionTime": 2})
    volumes.write_json(raw / "task-5000scenes_events.json", {"ImgName": "-"})
    for place, pixels in enumerate(natural_like(N, 16, 16, seed=1499)):
        file = root / "requested" / "ds001499" / FOLDERS[place % 3] / photograph(place)
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file, format="JPEG")
    half = np.diag([1.5, 1.5, 1.5, 1.0])  # voxels of half the size, as if of the anatomy
    half[:3, 3] = -0.75
    for area, rows in AREAS.items():
        for side, columns in (("LH", slice(0, 8)), ("RH", slice(8, 16))):
            mask = np.zeros([2 * n for n in volumes.SHAPE], dtype=np.uint8)
            mask[columns, 2 * rows.start : 2 * rows.stop] = 1
            name = f"derivatives/spm/sub-CSI1/sub-CSI1_mask-{side}{area}.nii.gz"
            volumes.write_image(raw / name, mask, half)
    order = [0, *(1 + rng.permutation(N - 1)), 0]  # the first comes again in the last run
    shown = np.reshape(order, (RUNS, PER_RUN))
    planted = {photograph(one): rng.standard_normal(volumes.SHAPE) for one in range(N)}
    for run, places in enumerate(shown, 1):
        _write_run(raw, run, [photograph(one) for one in places], planted, rng)


def _write_run(
    raw: Path,
    run: int,
    shown: list[str],
    planted: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> None:
    func, name = "sub-CSI1/ses-01/func", f"sub-CSI1_ses-01_task-5000scenes_run-{run:02d}"
    events = [(6.0 + 10 * trial, 1.0, one) for trial, one in enumerate(shown)]
    volumes.write_table(
        raw / func / f"{name}_events.tsv",
        ["onset", "duration", "Sess", "Run", "Trial", "ImgName", "ImgType"],
        [(onset, 1, 1, run, trial, one, "coco")
         for trial, (onset, _, one) in enumerate(events, 1)],
    )  # fmt: skip
    stem = raw / "derivatives" / "fmriprep" / func / f"{name}_bold"
    bold = volumes.simulate(planted, events, SCANS, TR, rng)
    volumes.write_image(stem.with_name(f"{stem.name}_space-T1w_preproc.nii.gz"), bold, tr=TR)
    motion = rng.standard_normal((SCANS, 6)).cumsum(axis=0) * 0.01
    volumes.write_table(
        stem.with_name(f"{stem.name}_confounds.tsv"),
        ["FramewiseDisplacement", "X", "Y", "Z", "RotX", "RotY", "RotZ"],
        [["n/a" if scan == 0 else "0.1", *(f"{value:.6f}" for value in row)]
         for scan, row in enumerate(motion)],
    )  # fmt: skip
