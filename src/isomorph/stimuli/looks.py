"""Looks: how the numbers of an HDF5 dataset become pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import h5py
import numpy as np
import numpy.typing as npt
from PIL import Image

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import part
from isomorph.stimuli.pixels import BACKGROUND, as_rgb
from isomorph.stimuli.stimulus import Pixels

Array = npt.NDArray

Images = tuple[h5py.Dataset, Iterable[int | None]]
"""A dataset and its frames; None for a dataset that is one image."""


@dataclass(frozen=True)
class Look:
    """How the numbers of a dataset become pixels.

    Attributes
    ----------
    scale : float
        Factor that makes them grey levels of 255.
    transposed, bgr : bool
        Whether rows and columns, red and blue are exchanged.
    reversed : bool
        Whether all axes stand in reverse order, as MATLAB writes them.
    holes : bool
        Whether some pixels have no value (NaN), because nobody saw them.
    """

    scale: float = 1.0
    transposed: bool = False
    bgr: bool = False
    reversed: bool = False
    holes: bool = False


def measured(look: Look, images: Iterable[Images], where: str) -> Look:
    """Return a look with the scale of images and whether they have holes.

    Images that are not uint8 are read once for it, one at a time, and share one scale: one dark
    image alone would not tell whether 1 is white or nearly black.

    Parameters
    ----------
    look : Look
        Its `reversed` holds for all of them.
    images : iterable of (h5py.Dataset, iterable of int or None)
        All images of one container or series.
    where : str
        File and place, for messages.

    Raises
    ------
    IsomorphError
        When they hold numbers no image has.
    """
    others = [(data, frames) for data, frames in images if data.dtype != np.uint8]
    if not others:
        return look
    low, high, holes = np.inf, -np.inf, False
    for data, frames in others:
        for frame in frames:
            values = raw(data, frame, look, where).astype(np.float64)
            empty = np.isnan(values)
            holes |= bool(empty.any())
            if not empty.all():
                low, high = min(low, values[~empty].min()), max(high, values[~empty].max())
    if low > high:
        raise IsomorphError(f"{where}: holds not one pixel with a value, only NaN")
    white = _white({data.dtype for data, _ in others}, high)
    if not 0 <= low <= high <= white:
        raise IsomorphError(
            f"{where}: holds pixels from {low:g} to {high:g}, expected 0 to 255, or fractions "
            "from 0 to 1"
        )
    return replace(look, scale=255 / white, holes=holes)


def _white(kinds: set[np.dtype], high: float) -> float:
    """Return the number that stands for white."""
    if all(kind.kind == "b" for kind in kinds) or (
        all(kind.kind == "f" for kind in kinds) and high <= 1
    ):
        return 1.0
    return 65535.0 if kinds == {np.dtype(np.uint16)} and high > 255 else 255.0


def raw(data: h5py.Dataset, frame: int | None, look: Look, where: str) -> Array:
    """Return the numbers of one image, (row, column[, channel]).

    Raises
    ------
    IsomorphError
        When they cannot be read, or would take more memory than one file may.
    """
    if frame is None:
        return part(data, (), where)
    return part(data, (..., frame), where).T if look.reversed else part(data, frame, where)


def read_pixels(data: h5py.Dataset, frame: int | None, look: Look, where: str) -> Pixels:
    """Read one image as RGB.

    Pixels without a value (NaN), which nobody saw, are laid on the mid grey of a screen.

    Parameters
    ----------
    data : h5py.Dataset
        One image (height, width[, channel]), or frames of it.
    frame : int or None
        Which frame.
    look : Look
        How its numbers become pixels.
    where : str
        File and place, for messages.

    Returns
    -------
    array of uint8 of shape (row, column, 3)

    Raises
    ------
    IsomorphError
        When its shape is that of no image.
    """
    values = raw(data, frame, look, where)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    if values.ndim not in (2, 3) or values.size == 0 or values.shape[2:] not in ((), (3,), (4,)):
        raise IsomorphError(
            f"{where}: is of shape {values.shape}, expected (height, width), (height, width, 3) "
            "or (height, width, 4)"
        )
    if look.transposed:
        values = np.swapaxes(values, 0, 1)
    if look.bgr and values.ndim == 3:
        values = values[:, :, [2, 1, 0, 3][: values.shape[2]]]
    if values.dtype != np.uint8:
        levels = np.rint(values.astype(np.float64) * look.scale)
        values = np.where(np.isnan(levels), BACKGROUND[0], levels).astype(np.uint8)
    return as_rgb(Image.fromarray(np.ascontiguousarray(values)), where)
