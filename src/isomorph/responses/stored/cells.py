"""Cells: the units of an array, which stand along one or more of its axes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.responses.places import Grid, Hemisphere, Place, in_space

Array = npt.NDArray

SPACE = ("x", "y", "z")
"""Axes of voxels, as images have them."""


@dataclass(frozen=True)
class Cells:
    """The cells of the axes of an array that are of units, the last index running fastest.

    Attributes
    ----------
    axes : tuple of str
        Their names, in the order of the array.
    shape : tuple of int
        Their lengths.
    file : Path
        The file, for messages.
    """

    axes: tuple[str, ...]
    shape: tuple[int, ...]
    file: Path = field(default=Path(), compare=False)

    def __len__(self) -> int:
        return int(np.prod(self.shape))

    def __str__(self) -> str:
        said = " × ".join(
            f"{length} ({axis})" for axis, length in zip(self.axes, self.shape, strict=True)
        )
        return f"{said} units" if len(self.axes) > 1 else f"{len(self)} units"

    @property
    def spatial(self) -> bool:
        """Whether they are voxels."""
        return set(self.axes) == set(SPACE)

    def is_same(self, other: Any) -> bool:
        """Tell whether another array has the same cells in the same order."""
        return self == other

    def indices(self, units: Array) -> Array:
        """Return the index of some units along each axis, of voxels x, y and z: (axis, unit)."""
        found = np.stack(np.unravel_index(units, self.shape))
        return found[[self.axes.index(axis) for axis in SPACE]] if self.spatial else found

    def names(self, units: Array) -> list[str]:
        """Return the indices of some units: `12-30-7`, of voxels in the order x, y, z."""
        return ["-".join(map(str, at)) for at in self.indices(units).T.tolist()]

    def hemisphere(self, side: str) -> Hemisphere | None:
        """Return nothing: an array does not say what its places are."""

    def positions_of(self, other: Any) -> Array:
        """Return where the units of another file stand among these: in the same places.

        Axes may stand in another order there.

        Parameters
        ----------
        other : Place
            Of an image, whose axes are x, y and z; of grayordinates; or of another array.

        Returns
        -------
        array of shape (unit of the other,)

        Raises
        ------
        IsomorphError
            When it has other axes, or others lengths of them.
        """
        is_row = isinstance(other, Grid) and max(other.shape) == len(other)
        other = as_cells(other)
        if is_row and not self.spatial and len(self.axes) == 1:
            other = Cells(self.axes, (len(other),), other.file)  # units, as an image holds them
        lengths = dict(zip(self.axes, self.shape, strict=True))
        if dict(zip(other.axes, other.shape, strict=True)) != lengths:
            raise IsomorphError(
                f"{other.file}: has {other}, {self.file} {self}; regions and responses must be of "
                "the same units" + _turned(self.shape, other.shape)
            )
        places = np.arange(len(self)).reshape(self.shape)
        return places.transpose([self.axes.index(axis) for axis in other.axes]).ravel()


def as_cells(place: Place) -> Cells:
    """Return the units of any file as the cells of an array: voxels, or a row of units."""
    if isinstance(place, Cells):
        return place
    if isinstance(place, Grid):
        return Cells(SPACE[: len(place.shape)], tuple(place.shape), place.file)
    return Cells(("unit",), (len(place),), place.file)


def _turned(one: tuple[int, ...], other: tuple[int, ...]) -> str:
    """Say that axes may be named in the wrong order, where lengths alone would fit."""
    return "; are the axes named in their order?" if sorted(one) == sorted(other) else ""


def in_space_of(
    place: Place, units: Array, grid: Grid | None = None
) -> tuple[dict[str, tuple[str, Array]], dict[str, str]]:
    """Return where voxels are, also those of an array, by the grid of an image of the same.

    Parameters
    ----------
    place : Place
    units : array of shape (unit,)
        Positions in the place.
    grid : Grid, optional
        Voxels of a mask; without it nobody knows where those of an array are.

    Returns
    -------
    See `isomorph.responses.places.in_space`.
    """
    if isinstance(place, Cells) and place.spatial and grid is not None:
        return in_space(grid, np.ravel_multi_index(tuple(place.indices(units)), grid.shape))
    return in_space(place, units)
