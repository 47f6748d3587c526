"""A replica of ds000117: two runs of one person, each image twice in one run and in no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import volumes
from PIL import Image

GROUP = "compared"
SUBJECTS = ["01"]
KINDS = {"f": ("FAMOUS", 5), "u": ("UNFAMILIAR", 13), "s": ("SCRAMBLED", 17)}
NUMBERS = {1: (1, 2, 3, 4), 2: (100, 101, 143, 144)}
SCANS, TR = 90, 2.0
EXPECTED = {
    "stimuli": 24,
    "presentations": {"01": 24},
    "repetitions": {"01": 1},
    "units": {"fusiform": 48},
}


def amplitudes(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return percent signal change by image: faces, known or not, are alike."""
    shared = {kind: rng.standard_normal(volumes.SHAPE) for kind in ("face", "scrambled")}
    return {
        f"{kind}{number:03d}": 3.0 * shared["scrambled" if kind == "s" else "face"]
        + 1.0 * rng.standard_normal(volumes.SHAPE)
        for numbers in NUMBERS.values()
        for kind in KINDS
        for number in numbers
    }


def write(root: Path) -> None:
    rng = np.random.default_rng(117)
    raw, derived = root / "ds000117" / "1.0.5", root / "ds000117-fmriprep" / "main"
    volumes.write_json(
        raw / "dataset_description.json", {"Name": "replica", "BIDSVersion": "1.0.2"}
    )
    volumes.write_json(raw / "task-facerecognition_bold.json", {"RepetitionTime": TR})
    volumes.write_table(raw / "participants.tsv", ["participant_id", "age"], [("sub-01", "31")])
    volumes.write_json(
        derived / "dataset_description.json", {"Name": "fMRIPrep", "DatasetType": "derivative"}
    )
    volumes.write_label_table(derived / "desc-aparcaseg_dseg.tsv")
    planted = amplitudes(rng)
    folder = raw / "stimuli" / "func"
    folder.mkdir(parents=True)
    for name in planted:
        pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.bmp")
    for run, numbers in NUMBERS.items():
        names = [f"{kind}{number:03d}" for kind in KINDS for number in numbers]
        order = rng.permutation(names)
        shown = [str(name) for name in order for _ in range(2)]
        events = [(4.0 + 3.2 * trial, 0.9, name) for trial, name in enumerate(shown)]
        rows = [
            (
                f"{onset:.3f}", f"{duration:.3f}".lstrip("0"), ".534", KINDS[name[0]][0],
                KINDS[name[0]][1] + trial % 2, "n/a" if trial == 5 else 4, "1.200",
                f"func/{name}.bmp",
            )
            for trial, (onset, duration, name) in enumerate(events)
        ]  # fmt: skip
        rows.append(("82.000", "20.000", "20.000", "n/a", 999, 20000, "20.000", "func/i999.bmp"))
        rows.append(("170.000", ".012", "0", "n/a", 999, 0, "0", "func/Circle.bmp"))
        volumes.write_table(
            raw / "sub-01/ses-mri/func"
            / f"sub-01_ses-mri_task-facerecognition_run-{run:02d}_events.tsv",
            [
                "onset", "duration", "circle_duration", "stim_type", "trigger", "button_pushed",
                "response_time", "stim_file",
            ],
            sorted(rows, key=lambda row: float(row[0])),
        )  # fmt: skip
        bold = volumes.simulate(planted, events, SCANS, TR, rng)
        stem = f"sub-01/ses-mri/func/sub-01_ses-mri_task-facerecognition_run-{run}"
        volumes.write_fmriprep(derived / stem, bold, TR, rng, boldref=True)
