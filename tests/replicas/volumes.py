"""Small BOLD runs with planted amplitudes, and the files that stand beside them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy.stats import gamma

SHAPE = (8, 8, 6)
AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])
MOTION = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]


def write_text(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")


def write_json(file: Path, content: Mapping[str, object]) -> None:
    write_text(file, json.dumps(content, indent=2) + "\n")


def write_table(file: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    lines = ["\t".join(columns), *("\t".join(map(str, row)) for row in rows)]
    write_text(file, "\n".join(lines) + "\n")


def write_image(file: Path, values: np.ndarray, affine: np.ndarray = AFFINE, tr: float = 0) -> None:
    """Write an image; the same values give the same bytes."""
    image = nib.Nifti1Image(values, affine)
    if values.ndim == 4:
        image.header.set_zooms((*image.header.get_zooms()[:3], tr))
    content = image.to_bytes()
    if file.suffix == ".gz":
        content = gzip.compress(content, compresslevel=6, mtime=0)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def response(time: np.ndarray) -> np.ndarray:
    """Return a haemodynamic response, largest 5 s after an impulse."""
    return gamma.pdf(time, 6) - gamma.pdf(time, 16) / 6


def predicted(
    onsets: Sequence[float], durations: Sequence[float], n_scans: int, tr: float
) -> np.ndarray:
    """Return what events predict, summed over events in steps of a tenth of a second: (scan,)."""
    fine = np.zeros(int(n_scans * tr * 10) + 1)
    for onset, duration in zip(onsets, durations, strict=True):
        fine[int(onset * 10) : int((onset + max(duration, 0.1)) * 10)] += 1
    convolved = np.convolve(fine, response(np.arange(0, 32, 0.1)) * 0.1)[: len(fine)]
    return convolved[(np.arange(n_scans) * tr * 10).astype(int)]


def simulate(
    amplitudes: Mapping[str, np.ndarray],
    events: Sequence[tuple[float, float, str]],
    n_scans: int,
    tr: float,
    rng: np.random.Generator,
    noise: float = 1.0,
) -> np.ndarray:
    """Return a run with a percent signal change per stimulus.

    Parameters
    ----------
    amplitudes : mapping of str to array of shape (x, y, z)
        Percent, by stimulus.
    events : sequence of tuple (onset, duration, stimulus)
        Seconds.
    n_scans : int
    tr : float
        Seconds.
    rng : Generator
    noise : float
        Standard deviation, percent; a third of it is common to all voxels.

    Returns
    -------
    array of int16 of shape (x, y, z, scan)
    """
    change = np.zeros((*SHAPE, n_scans))
    for stimulus, pattern in amplitudes.items():
        own = [(onset, duration) for onset, duration, name in events if name == stimulus]
        if own:
            change += pattern[..., None] * predicted(*zip(*own, strict=True), n_scans, tr)
    change += noise * rng.standard_normal(change.shape)
    change += noise / 3 * rng.standard_normal(n_scans)
    change += 2 * np.sin(np.arange(n_scans) / n_scans * np.pi)  # a slow drift
    return np.round(10_000 * (1 + change / 100)).astype(np.int16)


def write_confounds(stem: Path, n_scans: int, rng: np.random.Generator) -> None:
    """Write the confounds fMRIPrep puts beside a run: motion, and a difference with no value."""
    motion = rng.standard_normal((n_scans, len(MOTION))).cumsum(axis=0) * 0.01
    rows = [
        ["n/a" if scan == 0 else "0.1", *(f"{value:.6f}" for value in row)]
        for scan, row in enumerate(motion)
    ]
    write_table(
        stem.with_name(stem.name + "_desc-confounds_timeseries.tsv"),
        ["framewise_displacement", *MOTION],
        rows,
    )
    write_json(stem.with_name(stem.name + "_desc-confounds_timeseries.json"), {})


LABELS = {
    "Unknown": 0,
    **{
        f"ctx-{side}-{name}": base + number
        for side, base in (("lh", 1000), ("rh", 2000))
        for name, number in {
            "fusiform": 7, "inferiortemporal": 9, "lateraloccipital": 11, "lingual": 13,
            "parahippocampal": 16, "pericalcarine": 21,
        }.items()
    },
}  # fmt: skip
"""FreeSurfer's numbers of a few parcels."""


def write_label_table(file: Path) -> None:
    rows = [(index, name, "#000000") for name, index in LABELS.items()]
    write_table(file, ["index", "name", "color"], rows)


def parcels() -> np.ndarray:
    """Return an image of labels: each parcel 2 × 8 × 2 voxels, hemispheres apart."""
    image = np.zeros(SHAPE, dtype=np.int32)
    left = [index for index in LABELS.values() if 1000 <= index < 2000]
    for number, index in enumerate(left):
        y, z = divmod(number, 3)
        image[1:4, 4 * y : 4 * y + 4, 2 * z : 2 * z + 2] = index
        image[4:7, 4 * y : 4 * y + 4, 2 * z : 2 * z + 2] = index + 1000
    return image


def write_fmriprep(
    stem: Path, bold: np.ndarray, tr: float, rng: np.random.Generator, boldref: bool = False
) -> None:
    """Write one run as fMRIPrep leaves it in T1w space."""
    space = f"{stem.name}_space-T1w"
    write_image(stem.with_name(f"{space}_desc-preproc_bold.nii.gz"), bold, tr=tr)
    write_json(
        stem.with_name(f"{space}_desc-preproc_bold.json"),
        {"RepetitionTime": tr, "SkullStripped": False, "SliceTimingCorrected": False},
    )
    write_image(stem.with_name(f"{space}_desc-aparcaseg_dseg.nii.gz"), parcels())
    write_image(stem.with_name(f"{space}_desc-brain_mask.nii.gz"), (parcels() > 0).astype(np.uint8))
    write_json(stem.with_name(f"{space}_desc-brain_mask.json"), {"Type": "Brain"})
    if boldref:
        write_image(stem.with_name(f"{space}_boldref.nii.gz"), bold[..., 0])
    write_confounds(stem, bold.shape[3], rng)
