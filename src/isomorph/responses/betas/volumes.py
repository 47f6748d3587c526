"""NIfTI volumes: maps over the voxels of a grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.responses.betas.maps import Maps
from isomorph.responses.grayordinates import Place

Array = npt.NDArray

TOLERANCE = 1e-3
"""How far two grids may lie apart, mm."""


class Voxels:
    """The voxels of a grid, the last index running fastest.

    Parameters
    ----------
    shape : tuple of int
        Voxels along each axis.
    affine : ndarray (4, 4)
        From indices to mm.
    file : Path
        The file, for messages.
    """

    def __init__(self, shape: tuple[int, ...], affine: Array, file: Path) -> None:
        self.shape = shape
        self.affine = affine
        self.file = file

    def __len__(self) -> int:
        return int(np.prod(self.shape))

    def is_same(self, other: Place) -> bool:
        """Tell whether another file has the same grid at the same place."""
        return (
            isinstance(other, Voxels)
            and self.shape == other.shape
            and np.allclose(self.affine, other.affine, atol=TOLERANCE)
        )

    def names(self) -> Array:
        """Return the indices of each voxel: `40 52 30` (voxel,)."""
        indices = np.indices(self.shape).reshape(3, -1).astype(np.str_)
        first = np.char.add(np.char.add(indices[0], " "), indices[1])
        return np.char.add(np.char.add(first, " "), indices[2])

    def positions_of(self, other: Place) -> Array:
        """Return where the voxels of another file stand among these: in the same places.

        Raises
        ------
        IsomorphError
            When the other is no volume, or on another grid.
        """
        if not isinstance(other, Voxels):
            raise IsomorphError(
                f"{other.file}: has grayordinates, {self.file} is a volume; regions and betas must "
                "be of one kind"
            )
        if not self.is_same(other):
            raise IsomorphError(
                f"{other.file}: is on a grid {other.shape}, {self.file} on {self.shape}"
                + (" that lies elsewhere" if self.shape == other.shape else "")
                + "; resample the one to the other"
            )
        return np.arange(len(self))


def open_volume(file: Path, image: Any) -> Maps:
    """Describe the maps of a NIfTI volume without reading them: one, or one per fourth index.

    Raises
    ------
    IsomorphError
        When it has neither three axes nor four.
    """
    shape = tuple(int(length) for length in image.shape)
    if len(shape) not in (3, 4) or not hasattr(image, "affine"):
        raise IsomorphError(f"{file}: is of shape {shape}, expected (x, y, z) or (x, y, z, map)")
    return Maps(
        file=file,
        names=("",) * (shape[3] if len(shape) == 4 else 1),
        place=Voxels(shape[:3], np.asarray(image.affine, dtype=np.float64), file),
        labels=(),
        image=image,
        maps_first=False,
    )
