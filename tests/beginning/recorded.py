"""Small recordings of every kind that a study can be begun from, planted: V1 follows brightness."""

from datetime import UTC, datetime
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pandas as pd
from PIL import Image
from pynwb import NWBHDF5IO, NWBFile
from pynwb.file import Subject

NAMES = [f"picture{number:02}" for number in range(8)]
BRIGHT = np.arange(8.0)
ANIMAL = np.arange(8) % 2


def images(folder: Path, names: list[str] = NAMES) -> None:
    """Images from dark to bright."""
    folder.mkdir(parents=True, exist_ok=True)
    for level, name in enumerate(names):
        pixels = np.full((12, 12, 3), 20 * level, dtype=np.uint8)
        pixels[:4, :4] += np.uint8(level)
        Image.fromarray(pixels).save(folder / f"{name}.png")


def nwb(
    folder: Path, subjects: tuple[str, ...] = ("m1", "m2"), *, shown: bool = True, times: int = 4
) -> None:
    """Spikes of five units of V4 and five of IT; `stim_on` is the onset, trials begin before it."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(0)
    if shown:
        images(folder / "pictures")
    for subject in subjects:
        file = NWBFile("pictures", f"{subject}-1", datetime(2024, 1, 1, tzinfo=UTC))
        file.subject = Subject(subject_id=subject, species="Macaca mulatta")
        for name in ("picture", "category", "stim_on"):
            file.add_trial_column(name, name)
        order = np.concatenate([draw.permutation(8) for _ in range(times)])
        for trial, picture in enumerate(order):
            file.add_trial(
                trial + 0.3, trial + 1.0, picture=NAMES[picture], stim_on=trial + 0.5,
                category=("thing", "animal")[ANIMAL[picture]],
            )  # fmt: skip
        file.add_unit_column("location", "the region")
        file.add_unit_column("quality", "as the sorter has it")
        for region, tuning in {"V4": BRIGHT / 7, "IT": ANIMAL}.items():
            for gain in draw.uniform(20, 60, size=5):
                rate = 5 + gain * tuning[order]
                spikes = [t + draw.uniform(0, 1, draw.poisson(n)) for t, n in enumerate(rate)]
                file.add_unit(spike_times=np.sort(np.concatenate(spikes)), location=region,
                              quality="good" if gain > 30 else "mua")  # fmt: skip
        with NWBHDF5IO(folder / f"sub-{subject}.nwb", "w") as io:
            io.write(file)


def arrays(folder: Path) -> None:
    """Responses of two people, V1 of brightness and IT of animals, with a table of the images."""
    draw = np.random.default_rng(1)
    images(folder / "images")
    for subject in ("anna", "ben"):
        v1, it = np.outer(BRIGHT / 2, draw.normal(size=6)), np.outer(ANIMAL, draw.normal(size=6))
        responses = np.hstack([v1, it]) + draw.normal(size=(3, 8, 12))
        np.save(folder / f"{subject}.npy", responses.reshape(24, 12))
        table(folder / f"{subject}_presentations.csv", stimulus=NAMES * 3)
        table(folder / f"{subject}_units.csv", region=["V1"] * 6 + ["IT"] * 6)
    table(folder / "stimuli.csv", stimulus=NAMES, kind=["thing", "animal"] * 4)


def rdms(folder: Path, *, names: list[str] = NAMES, inside: bool = False) -> None:
    """RDMs of three people in two regions, a file each; names of the stimuli inside or nowhere."""
    draw = np.random.default_rng(2)
    images(folder / "pictures", names)
    order = draw.permutation(8) if inside else np.arange(8)
    for region in ("EVC", "IT"):
        apart = np.abs(BRIGHT[order][:, None] - BRIGHT[order])
        noisy = np.triu(apart + draw.uniform(0, 2, size=(3, 8, 8)), 1)
        found = {"rdms": noisy + noisy.transpose(0, 2, 1)}
        if inside:
            found["stimuli"] = np.take(names, order)
        np.savez(folder / f"fmri_{region}_RDMs.npz", **found)


def bids(folder: Path, *, described: bool = True, repetition_time: bool = True) -> None:
    """Two people, two runs of eight words shown twice; half of the voxels answer to animals."""
    from nilearn.glm.first_level import make_first_level_design_matrix

    draw = np.random.default_rng(3)
    scans = 2.0 * np.arange(100)
    for subject in ("01", "02"):
        gains = np.r_[4 * draw.normal(size=13), np.zeros(14)]
        for run in (1, 2):
            place = folder / f"sub-{subject}/func/sub-{subject}_task-read_run-{run}"
            place.parent.mkdir(parents=True, exist_ok=True)
            shown = np.concatenate([draw.permutation(8) for _ in range(2)])
            events = pd.DataFrame({"onset": 6.0 + 11 * np.arange(16), "duration": 2.0,
                                   "trial_type": np.take(NAMES, shown)})  # fmt: skip
            if described:
                events["kind"] = np.take(["thing", "animal"], ANIMAL[shown])
            events.to_csv(f"{place}_events.tsv", sep="\t", index=False)
            design = make_first_level_design_matrix(
                scans, events[["onset", "duration", "trial_type"]], drift_model=None
            )[NAMES].to_numpy()
            noise = draw.normal(size=(100, 27))
            bold = 100 + (design @ np.outer(ANIMAL, gains) + noise).T.reshape(3, 3, 3, 100)
            image = nibabel.Nifti1Image(bold.astype(np.float32), np.eye(4))
            image.header.set_zooms((1, 1, 1, 2000.0))
            image.header.set_xyzt_units("mm", "msec")
            image.to_filename(f"{place}_bold.nii.gz")
        mask = nibabel.Nifti1Image(np.ones((3, 3, 3), dtype=np.uint8), np.eye(4))
        (folder / "masks").mkdir(exist_ok=True)
        mask.to_filename(folder / f"masks/sub-{subject}_ventral.nii.gz")
    if repetition_time:
        (folder / "task-read_bold.json").write_text('{"RepetitionTime": 2.0}')


def table(file: Path, **columns: list[str]) -> None:
    """A table of text, separated by commas."""
    pd.DataFrame(columns).to_csv(file, index=False)


def eeg(folder: Path) -> None:
    """EEG of two people, eight pictures shown four times; channels follow their brightness."""
    import mne

    draw = np.random.default_rng(6)
    images(folder / "pictures")
    for subject in ("01", "02"):
        place = folder / f"sub-{subject}/eeg/sub-{subject}_task-look"
        place.parent.mkdir(parents=True)
        shown = np.concatenate([draw.permutation(8) for _ in range(4)])
        onsets = 1.0 + 0.8 * np.arange(32)
        volts = 1e-6 * draw.normal(size=(4, 100 * 28))
        gains = draw.normal(size=4)
        for onset, picture in zip(onsets, shown, strict=True):
            first = round(100 * onset)
            volts[:, first + 5 : first + 15] += 1e-6 * BRIGHT[picture] * gains[:, None]
        info = mne.create_info(["O1", "Oz", "O2", "Pz"], 100.0, "eeg")
        raw = mne.io.RawArray(volts, info, verbose="error")
        raw.save(f"{place}_eeg.fif", verbose="error")
        events = pd.DataFrame({"onset": onsets, "duration": 0.5, "picture": np.take(NAMES, shown)})
        events.to_csv(f"{place}_events.tsv", sep="\t", index=False)


def betas(folder: Path) -> None:
    """Betas of two people, two runs of eight maps named in a text file, and a mask each."""
    draw = np.random.default_rng(4)
    images(folder / "images")
    for subject in ("01", "02"):
        gains = draw.normal(size=27)
        place = folder / f"sub-{subject}"
        place.mkdir()
        for run in (1, 2):
            values = np.outer(gains, BRIGHT) + draw.normal(size=(27, 8))
            image = nibabel.Nifti1Image(values.reshape(3, 3, 3, 8).astype(np.float32), np.eye(4))
            image.to_filename(place / f"sub-{subject}_run-{run}_betas.nii.gz")
            names = "\n".join(f"{name}.png" for name in NAMES)
            (place / f"sub-{subject}_run-{run}_label.txt").write_text(names)
        mask = nibabel.Nifti1Image(np.ones((3, 3, 3), dtype=np.uint8), np.eye(4))
        mask.to_filename(place / f"sub-{subject}_V1.nii.gz")


def volumes(folder: Path) -> None:
    """Betas of one person in HDF5, a volume per trial, a mask and a table of trials beside."""
    draw = np.random.default_rng(5)
    images(folder / "images")
    order = np.concatenate([draw.permutation(8) for _ in range(3)])
    values = BRIGHT[order][:, None] * draw.normal(size=24) + draw.normal(size=(24, 24))
    with h5py.File(folder / "ann.hdf5", "w") as file:
        file["betas"] = values.reshape(24, 2, 3, 4)
        file["seconds"] = np.arange(24.0)
    mask = nibabel.Nifti1Image(np.ones((4, 3, 2), dtype=np.uint8), np.eye(4))
    mask.to_filename(folder / "V1.nii.gz")
    table(folder / "trials.csv", trial=list(map(str, range(24))),
          image=[f"images/{NAMES[place]}.png" for place in order])  # fmt: skip


def matlab(file: Path) -> None:
    """Rates of one monkey as `save -v7.3` writes them, (unit, presentation), names in structs."""
    draw = np.random.default_rng(6)
    order = np.concatenate([draw.permutation(8) for _ in range(3)])
    rates = np.outer(draw.normal(size=6), BRIGHT[order]) + draw.normal(size=(6, 24))
    texts = {"stim/name": [NAMES[place] for place in order], "unit/area": ["V1"] * 6}
    with h5py.File(file, "w", userblock_size=512) as opened:
        opened["rates"] = rates.T
        opened["odd/cells"] = np.zeros((1, 2))  # a struct of something else
        opened["stim/run"] = np.repeat([1.0, 2, 3], 8)[:, None]
        for name, said in texts.items():
            cells = []
            for place, text in enumerate(said):
                cell = opened.create_dataset(f"#refs#/{name}{place}", data=[[ord(c)] for c in text],
                                             dtype=np.uint16)  # fmt: skip
                cell.attrs["MATLAB_class"] = np.bytes_("char")
                cells.append(cell.ref)
            opened.create_dataset(name, data=[cells], dtype=h5py.ref_dtype)
            opened[name].attrs["MATLAB_class"] = np.bytes_("cell")
    with open(file, "r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + bytes([0, 2]) + b"IM")
