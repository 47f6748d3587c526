"""Centre crops as libraries say them, in the words of `Preprocessing`."""

from __future__ import annotations

import math


def crop_of(size: int, shorter: int) -> float | None:
    """Return the part of the shorter side that is kept when it is resized to some pixels.

    Parameters
    ----------
    size : int
        Side of the square that is cut out, pixels.
    shorter : int
        The shorter side of the resized image, pixels.

    Returns
    -------
    float or None
        Such that `size / crop`, rounded down, is `shorter`; None where the square is larger than
        the image.
    """
    if shorter < size:
        return None
    crop = size / shorter
    while math.floor(size / crop) < shorter:
        crop = math.nextafter(crop, 0)
    return crop
