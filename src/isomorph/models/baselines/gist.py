"""GIST: how much of each orientation and scale stands in each part of the image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from isomorph.errors import IsomorphError
from isomorph.models.baselines.gabor import gabor_kernels, sampled_responses
from isomorph.models.baselines.options import Features, Options
from isomorph.models.preprocessing import luma

GIST_DEFAULTS: dict[str, Any] = {"orientations": 8, "wavelengths": [4, 8, 16, 32], "grid": 4}
CUTOFF = 4.0
"""Cycles per image at which the local mean is 1/e of itself: what is slower is illumination."""
FLOOR = 0.2
"""Added to the local contrast of log luminance, so that empty parts stay empty."""


def gist(images: NDArray[np.float32], options: Mapping[str, Any], where: str) -> Features:
    """Return the spatial envelope of images.

    After Oliva and Torralba (2001, Int J Comput Vis 42, 145-175): log luma, less its local mean
    and divided by its local contrast; energy of a Gabor filter of each wavelength and orientation;
    its mean in each cell of a grid. The filters are those of the Gabor pyramid, which are one
    octave wide; the authors' have about the same width at four scales.

    Parameters
    ----------
    images : array of shape (stimulus, channel, height, width)
        RGB in [0, 1].
    options : mapping
        `orientations`; `wavelengths`, in pixels; `grid`, cells along a side.
    where : str
        The model, for errors.

    Returns
    -------
    dict
        Layer `gist` of `len(wavelengths) × orientations × grid²` features.

    Raises
    ------
    IsomorphError
        When an option is unknown or cannot be, or a cell would hold no sample of the longest
        wavelength.
    """
    said = Options(options, GIST_DEFAULTS, where)
    n_orientations, grid = said.count("orientations"), said.count("grid")
    size = images.shape[-1]
    grey = locally_normalised(luma(images))
    found = []
    for wavelength in said.wavelengths(size):
        step = max(1, round(wavelength / 2))
        cell = np.arange(step // 2, size, step) * grid // size
        if len(np.unique(cell)) < grid:
            raise IsomorphError(
                f"{where}: options.grid: {grid} cells along {size} pixels are too many for a "
                f"wavelength of {wavelength:g}, which is sampled every {step}; use a coarser grid"
            )
        energy = np.abs(sampled_responses(grey, gabor_kernels(wavelength, n_orientations), step))
        share = (cell[None, :] == np.arange(grid)[:, None]).astype(np.float32)
        share /= share.sum(axis=1, keepdims=True)
        # samples (row, column) to cells (y, x)
        found.append(np.einsum("yr,nkrc,xc->nkyx", share, energy, share, optimize=True))
    return {"gist": np.stack(found, axis=1).reshape(len(images), -1)}


def locally_normalised(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log luma less its local mean, over its local contrast.

    Parameters
    ----------
    grey : array of shape (stimulus, height, width)
        In [0, 1].

    Returns
    -------
    array of shape (stimulus, height, width)
    """
    size = grey.shape[-1]
    pad = size // 4
    logarithm = np.log1p(255 * np.clip(grey, 0, 1))
    padded = np.pad(logarithm, ((0, 0), (pad, pad), (pad, pad)), mode="symmetric")
    frequency = fft.fftfreq(padded.shape[-1]) * size  # cycles per image
    radius2 = frequency[:, None] ** 2 + frequency[None, :] ** 2
    low_pass = np.exp(-radius2 / CUTOFF**2).astype(np.float32)[:, : padded.shape[-1] // 2 + 1]

    def blurred(values: NDArray[np.float32]) -> NDArray[np.float32]:
        spectrum = fft.rfft2(values, workers=1) * low_pass
        return fft.irfft2(spectrum, s=values.shape[1:], workers=1)

    detail = padded - blurred(padded)
    contrast = np.sqrt(np.maximum(blurred(detail**2), 0))
    inner = slice(pad, pad + size)
    return (detail / (FLOOR + contrast))[:, inner, inner].astype(np.float32)
