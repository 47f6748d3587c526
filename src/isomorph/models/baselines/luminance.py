"""Pixels, and their luminance, contrast and colour: what needs no filter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.models.baselines.options import Features
from isomorph.models.preprocessing import luma

SLACK = 1e-4
"""How far rounding may take a pixel out of [0, 1]."""


def pixels(images: NDArray[np.float32]) -> Features:
    """Return the pixels `(stimulus, channel, height, width)` themselves: layer `pixels`."""
    return {"pixels": images.reshape(len(images), -1)}


def luminance(images: NDArray[np.float32], where: str) -> Features:
    """Return moments of the pixels of each image.

    Parameters
    ----------
    images : array of shape (stimulus, 3, height, width)
        RGB in [0, 1].
    where : str
        The model, for errors.

    Returns
    -------
    dict
        Layers `luminance`, the mean luma; `contrast`, the standard deviation of luma, which is RMS
        contrast (Peli 1990, J Opt Soc Am A 7, 2032-2040); `colour`, mean, standard deviation and
        the cube root of the third central moment of L*, a* and b* (colour moments: Stricker and
        Orengo 1995, Proc SPIE 2420, 381-392; CIELAB so that a step is about as visible in any
        channel).

    Raises
    ------
    IsomorphError
        When pixels are not in [0, 1]: their luminance would mean nothing.
    """
    low, high = float(images.min()), float(images.max())
    if low < -SLACK or high > 1 + SLACK:
        raise IsomorphError(
            f"{where}: takes pixels from 0 to 1, not {low:.3g} to {high:.3g}; leave mean and std "
            "out of its preprocessing"
        )
    grey = luma(images).astype(np.float64)
    return {
        "luminance": grey.mean(axis=(1, 2))[:, None],
        "contrast": grey.std(axis=(1, 2))[:, None],
        "colour": np.stack([_moments(image) for image in images]),
    }


def _moments(image: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return nine colour moments of one image `(3, height, width)`."""
    from skimage.color import rgb2lab

    lab = rgb2lab(np.clip(image, 0, 1).transpose(1, 2, 0).astype(np.float64)).reshape(-1, 3)
    mean = lab.mean(axis=0)
    third = ((lab - mean) ** 3).mean(axis=0)
    return np.concatenate([mean, lab.std(axis=0), np.cbrt(third)])
