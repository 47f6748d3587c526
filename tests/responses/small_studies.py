"""Small well-formed datasets of two subjects, one for each way in which responses come.

Each writer fills a folder with the recordings of "s1" and "s2" and returns the settings that read
them. The stimuli are pictures: cat, dog, house and tree, but where others already write the files.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pandas as pd
from PIL import Image
from scipy.spatial.distance import pdist, squareform
from test_epochs import write_brainvision
from test_rasters import write as write_rasters
from test_traces import SIGNAL
from test_traces import write as write_traces

STIMULI = ["cat", "dog", "house", "tree"]
SUBJECTS = ["s1", "s2"]
SHOWN = STIMULI * 5
AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])
RNG = np.random.default_rng(12)

Settings = dict[str, Any]


def stimuli_of(kind: str) -> list[str]:
    """Return the names of the pictures that the recordings of a kind show."""
    return {"traces": ["a", "b"], "rasters": ["aa", "bb", "cc"]}.get(kind, STIMULI)


def pictures(folder: Path, names: list[str]) -> None:
    for place, name in enumerate(names):
        Image.new("L", (4, 4), 60 * place).save(folder / f"{name}.png")


def nwb(folder: Path) -> Settings:
    from pynwb import NWBHDF5IO, NWBFile

    for subject in SUBJECTS:
        file = NWBFile("test", subject, datetime(2020, 1, 1, tzinfo=UTC), session_id="9")
        file.add_trial_column("image", "image")
        for place, name in enumerate(SHOWN):
            file.add_trial(start_time=10 + 5.0 * place, stop_time=12 + 5.0 * place, image=name)
        file.add_unit_column("location", "location")
        file.add_unit_column("snr", "snr")
        for place, step in enumerate((0.1, 0.3)):
            spikes = np.arange(0.5, 120, step)
            file.add_unit(spike_times=spikes, location="IT", snr=3.0 - place)
        with NWBHDF5IO(str(folder / f"{subject}.nwb"), mode="w") as io:
            io.write(file)
    return {
        "kind": "nwb",
        "files": "{subject}.nwb",
        "presentations": {"table": "trials", "stimulus": "image"},
        "window": [0.0, 0.1],
        "region": "location",
        "quality": {"snr": {"min": 1.0}},
    }


def traces(folder: Path) -> Settings:
    for subject in SUBJECTS:
        write_traces(folder / f"{subject}.nwb", RNG.normal(size=(300, 3)))
    return {
        "kind": "traces",
        "files": "{subject}.nwb",
        "presentations": {"stimulus": "image"},
        "signal": SIGNAL,
        "window": [0.0, 0.5],
    }


def rasters(folder: Path) -> Settings:
    write_rasters(folder)
    for part in ("", "_image"):
        (folder / f"s2{part}.nwb").write_bytes((folder / f"s1{part}.nwb").read_bytes())
    return {
        "kind": "rasters",
        "files": "{subject}.nwb",
        "companion": "{stem}_image.nwb",
        "presentations": {
            "table": "presentations",
            "series": "stimulus/presentation/presentations",
            "names": "stimulus/templates/stimuli/external_file",
            "name": "{stem}",
        },
        "window": [0.1, 0.3],
        "raster": "processing/ecephys/rasters",
        "units": "processing/ecephys/unit_names/unit_name",
        "region": {"name": "IT"},
    }


def arrays(folder: Path) -> Settings:
    for subject in SUBJECTS:
        np.save(folder / f"{subject}.npy", RNG.normal(size=(20, 3)))
        pd.DataFrame({"stimulus": SHOWN}).to_csv(folder / f"{subject}.csv", index=False)
    pd.DataFrame({"region": ["IT", "IT", "V4"]}).to_csv(folder / "units.csv", index=False)
    return {
        "kind": "arrays",
        "responses": "{subject}.npy",
        "presentations": "{subject}.csv",
        "units": "units.csv",
    }


def rdms(folder: Path) -> Settings:
    for subject in SUBJECTS:
        square = squareform(pdist(RNG.normal(size=(4, 6)), "correlation"))
        np.savez(folder / f"{subject}.npz", rdm=square, stimuli=STIMULI)
    return {
        "kind": "rdms",
        "sources": [
            {"file": f"{one}.npz", "variable": "rdm", "region": "IT", "subjects": [one],
             "distance": "correlation"}
            for one in SUBJECTS
        ],
    }  # fmt: skip


def bids(folder: Path) -> Settings:
    """Write two runs of 60 volumes, one of them compressed, and masks of two regions."""
    for subject in SUBJECTS:
        func = folder / f"sub-{subject}" / "func"
        func.mkdir(parents=True)
        for run, ending in ((1, ".nii.gz"), (2, ".nii")):
            stem = f"sub-{subject}_task-x_run-{run}"
            volumes = 100 + RNG.normal(size=(4, 4, 4, 60)).astype(np.float32)
            nibabel.save(nibabel.Nifti1Image(volumes, AFFINE), func / f"{stem}_bold{ending}")
            rows = [f"{4 + 5 * at}\t1\t{name}" for at, name in enumerate(SHOWN)]
            text = "\n".join(["onset\tduration\ttrial_type", *rows]) + "\n"
            (func / f"{stem}_events.tsv").write_text(text)
            (func / f"{stem}_confounds.tsv").write_text(
                "\n".join(["rot_x", *(f"{value:.3f}" for value in RNG.normal(size=60))]) + "\n"
            )
        mask = np.zeros((4, 4, 4), dtype=np.uint8)
        mask[:2] = 1
        nibabel.save(nibabel.Nifti1Image(mask, AFFINE), func / f"sub-{subject}_IT.nii.gz")
        labels = nibabel.Nifti1Image(mask + np.uint8(1), AFFINE)
        nibabel.save(labels, func / f"sub-{subject}_labels.nii.gz")
    (folder / "task-x_bold.json").write_text(json.dumps({"RepetitionTime": 2.0}))
    (folder / "labels.tsv").write_text("index\tname\n1\tV4\n2\tIT\n")
    return {
        "kind": "bids",
        "bold": "sub-{subject}/func/*_bold.nii*",
        "events": {"files": "sub-{subject}/func/*_events.tsv", "stimulus": "trial_type"},
        "confounds": {"files": "sub-{subject}/func/*_confounds.tsv", "columns": ["rot_x"]},
        "regions": {"kind": "masks", "named": {"IT": ["sub-{subject}/func/*_IT.nii.gz"]}},
        "centre": "run",
    }


def betas(folder: Path) -> Settings:
    for subject in SUBJECTS:
        (folder / subject).mkdir()
        for run in (1, 2):
            maps = RNG.normal(size=(4, 4, 4, 4)).astype(np.float32)
            stem = folder / subject / f"{subject}_task-x_run-{run}"
            nibabel.save(nibabel.Nifti1Image(maps, AFFINE), f"{stem}_beta.nii")
            Path(f"{stem}_label.txt").write_text("\n".join(STIMULI) + "\n")
        mask = np.zeros((4, 4, 4), dtype=np.uint8)
        mask[:2] = 1
        nibabel.save(nibabel.Nifti1Image(mask, AFFINE), folder / subject / "IT.nii.gz")
    return {
        "kind": "betas",
        "files": "{subject}/*_beta.nii",
        "labels": "{subject}/*_label.txt",
        "regions": [{"file": "{subject}/IT.nii.gz", "name": "IT"}],
    }


def epochs(folder: Path) -> Settings:
    for subject in SUBJECTS:
        file = folder / subject / f"{subject}_task-x_eeg.vhdr"
        write_brainvision(file, RNG.normal(size=(6, 10000)).astype(np.float32))
        rows = [f"{0.5 + 0.4 * at}\t0.1\t{name}" for at, name in enumerate(SHOWN)]
        text = "\n".join(["onset\tduration\timage", *rows]) + "\n"
        file.with_name(f"{subject}_task-x_events.tsv").write_text(text)
    return {
        "kind": "epochs",
        "files": "{subject}/*_eeg.vhdr",
        "presentations": {"stimulus": "image"},
        "windows": {"early": [0.0, 0.1]},
    }


WRITERS: dict[str, Callable[[Path], Settings]] = {
    "nwb": nwb,
    "traces": traces,
    "rasters": rasters,
    "arrays": arrays,
    "rdms": rdms,
    "bids": bids,
    "betas": betas,
    "epochs": epochs,
}
"""Writers by the `kind` of responses."""
