"""Small CIFTI files on a toy surface of 64 vertices a hemisphere, medial wall left out."""

import nibabel
import numpy as np
from nibabel.cifti2 import BrainModelAxis, LabelAxis, ScalarAxis

VERTICES = 64


def surface(left=range(8, VERTICES), right=range(4, VERTICES), vertices=VERTICES):
    """Return the axis of both hemispheres' vertices, 56 and 60 of them."""
    sides = [
        BrainModelAxis.from_surface(np.array(list(kept)), vertices, name="Cortex" + side)
        for side, kept in (("Left", left), ("Right", right))
    ]
    return sides[0] + sides[1]


def with_voxels(axis, n=10):
    """Return the axis with some voxels of the putamen behind it."""
    mask = np.zeros((4, 4, 4), dtype=bool)
    mask.ravel()[:n] = True
    return axis + BrainModelAxis.from_mask(mask, name="PutamenLeft", affine=np.eye(4))


def write_scalars(file, values, names, axis=None):
    """Write maps (map, grayordinate) with their names."""
    _write(file, np.asarray(values, dtype=np.float32), ScalarAxis(list(names)), axis)


def write_labels(file, keys, table, axis=None, name="labels"):
    """Write one map of label keys (grayordinate,) and the label of each key."""
    colours = {key: (label, (0.1, 0.2, 0.3, 1.0)) for key, label in table.items()}
    values = np.asarray(keys, dtype=np.float32)[None]
    _write(file, values, LabelAxis([name], [colours]), axis)


def _write(file, values, first, axis):
    file.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Cifti2Image(values, header=(first, axis if axis is not None else surface()))
    image.to_filename(str(file))
