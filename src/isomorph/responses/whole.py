"""Whole images: data as they are stored, and files cut short told by their size."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.foreign import reading
from isomorph.foreign.budget import afford

Array = npt.NDArray


def stored(file: Path, image: Any) -> tuple[Array, float, float]:
    """Return the data of an image as small as they can be held, and what makes them signals.

    Parameters
    ----------
    file : Path
        The file.
    image : nibabel image
        The same, opened.

    Returns
    -------
    data : ndarray
        Of the file's own type where one slope and one intercept are of all its values. Formats
        that scale each volume or slice by a factor of its own (AFNI, MINC, PAR/REC) are scaled
        here.
    slope, intercept : float
        The signals are `data * slope + intercept`.

    Raises
    ------
    IsomorphError
        When the file is damaged or was cut short, or its scaled values take too much memory.
    """
    from nibabel.arrayproxy import ArrayProxy

    proxy = image.dataobj
    if type(proxy) is ArrayProxy:  # those of other formats inherit a slope of 1 that is not theirs
        with reading(file, "a whole image"):
            return proxy.get_unscaled(), float(proxy.slope), float(proxy.inter)
    afford(file, f"an image of shape {image.shape}", math.prod(image.shape) * 8)  # as it is scaled
    with reading(file, "a whole image"):
        return np.asarray(proxy), 1.0, 0.0


def refuse_cut_short(file: Path, image: Any) -> None:
    """Refuse an image whose file is too small for its data.

    The size of a file tells, and of one compressed by gzip the size it says to unpack to, which
    stands at its end. Where these do not fit, the data are read, as they are when they are used:
    a file may be unusual and whole.

    Parameters
    ----------
    file : Path
        The file.
    image : nibabel image
        The same, opened. Formats that hold all data in memory once opened are passed over.

    Raises
    ------
    IsomorphError
        See `stored`.
    """
    proxy: Any = getattr(image, "dataobj", None)
    offset = getattr(proxy, "offset", None)
    if offset is None:
        return
    with reading(file, "an image"):
        holder = Path(image.file_map["image"].filename)  # of two files that of the data
        needed = int(offset) + math.prod(proxy.shape) * proxy.dtype.itemsize
        held = holder.stat().st_size
        if holder.suffix == ".gz":
            with open(holder, "rb") as stream:
                stream.seek(-4, 2)
                held = int.from_bytes(stream.read(4), "little")
            needed %= 2**32
            fits = held == needed
        else:
            fits = held >= needed
    if not fits:
        stored(file, image)
