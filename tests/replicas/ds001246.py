"""A replica of ds001246: three runs of a person over two test sessions, fifty images in each."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import volumes
from PIL import Image

GROUP = "compared"
SUBJECTS = ["01"]
NAMES = Path(__file__).parents[2] / "config" / "datasets" / "ds001246.names.csv"
RUNS = [("perceptionTest01", 1), ("perceptionTest01", 2), ("perceptionTest02", 1)]
SCANS, TR = 178, 3.0
EXPECTED = {
    "stimuli": 50,
    "presentations": {"01": 150},
    "repetitions": {"01": 3},
    "units": {"V1d": 32, "LOC": 32, "HVC": 64},
}
MASKS = {
    "LH_V1d": (slice(0, 4), slice(0, 2), slice(0, 2)),
    "RH_V1d": (slice(4, 8), slice(0, 2), slice(0, 2)),
    "LH_LOC": (slice(0, 4), slice(4, 6), slice(2, 4)),
    "RH_LOC": (slice(4, 8), slice(4, 6), slice(2, 4)),
    "LH_HVC": (slice(0, 4), slice(4, 8), slice(2, 4)),
    "RH_HVC": (slice(4, 8), slice(4, 8), slice(2, 4)),
}
"""Voxels of each mask; LOC lies within HVC."""


def image_names() -> list[str]:
    with open(NAMES, encoding="utf-8", newline="") as file:
        return [row["path"].removesuffix(".JPEG") for row in csv.DictReader(file)]


def write(root: Path, subjects: Sequence[str] = SUBJECTS) -> None:
    """Write the repository, and the images that come by request."""
    rng = np.random.default_rng(1246)
    raw = root / "ds001246" / "1.2.1"
    volumes.write_json(
        raw / "dataset_description.json", {"Name": "replica", "BIDSVersion": "1.0.2"}
    )
    for task in ("perception", "imagery"):
        volumes.write_json(raw / f"task-{task}_bold.json", {"RepetitionTime": 3, "TaskName": task})
    volumes.write_text(raw / "sourcedata" / "README", "Masks of regions\n")
    names = image_names()
    planted = {name: 0.6 * rng.standard_normal(volumes.SHAPE) for name in names}
    requested = root / "requested" / "ds001246"
    requested.mkdir(parents=True)
    for name in names:
        pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(requested / f"{name}.JPEG", format="JPEG")
    for subject in subjects:
        for name, place in MASKS.items():
            mask = np.zeros(volumes.SHAPE, dtype=np.uint8)
            mask[place] = 1
            file = f"sourcedata/sub-{subject}/anat/sub-{subject}_mask_{name}.nii.gz"
            volumes.write_image(raw / file, mask)
        for session, run in RUNS:
            _write_run(raw, subject, session, run, planted, rng)


def _write_run(
    raw: Path,
    subject: str,
    session: str,
    run: int,
    planted: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> None:
    names = list(planted)
    whose = f"sub-{subject}_ses-{session}_task-perception_run-{run:02d}"
    stem = f"sub-{subject}/ses-{session}/func/{whose}"
    order = rng.permutation(len(names))
    again = set(rng.choice(len(names), 5, replace=False).tolist())
    shown = [names[i] for i in order for _ in range(2 if i in again else 1)]
    events = [(33.0 + 9 * trial, 9.0, name) for trial, name in enumerate(shown)]
    rows: list[tuple[object, ...]] = [(0, 33, 1, "rest", *["n/a"] * 5)]
    for trial, (onset, _, name) in enumerate(events):
        synset, number = name[1:].split("_")
        place = names.index(name) + 1
        # no float holds such an id as it is written
        identity = f"{int(synset)}.{int(number):06d}"
        rows.append((f"{onset:g}", 9, trial + 2, "stimulus", identity, name, place, place, "n/a"))
    rows.append((528, 6, 57, "rest", *["n/a"] * 5))
    volumes.write_table(
        raw / f"{stem}_events.tsv",
        [
            "onset", "duration", "trial_no", "event_type", "stimulus_id", "stimulus_name",
            "category_index", "image_index", "response_time",
        ],
        rows,
    )  # fmt: skip
    bold = volumes.simulate(planted, events, SCANS, TR, rng)
    volumes.write_image(
        raw / "derivatives/preproc-spm/output" / f"{stem}_bold_preproc.nii.gz", bold, tr=TR
    )
