"""Grayordinates: the vertices of surfaces and voxels of a volume that a CIFTI file is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.responses.places import Hemisphere, Place

Array = npt.NDArray


STRUCTURES = {"left": "CIFTI_STRUCTURE_CORTEX_LEFT", "right": "CIFTI_STRUCTURE_CORTEX_RIGHT"}
"""What CIFTI calls the cortex of each hemisphere."""


class Grayordinates:
    """The grayordinates of a CIFTI file, in its order.

    Parameters
    ----------
    axis : nibabel.cifti2.BrainModelAxis
        The file's own description of them.
    file : Path
        The file, for messages.
    """

    def __init__(self, axis: Any, file: Path) -> None:
        self.axis = axis
        self.file = file

    def __len__(self) -> int:
        return len(self.axis)

    def is_same(self, other: Any) -> bool:
        """Tell whether another file has exactly the same grayordinates in the same order."""
        return isinstance(other, Grayordinates) and bool(self.axis == other.axis)

    def names(self, units: Array) -> list[str]:
        """Return a name for each of some: `cortex left 1021`, or a voxel `putamen left 40-52-30`.

        Parameters
        ----------
        units : array of shape (unit,)
            Their places among the grayordinates.
        """
        axis = self.axis
        rows = zip(
            axis.name[units], axis.vertex[units].tolist(), axis.voxel[units].tolist(), strict=True
        )
        return [
            f"{_plain(str(name))} {vertex if vertex >= 0 else '-'.join(map(str, voxel))}"
            for name, vertex, voxel in rows
        ]

    def hemisphere(self, side: str) -> Hemisphere:
        """Return the vertices of one side that the file has."""
        units = np.flatnonzero(self.axis.name == STRUCTURES[side])
        count = self.axis.nvertices.get(STRUCTURES[side], 0)
        return Hemisphere(units, self.axis.vertex[units], count)

    def __str__(self) -> str:
        return f"{len(self)} grayordinates"

    def positions_of(self, other: Place) -> Array:
        """Return where the grayordinates of another file stand among these.

        Parameters
        ----------
        other : Place
            The grayordinates of another file.

        Returns
        -------
        array of shape (grayordinate of the other,)
            Position, -1 for one that is not among these.

        Raises
        ------
        IsomorphError
            When the other is not a CIFTI file, or of another surface or voxel grid.
        """
        if not isinstance(other, Grayordinates):
            raise IsomorphError(
                f"{other.file}: is a volume, {self.file} has grayordinates; regions and "
                "responses must be of one kind"
            )
        if self.is_same(other):
            return np.arange(len(self))
        self._check_surfaces(other)
        structures = {str(name) for name in (*self.axis.name, *other.axis.name)}
        code = {name: number for number, name in enumerate(sorted(structures))}
        mine, theirs = self._keys(code), other._keys(code)
        order = np.argsort(mine)
        found = np.searchsorted(mine, theirs, sorter=order)
        candidate = order[np.minimum(found, len(order) - 1)]
        return np.where(mine[candidate] == theirs, candidate, -1)

    def _check_surfaces(self, other: Grayordinates) -> None:
        one, two = self.axis.nvertices, other.axis.nvertices
        for structure in sorted({*one} & {*two}):
            if one[structure] != two[structure]:
                raise IsomorphError(
                    f"{other.file}: {_plain(structure)} is a surface of {two[structure]} vertices, "
                    f"in {self.file} of {one[structure]}; regions and responses must be of one "
                    "surface"
                )
        grids = [axis.axis for axis in (self, other) if axis.axis.volume_mask.any()]
        if len(grids) == 2 and (
            grids[0].volume_shape != grids[1].volume_shape
            or not np.allclose(grids[0].affine, grids[1].affine, atol=1e-3)
        ):
            raise IsomorphError(
                f"{other.file}: its voxels are on a grid {grids[1].volume_shape}, those of "
                f"{self.file} on {grids[0].volume_shape} that lies otherwise; regions and betas "
                "must be of one grid"
            )

    def _keys(self, code: dict[str, int]) -> Array:
        """Return a number per grayordinate that says structure and vertex, or voxel."""
        axis = self.axis
        structure = np.array([code[str(name)] for name in axis.name], dtype=np.int64)
        within = axis.vertex.astype(np.int64)
        if axis.volume_mask.any():
            voxels = axis.voxel[axis.volume_mask].T
            within[axis.volume_mask] = np.ravel_multi_index(tuple(voxels), axis.volume_shape)
        return structure * np.int64(2**32) + within


def _plain(structure: str) -> str:
    return structure.removeprefix("CIFTI_STRUCTURE_").replace("_", " ").lower()
