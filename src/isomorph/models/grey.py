"""Grey: what is left of an image without its colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
"""Weights of R, G and B in luma (ITU-R BT.709)."""


def luma(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the luma `(stimulus, height, width)` of images `(stimulus, channel, height, width)`.

    One channel is taken as it is.
    """
    if images.shape[1] != 3:
        return images[:, 0]
    return np.tensordot(images, LUMA, axes=(1, 0))
