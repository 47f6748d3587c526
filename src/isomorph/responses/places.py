"""Places: where units are, voxels of a grid or vertices of two surfaces.

Grayordinates, which are both, have a module of their own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError

Array = npt.NDArray
SAME_PLACE = 1e-3
"""How far the affines of two images may differ and still be one grid, millimetres."""
SIDES = ("left", "right")


@dataclass(frozen=True)
class Hemisphere:
    """The units of a place that stand on the cortex of one hemisphere.

    Attributes
    ----------
    units : array of shape (unit,)
        Their positions in the place.
    vertices : array of shape (unit,)
        The vertex of each.
    n_vertices : int
        Vertices of the whole surface, those without a unit too.
    """

    units: Array
    vertices: Array
    n_vertices: int


class Place(Protocol):
    """Where the units of a file are. Units are counted from 0."""

    @property
    def file(self) -> Path:
        """The file, for messages."""

    def __len__(self) -> int: ...

    def is_same(self, other: Any) -> bool:
        """Tell whether another file has exactly the same units in the same order."""

    def names(self, units: Array) -> list[str]:
        """Return a name for each of some units."""

    def hemisphere(self, side: str) -> Hemisphere | None:
        """Return the cortex of the left or right hemisphere; none of volumes."""

    def positions_of(self, other: Any) -> Array:
        """Return where the units of another file stand among these, -1 for none (unit,).

        Raises
        ------
        IsomorphError
            When the other's are of another kind, grid or surface.
        """


@dataclass(frozen=True)
class Grid:
    """The voxels of an image, the last index running fastest.

    Attributes
    ----------
    shape : tuple of int
        Voxels along x, y and z.
    affine : array of shape (4, 4)
        From voxels to millimetres.
    file : Path, optional
        The file, for messages.
    """

    shape: tuple[int, ...]
    affine: Array
    file: Path = field(default=Path(), compare=False)

    def __len__(self) -> int:
        return int(np.prod(self.shape))

    def is_same(self, other: Any) -> bool:
        """Tell whether another image has the same voxels."""
        return (
            isinstance(other, Grid)
            and self.shape == other.shape
            and np.allclose(self.affine, other.affine, rtol=0, atol=SAME_PLACE)
        )

    def indices(self, units: Array) -> Array:
        """Return x, y and z of some voxels: (3, unit)."""
        return np.stack(np.unravel_index(units, self.shape))

    def millimetres(self, units: Array) -> Array:
        """Return where some voxels are in the space of the image: (3, unit)."""
        at: Array = self.affine[:3, :3] @ self.indices(units) + self.affine[:3, 3:]
        return at

    def names(self, units: Array) -> list[str]:
        """Return the indices of some voxels: `12-30-7`."""
        return [f"{x}-{y}-{z}" for x, y, z in self.indices(units).T.tolist()]

    def hemisphere(self, side: str) -> None:
        """Return nothing: a volume has no surfaces."""

    def positions_of(self, other: Any) -> Array:
        """Return where the voxels of another image stand among these: in the same places.

        Raises
        ------
        IsomorphError
            When the other is not a volume, or on another grid.
        """
        if not isinstance(other, Grid):
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

    def __str__(self) -> str:
        rows = np.round(self.affine[:3], 3).tolist()
        return f"{'×'.join(map(str, self.shape))} voxels with affine {rows}"


def in_space(place: Place, units: Array) -> tuple[dict[str, tuple[str, Array]], dict[str, str]]:
    """Return coordinates `x`, `y`, `z` of voxels, millimetres, and the grid they are of, as JSON.

    Vertices and grayordinates have none.
    """
    if not isinstance(place, Grid):
        return {}, {}
    at = zip("xyz", place.millimetres(units), strict=True)
    grid = json.dumps({"shape": list(place.shape), "affine": place.affine.tolist()})
    return {axis: ("unit", values) for axis, values in at}, {"grid": grid}


@dataclass(frozen=True)
class Vertices:
    """The vertices of two hemispheres, those of the left first.

    Attributes
    ----------
    left, right : int
        How many each has.
    file : Path, optional
        The file, for messages.
    """

    left: int
    right: int
    file: Path = field(default=Path(), compare=False)

    def __len__(self) -> int:
        return self.left + self.right

    def is_same(self, other: Any) -> bool:
        """Tell whether other surfaces have as many vertices."""
        return self == other

    def names(self, units: Array) -> list[str]:
        """Return side and number of some vertices: `left-1021`."""
        return [
            f"left-{unit}" if unit < self.left else f"right-{unit - self.left}"
            for unit in np.asarray(units).tolist()
        ]

    def hemisphere(self, side: str) -> Hemisphere:
        """Return the vertices of one side."""
        count, first = (self.left, 0) if side == "left" else (self.right, self.left)
        return Hemisphere(first + np.arange(count), np.arange(count), count)

    def positions_of(self, other: Any) -> Array:
        """Return where the vertices of other surfaces stand among these: in the same places.

        Raises
        ------
        IsomorphError
            When there are not as many.
        """
        if not self.is_same(other):
            raise IsomorphError(f"{other.file}: has {other}, {self.file} {self}")
        return np.arange(len(self))

    def __str__(self) -> str:
        return f"surfaces of {self.left} (left) and {self.right} (right) vertices"
