"""Whole images: files that were cut short are told by their size, before their data are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from isomorph.foreign import reading


def unscaled(file: Path, image: Any) -> Any:
    """Return the data of an image as they are stored.

    Raises
    ------
    IsomorphError
        When the file is damaged or was cut short.
    """
    with reading(file, "a whole image"):
        return image.dataobj.get_unscaled()


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
        See `unscaled`.
    """
    stored: Any = getattr(image, "dataobj", None)
    offset = getattr(stored, "offset", None)
    if offset is None:
        return
    with reading(file, "an image"):
        needed = int(offset) + int(np.prod(stored.shape, dtype=np.int64)) * stored.dtype.itemsize
        held = file.stat().st_size
        if file.suffix == ".gz":
            with open(file, "rb") as stream:
                stream.seek(-4, 2)
                held = int.from_bytes(stream.read(4), "little")
            needed %= 2**32
            fits = held == needed
        else:
            fits = held >= needed
    if not fits:
        unscaled(file, image)
