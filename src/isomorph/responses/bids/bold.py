"""BOLD volumes: one run at a time, only the voxels that are asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.responses.bids.entities import sidecars
from isomorph.study.bids import BidsResponses

Array = npt.NDArray
SAME_PLACE = 1e-3
"""How far the affines of two images may differ and still be one grid, millimetres."""


@dataclass(frozen=True)
class Grid:
    """Where the voxels of an image stand.

    Attributes
    ----------
    shape : tuple of int
        Voxels along x, y and z.
    affine : ndarray (4, 4)
        From voxels to millimetres.
    """

    shape: tuple[int, ...]
    affine: Array

    def is_that_of(self, other: Grid) -> bool:
        """Tell whether another image has the same voxels."""
        return self.shape == other.shape and np.allclose(
            self.affine, other.affine, rtol=0, atol=SAME_PLACE
        )

    def __str__(self) -> str:
        rows = np.round(self.affine[:3], 3).tolist()
        return f"{'×'.join(map(str, self.shape))} voxels with affine {rows}"


@dataclass(frozen=True)
class Timing:
    """When the volumes of a run were taken.

    Attributes
    ----------
    repetition : float
        Seconds between volumes.
    start : float
        When the first was taken, seconds.
    """

    repetition: float
    start: float

    def frames(self, n_scans: int) -> Array:
        """Return the time of each volume, seconds: (scan,)."""
        return self.start + self.repetition * np.arange(n_scans)


def open_image(file: Path) -> Any:
    """Open an image with its data left on disk.

    Raises
    ------
    IsomorphError
        When it is no image nibabel knows.
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    try:
        return nibabel.load(file)
    except (ImageFileError, OSError, EOFError, ValueError) as error:
        raise IsomorphError(f"{file}: is not an image ({error})") from error


def grid_of(image: Any) -> Grid:
    """Return where the voxels of an image stand."""
    return Grid(tuple(image.shape[:3]), np.asarray(image.affine, dtype=np.float64))


def read_voxels(file: Path, voxels: Array, grid: Grid) -> Array:
    """Read some voxels of a run.

    The file is decompressed once and held as it is stored, so memory is that of one run's
    integers and of the voxels asked for.

    Parameters
    ----------
    file : Path
        4D image.
    voxels : ndarray (voxel, 3)
        Indices.
    grid : Grid
        The grid the indices count in.

    Returns
    -------
    ndarray (scan, voxel) of float64

    Raises
    ------
    IsomorphError
        When it has no time axis, another grid, or is damaged.
    """
    image = open_image(file)
    if image.ndim != 4 or image.shape[3] < 2:
        raise IsomorphError(f"{file}: is of shape {image.shape}, expected volumes (x, y, z, time)")
    own = grid_of(image)
    if not own.is_that_of(grid):
        raise IsomorphError(
            f"{file}: has {own}, the first run of the subject {grid}; choose images in one space"
        )
    try:
        stored = image.dataobj.get_unscaled()
    except (OSError, EOFError, ValueError) as error:
        raise IsomorphError(f"{file}: cannot be read whole ({error})") from error
    slope, intercept = image.dataobj.slope, image.dataobj.inter
    x, y, z = np.asarray(voxels).T
    values: Array = stored[x, y, z].T.astype(np.float64)
    return values * slope + intercept


def percent_change(values: Array) -> tuple[Array, Array]:
    """Express each voxel's run as percent of its mean.

    Parameters
    ----------
    values : ndarray (scan, voxel)

    Returns
    -------
    change : ndarray (scan, voxel)
        Percent above or below the mean; 0 without signal.
    signal : ndarray (voxel,) of bool
        Voxels with a mean above 0.
    """
    mean = values.mean(axis=0)
    signal = mean > 0
    change = np.zeros_like(values)
    np.divide(100 * (values - mean), mean, out=change, where=signal)
    return change, signal


def has_variance(values: Array) -> Array:
    """Tell which voxels are finite and change over a run: (voxel,) of bool."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(values).all(axis=0) & (np.ptp(values, axis=0) > 0)


def timing(file: Path, known: Sequence[Path], settings: BidsResponses) -> Timing:
    """Return when the volumes of a run were taken, from its JSON files or the settings.

    Parameters
    ----------
    file : Path
        The run.
    known : sequence of Path
        All JSON files of the dataset.
    settings : BidsResponses
        `repetition_time` and `start_time`, for what no JSON file says.

    Raises
    ------
    IsomorphError
        When nothing says the repetition time, or it is no positive number.
    """
    said: dict[str, Any] = {}
    for other in sidecars(file, known):
        try:
            content = json.loads(other.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise IsomorphError(f"{other}: is not a JSON file ({error})") from error
        if isinstance(content, dict):
            said |= content
    repetition = said.get("RepetitionTime", settings.repetition_time)
    if repetition is None:
        raise IsomorphError(
            f"{file}: no JSON file beside or above it gives RepetitionTime; give "
            "responses.repetition_time in seconds"
        )
    start = said.get("StartTime", settings.start_time or 0.0)
    for key, value, least in (("RepetitionTime", repetition, 0.01), ("StartTime", start, 0.0)):
        if not isinstance(value, int | float) or not least <= value < 100:
            raise IsomorphError(f"{file}: {key} is {value!r}, expected seconds")
    return Timing(float(repetition), float(start))
