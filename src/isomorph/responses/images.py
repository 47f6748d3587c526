"""Images of brains, opened with their data left on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.foreign import reading


def open_image(file: Path, what: str = "an image") -> Any:
    """Open an image with its data left on disk.

    Parameters
    ----------
    file : Path
        Any image that nibabel knows.
    what : str
        What it is taken for, for the message.

    Raises
    ------
    IsomorphError
        When it is no image nibabel knows, or has colours or complex numbers in place of plain ones.
    """
    import nibabel

    with reading(file, what):
        image: Any = nibabel.load(file)
        kind = np.dtype(image.get_data_dtype()) if hasattr(image, "get_data_dtype") else None
    if kind is not None and kind.kind not in "biuf":
        held = "complex numbers" if kind.kind == "c" else "colours"
        raise IsomorphError(
            f"{file}: holds {held}, expected one plain number for each voxel; write the part that "
            "is meant, such as the magnitude, into a file of its own"
        )
    return image
