"""BOLD: one run at a time, only the units that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.brain_images import files_of, open_image
from isomorph.responses.grayordinates import Grayordinates
from isomorph.responses.places import Grid, Place, Vertices
from isomorph.responses.whole import refuse_cut_short, stored

Array = npt.NDArray

UNITS_OF_TIME = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6, "unknown": 1.0}
"""Seconds in what NIfTI headers call the unit of time; many leave it out."""


@dataclass(frozen=True)
class Stored:
    """Some units of a run as the file stores them.

    Attributes
    ----------
    values : array of shape (scan, unit)
        Of the file's own type, so that integers stay as small and as exact as they are.
    slope, intercept : float
        What makes them signals.
    """

    values: Array
    slope: float = 1.0
    intercept: float = 0.0

    def at(self, kept: Array) -> Stored:
        """Return some of the volumes: (scan,) of bool."""
        return Stored(self.values[kept], self.slope, self.intercept) if not kept.all() else self

    def scaled(self, units: Array | None = None) -> Array:
        """Return the signals of all or some units: (scan, unit) of float64."""
        chosen = self.values if units is None else self.values[:, units]
        return chosen.astype(np.float64) * self.slope + self.intercept


@dataclass(frozen=True)
class Bold:
    """A run, opened and not yet read.

    Attributes
    ----------
    files : tuple of Path
        All that it is read from.
    place : Place
        Where its units are.
    n_scans : int
        Volumes.
    read : callable
        Gives the values of some units.
    refuse_cut_short : callable
        Refuses a file too small for its data, see `isomorph.responses.whole`.
    repetition, start : float or None
        What the file itself says of its time, seconds.
    header : float or None
        The repetition time in the header of volumes, seconds. It is only compared, for many hold a
        value that nobody set.
    """

    files: tuple[Path, ...]
    place: Place
    n_scans: int
    read: Callable[[Array], Stored]
    refuse_cut_short: Callable[[], None]
    repetition: float | None = None
    start: float | None = None
    header: float | None = None


def open_bold(files: Sequence[Path]) -> Bold:
    """Open a run: volumes, a CIFTI file, or GIfTI files of the left and the right hemisphere.

    Raises
    ------
    IsomorphError
        When it is not such an image, or has no time axis.
    """
    from nibabel import Cifti2Image, GiftiImage

    images = [open_image(file) for file in files]
    if all(isinstance(image, GiftiImage) for image in images):
        return _surfaces(files, images)
    if isinstance(images[0], Cifti2Image):
        return _grayordinates(files[0], images[0])
    return _volumes(files[0], images[0])


def grid_of(image: Any) -> Grid:
    """Return where the voxels of an image stand."""
    return Grid(tuple(image.shape[:3]), np.asarray(image.affine, dtype=np.float64))


def _volumes(file: Path, image: Any) -> Bold:
    """Open volumes. They are decompressed once and held as stored while some voxels are taken."""
    if image.ndim != 4 or image.shape[3] < 2:
        raise IsomorphError(f"{file}: is of shape {image.shape}, expected volumes (x, y, z, time)")
    grid = grid_of(image)

    def read(units: Array) -> Stored:
        data, slope, intercept = stored(file, image)
        x, y, z = grid.indices(units)
        return Stored(data[x, y, z].T, slope, intercept)

    whole = partial(refuse_cut_short, file, image)
    return Bold(
        files_of(file, image), grid, int(image.shape[3]), read, whole, header=_time_of(image)
    )


def _time_of(image: Any) -> float | None:
    """Return the repetition time in a header, seconds; None of 0 and 1, which nobody set."""
    if not hasattr(image.header, "get_xyzt_units"):
        return None
    try:
        unit = image.header.get_xyzt_units()[1]
    except KeyError:  # a code that NIfTI does not know
        return None
    if unit not in UNITS_OF_TIME:
        return None
    time = float(image.header.get_zooms()[3]) * UNITS_OF_TIME[unit]
    return time if 0.01 < time < 100 and time != 1 else None


def _grayordinates(file: Path, image: Any) -> Bold:
    """Open a dense time series: `(time, grayordinate)`."""
    from nibabel.cifti2 import BrainModelAxis, SeriesAxis

    with reading(file, "a CIFTI file"):
        axes = [image.header.get_axis(number) for number in range(image.ndim)]
    if not (
        len(axes) == 2 and isinstance(axes[0], SeriesAxis) and isinstance(axes[1], BrainModelAxis)
    ):
        kinds = " by ".join(type(axis).__name__.removesuffix("Axis").lower() for axis in axes)
        raise IsomorphError(
            f"{file}: is a CIFTI file of {kinds}, expected a series over time by grayordinates, "
            "as in *_bold.dtseries.nii"
        )

    def read(units: Array) -> Stored:
        data, slope, intercept = stored(file, image)
        return Stored(data[:, units], slope, intercept)

    timed = str(axes[0].unit).upper() == "SECOND"
    return Bold(
        files_of(file, image),
        Grayordinates(axes[1], file),
        len(axes[0]),
        read,
        partial(refuse_cut_short, file, image),
        float(axes[0].step) if timed else None,
        float(axes[0].start) if timed else None,
    )


def _surfaces(files: Sequence[Path], images: Sequence[Any]) -> Bold:
    """Open the series of both hemispheres, vertices of the left first."""
    sides = [_series(file, image) for file, image in zip(files, images, strict=True)]
    if len(sides[0]) != len(sides[1]):
        raise IsomorphError(
            f"{files[1]}: has {len(sides[1])} volumes, {files[0].name} {len(sides[0])}; both "
            "hemispheres must be of one run"
        )
    both = np.concatenate(sides, axis=1)
    return Bold(
        tuple(
            part
            for file, image in zip(files, images, strict=True)
            for part in files_of(file, image)
        ),
        Vertices(sides[0].shape[1], sides[1].shape[1]),
        len(both),
        lambda units: Stored(both[:, units]),
        lambda: None,  # all of it was read when it was opened
    )


def _series(file: Path, image: Any) -> Array:
    """Return the series of one hemisphere: (scan, vertex)."""
    with reading(file, "a GIfTI file"):
        arrays = [np.asarray(one.data) for one in image.darrays]
    if len(arrays) == 1 and arrays[0].ndim == 2:  # all of it in one array (vertex, scan)
        series = arrays[0].T
    elif len({one.shape for one in arrays}) == 1 and arrays[0].ndim == 1:
        series = np.stack(arrays)
    else:
        series = np.zeros((0, 0))
    if len(series) < 2:
        shapes = sorted({one.shape for one in arrays})
        raise IsomorphError(
            f"{file}: holds {len(arrays)} arrays of shape {shapes}, expected one of all vertices "
            "for each volume"
        )
    return series


def percent_change(values: Array) -> tuple[Array, Array]:
    """Express each unit's run as percent of its mean.

    Parameters
    ----------
    values : array of shape (scan, unit)

    Returns
    -------
    change : array of shape (scan, unit)
        Percent above or below the mean; 0 without signal.
    signal : array of bool of shape (unit,)
        Units with a mean above 0.
    """
    mean = values.mean(axis=0)
    signal = mean > 0
    change = np.zeros_like(values)
    np.divide(100 * (values - mean), mean, out=change, where=signal)
    return change, signal


def has_variance(values: Array) -> Array:
    """Tell which units are finite and change over a run: (unit,) of bool."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(values).all(axis=0) & (np.ptp(values, axis=0) > 0)


def refuse_empty_volumes(values: Array, kept: Array, file: Path) -> None:
    """Refuse a run in which a whole volume holds no number.

    Parameters
    ----------
    values : array of shape (scan, unit)
        Of the volumes that count.
    kept : array of bool of shape (volume,)
        Which of the run's volumes these are.
    file : Path
        The run.

    Raises
    ------
    IsomorphError
        Naming the first such volume.
    """
    nothing = np.flatnonzero(~np.isfinite(values).any(axis=1))
    if len(nothing):
        first = np.flatnonzero(kept)[nothing[0]] + 1
        raise IsomorphError(
            f"{file}: volume {first} of {len(kept)} is not a number in any unit of the "
            f"regions ({len(nothing)} such volumes); leave the run out, or preprocess it again"
        )
