"""A replica of ds000105: four runs of one person, real block times, faces and houses far apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import volumes

SUBJECTS = ["1"]
CATEGORIES = ["bottle", "cat", "chair", "face", "house", "scissors", "scrambledpix", "shoe"]
RUNS, SCANS, TR = 4, 121, 2.5
EXPECTED = {
    "stimuli": 8,
    "presentations": {"1": 8 * RUNS},
    "repetitions": {"1": RUNS},
    "units": {"fusiform": 48, "pericalcarine": 48},
}


def amplitudes(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return percent signal change by category: kinds share a pattern."""
    kinds = {"cat": "animate", "face": "animate", "house": "place"}
    shared = {kind: rng.standard_normal(volumes.SHAPE) for kind in ("animate", "place", "object")}
    return {
        name: 1.0 * shared[kinds.get(name, "object")] + 0.5 * rng.standard_normal(volumes.SHAPE)
        for name in CATEGORIES
    }


def write(root: Path) -> None:
    rng = np.random.default_rng(105)
    raw, derived = root / "ds000105" / "3.0.0", root / "ds000105-fmriprep" / "main"
    volumes.write_json(
        raw / "dataset_description.json", {"Name": "replica", "BIDSVersion": "1.0.0"}
    )
    volumes.write_json(
        raw / "task-objectviewing_bold.json",
        {"RepetitionTime": TR, "TaskName": "object viewing"},
    )
    volumes.write_json(
        derived / "dataset_description.json", {"Name": "fMRIPrep", "DatasetType": "derivative"}
    )
    volumes.write_label_table(derived / "desc-aparcaseg_dseg.tsv")
    planted = amplitudes(rng)
    for run in range(1, RUNS + 1):
        stem = f"sub-1/func/sub-1_task-objectviewing_run-{run}"
        order = rng.permutation(CATEGORIES)
        # blocks of 24 s from 12 s on, an exemplar of half a second every 2 s
        events = [
            (12.0 + 36 * block + 2 * number, 0.5, str(name))
            for block, name in enumerate(order)
            for number in range(12)
        ]
        volumes.write_table(
            raw / f"sub-1/func/sub-1_task-objectviewing_run-{run:02d}_events.tsv",
            ["onset", "duration", "trial_type"],
            [(f"{onset:.3f}", f"{duration:.3f}", name) for onset, duration, name in events],
        )
        bold = volumes.simulate(planted, events, SCANS, TR, rng, noise=0.4)
        volumes.write_fmriprep(derived / stem, bold, TR, rng)
