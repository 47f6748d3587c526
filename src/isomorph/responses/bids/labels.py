"""Files that mark units: masks and labels of volumes, of surfaces and of grayordinates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.brain_images import files_of, open_image
from isomorph.foreign.entities import parse
from isomorph.responses.betas.maps import open_cifti
from isomorph.responses.bids.bold import grid_of
from isomorph.responses.grayordinates import Grayordinates
from isomorph.responses.places import SIDES, Grid, Place

Array = npt.NDArray
SIDE = re.compile(r"(?:^|[._])(?:(lh|left|l)|(?:rh|right|r))(?=[._])", re.IGNORECASE)
"""How names say the hemisphere where BIDS is not spoken: lh.aparc.annot, fs.L.label.gii."""


@dataclass(frozen=True)
class Marks:
    """What one file says of the units of a run.

    Attributes
    ----------
    file : Path
    values : array of shape (unit,)
        Value or key of each unit; 0 where the file says nothing of it.
    covered : array of bool of shape (unit,)
        Units the file speaks of: a file of one hemisphere is silent on the other.
    names : mapping of int to str
        The name of each key, where the file has names.
    files : tuple of Path
        All that it was read from, where it is not this file alone.
    """

    file: Path
    values: Array
    covered: Array
    names: Mapping[int, str]
    files: tuple[Path, ...] = ()


def read_marks(file: Path, place: Place, resample: bool) -> Marks:
    """Read a mask or labels at the units of a run.

    Parameters
    ----------
    file : Path
        NIfTI volume, GIfTI or FreeSurfer file of one hemisphere, or CIFTI file.
    place : Place
        Where the units are.
    resample : bool
        Whether a volume on another grid is brought to theirs, nearest neighbour.

    Raises
    ------
    IsomorphError
        When it is not such a file, or of another kind of place, grid or surface than the units.
    """
    if file.suffix == ".annot":
        return _annotation(file, place)
    image = open_image(file)
    return replace(_marks_of(file, image, place, resample), files=files_of(file, image))


def _marks_of(file: Path, image: Any, place: Place, resample: bool) -> Marks:
    from nibabel import Cifti2Image, GiftiImage

    if isinstance(image, GiftiImage):
        return _gifti(file, image, place)
    if isinstance(image, Cifti2Image):
        return _cifti(file, image, place)
    if not isinstance(place, Grid):
        raise IsomorphError(f"{file}: is a volume, the BOLD runs are {place}; give labels of those")
    values = _on_grid(file, image, place, resample).ravel()
    return Marks(file, values, np.ones(len(place), dtype=bool), {})


def on_hemisphere(
    file: Path, side: str, values: Array, names: Mapping[int, str], place: Place
) -> Marks:
    """Bring a value per vertex of one hemisphere to the units of a run.

    Parameters
    ----------
    file : Path
        Where they are from, for messages.
    side : {"left", "right"}
    values : array of shape (vertex,)
        Of all vertices of the surface.
    names : mapping of int to str
        Names of keys.
    place : Place
        Where the units are.

    Raises
    ------
    IsomorphError
        When the units are voxels, or of a surface with another number of vertices.
    """
    cortex = place.hemisphere(side)
    if cortex is None:
        raise IsomorphError(f"{file}: is of a surface, the BOLD runs are of {place}; give volumes")
    if cortex.n_vertices != len(values):
        raise IsomorphError(
            f"{file}: is of {len(values)} vertices, the {side} hemisphere of the BOLD runs of "
            f"{cortex.n_vertices}; both must be of one surface"
        )
    found = np.zeros(len(place), dtype=values.dtype)
    covered = np.zeros(len(place), dtype=bool)
    found[cortex.units] = values[cortex.vertices]
    covered[cortex.units] = True
    return Marks(file, found, covered, names)


def side_of(file: Path) -> str:
    """Return the hemisphere a file's name says: hemi-L, lh., .L. or left.

    Raises
    ------
    IsomorphError
        When it says neither.
    """
    said = str(parse(file).entities.get("hemi", ""))
    if said in ("L", "R"):
        return SIDES["LR".index(said)]
    if found := SIDE.search(file.name):
        return "left" if found[1] else "right"
    raise IsomorphError(
        f"{file}: its name says no hemisphere, expected hemi-L or hemi-R, lh. or rh. in it"
    )


def _annotation(file: Path, place: Place) -> Marks:
    """Read FreeSurfer's labels; vertices without one get -1."""
    from nibabel.freesurfer import read_annot

    what = "a FreeSurfer annotation"
    with reading(file, what):
        numbers = np.fromfile(file, dtype=">i4")
        # vertices, a pair of numbers for each, a flag, labels (-2 in new files), their highest key
        after = 2 * int(numbers[0]) + 2
        told = [int(numbers[0]), *numbers[after : after + 2].tolist()]
    if len(told) < 3 or max(told) > 4 * len(numbers):
        raise IsomorphError(f"{file}: is not {what}, it says to hold more than it does")
    with reading(file, what):
        keys, _, names = read_annot(file)
    known = {number: name.decode("utf-8", "replace") for number, name in enumerate(names)}
    return on_hemisphere(file, side_of(file), np.asarray(keys), known, place)


def _gifti(file: Path, image: Any, place: Place) -> Marks:
    with reading(file, "a GIfTI file"):
        maps = [np.asarray(one.data) for one in image.darrays]
        labels = dict(image.labeltable.get_labels_as_dict())
        structure = str((image.meta or {}).get("AnatomicalStructurePrimary", "")).lower()
    if len(maps) != 1 or maps[0].ndim != 1:
        raise IsomorphError(f"{file}: holds {len(maps)} maps, expected one over vertices")
    names = {int(key): str(name) for key, name in labels.items()}
    side = structure.removeprefix("cortex") if structure.startswith("cortex") else ""
    return on_hemisphere(file, side if side in SIDES else side_of(file), maps[0], names, place)


def _cifti(file: Path, image: Any, place: Place) -> Marks:
    if not isinstance(place, Grayordinates):
        raise IsomorphError(f"{file}: has grayordinates, the BOLD runs are {place}; give those")
    maps = open_cifti(file, image)
    if len(maps) != 1:
        raise IsomorphError(f"{file}: holds {len(maps)} maps, expected one")
    values, names = maps.read_map(0)
    positions = place.positions_of(maps.place)
    inside = positions >= 0
    found = np.zeros(len(place), dtype=values.dtype)
    covered = np.zeros(len(place), dtype=bool)
    found[positions[inside]] = values[inside]
    covered[positions[inside]] = True
    return Marks(file, found, covered, names)


def _on_grid(file: Path, image: Any, grid: Grid, resample: bool) -> Array:
    """Return an image's values at the voxels of a grid, 0 outside the image: (x, y, z)."""
    with reading(file, "a whole image"):
        values = np.asarray(image.dataobj)
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    own = grid_of(image)
    if values.ndim != 3:
        raise IsomorphError(f"{file}: is of shape {values.shape}, expected one volume (x, y, z)")
    if own.is_same(grid):
        return values
    if not resample:
        raise IsomorphError(
            f"{file}: has {own}, the BOLD volumes have {grid}; give an image on their grid, or set "
            "responses.regions.resample: true"
        )
    return nearest(values, own, grid)


def nearest(values: Array, own: Grid, grid: Grid) -> Array:
    """Return the value nearest to each voxel of another grid, 0 outside the image.

    Parameters
    ----------
    values : array of shape (x, y, z)
    own, grid : Grid
        Where the values are, and where they are wanted.
    """
    to_own = np.linalg.inv(own.affine) @ grid.affine
    x, y, z = np.indices(grid.shape).reshape(3, -1)
    places = np.rint(to_own[:3] @ np.stack([x, y, z, np.ones_like(x)])).astype(np.int64)
    inside = np.all((places >= 0) & (places < np.array(own.shape)[:, None]), axis=0)
    found = np.zeros(x.size, dtype=values.dtype)
    found[inside] = values[tuple(places[:, inside])]
    return found.reshape(grid.shape)
