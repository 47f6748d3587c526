"""Pixels: the image as it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isomorph.models.baselines.features import Features


def pixels(images: NDArray[np.float32]) -> Features:
    """Return the pixels themselves.

    Parameters
    ----------
    images : ndarray (stimulus, channel, height, width)

    Returns
    -------
    dict
        Layer `pixels`, all channels.
    """
    return {"pixels": images.reshape(len(images), -1)}
