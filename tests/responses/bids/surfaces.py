"""Files of surfaces and grayordinates, written by nibabel."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.cifti2 import BrainModelAxis, LabelAxis, SeriesAxis
from nibabel.gifti import GiftiDataArray, GiftiImage, GiftiLabel, GiftiLabelTable


def write_series(file: Path, series: np.ndarray, one_array: bool = False) -> None:
    """Write a series (scan, vertex) of one hemisphere, an array for each volume or one for all."""
    arrays = [series.T] if one_array else list(series)
    image = GiftiImage(
        darrays=[
            GiftiDataArray(np.asarray(one, dtype=np.float32), intent="NIFTI_INTENT_TIME_SERIES")
            for one in arrays
        ]
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, file)


def write_labels(file: Path, keys: np.ndarray, names: dict[int, str]) -> None:
    """Write labels (vertex,) of one hemisphere."""
    table = GiftiLabelTable()
    for key, name in names.items():
        label = GiftiLabel(key=key)
        label.label = name
        table.labels.append(label)
    array = GiftiDataArray(np.asarray(keys, dtype=np.int32), intent="NIFTI_INTENT_LABEL")
    nib.save(GiftiImage(darrays=[array], labeltable=table), file)


def write_annotation(file: Path, keys: np.ndarray, names: list[str]) -> None:
    """Write FreeSurfer's labels (vertex,), places in the list of names, -1 for none."""
    colours = np.column_stack([np.arange(3 * len(names)).reshape(-1, 3) * 5, np.zeros(len(names))])
    colours = np.column_stack([colours, np.zeros(len(names))]).astype(np.int32)
    nib.freesurfer.write_annot(file, np.asarray(keys, dtype=np.int32), colours, names, True)


def grayordinates(left: np.ndarray, right: np.ndarray, n_vertices: int) -> BrainModelAxis:
    """Return the axis of some vertices of both hemispheres."""
    return BrainModelAxis.from_surface(
        left, n_vertices, name="CortexLeft"
    ) + BrainModelAxis.from_surface(right, n_vertices, name="CortexRight")


def write_dense_series(
    file: Path, series: np.ndarray, axis: BrainModelAxis, tr: float, unit: str = "SECOND"
) -> None:
    """Write a series (scan, grayordinate)."""
    header = (SeriesAxis(0.0, tr, len(series), unit=unit), axis)
    nib.save(nib.Cifti2Image(series.astype(np.float32), header=header), file)


def write_dense_labels(
    file: Path, keys: np.ndarray, names: dict[int, str], axis: BrainModelAxis
) -> None:
    """Write labels (grayordinate,)."""
    table = {key: (name, (0.1, 0.2, 0.3, 1.0)) for key, name in names.items()}
    values = np.asarray(keys, dtype=np.float32)[None]
    nib.save(nib.Cifti2Image(values, header=(LabelAxis(["l"], [table]), axis)), file)
