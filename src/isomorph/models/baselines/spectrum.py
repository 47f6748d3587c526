"""Amplitude spectra: how much of each spatial frequency and orientation, wherever it stands."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from isomorph.errors import IsomorphError
from isomorph.models.baselines.options import Features, Options
from isomorph.models.preprocessing import luma

SPECTRUM_DEFAULTS: dict[str, Any] = {"orientations": 8, "window": "hann", "scale": "log"}
WINDOWS = ("hann", "none")
SCALES = ("log", "amplitude")
FLOOR = 1e-5
"""Amplitude added before the logarithm; a grey step of 8-bit images is 4e-3."""


def spectrum(images: NDArray[np.float32], options: Mapping[str, Any], where: str) -> Features:
    """Return the mean amplitude in octaves of spatial frequency and in orientations.

    Amplitudes fall with frequency in natural images (Field 1987, J Opt Soc Am A 4, 2379-2394), so
    that without the logarithm the lowest octave would be most of the geometry.

    Parameters
    ----------
    images : array of shape (stimulus, channel, height, width)
        RGB in [0, 1].
    options : mapping
        `orientations`, how many, of the grating's normal, from 0 degrees (vertical stripes) on;
        `window`, `hann` so that the image's edges are not stripes, or `none`; `scale`, `log` (base
        10) or `amplitude`.
    where : str
        The model, for errors.

    Returns
    -------
    dict
        Layers `frequency`, rotational averages in octaves from one cycle per image to half a cycle
        per pixel; `orientation`, averages over octaves; `both`, each octave of each orientation.
        Octaves so slow that they lack an orientation count in `frequency` alone.

    Raises
    ------
    IsomorphError
        When an option is unknown or cannot be, or the image is too small.
    """
    said = Options(options, SPECTRUM_DEFAULTS, where)
    n_orientations = said.count("orientations")
    window = said.choice("window", WINDOWS)
    scale = said.choice("scale", SCALES)
    size = images.shape[-1]
    if size < 8:
        raise IsomorphError(f"{where}: preprocessing.size is {size}; a spectrum needs 8 pixels")
    grey = luma(images).astype(np.float64)
    if window == "hann":
        taper = np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2
        weights = taper[:, None] * taper[None, :]
        weights /= weights.mean()
        # the mean goes first: windowed, it would spread to the lowest frequencies
        grey = (grey - (grey * weights).mean(axis=(1, 2), keepdims=True)) * weights
    amplitude = np.abs(fft.fft2(grey, workers=1)).reshape(len(grey), -1) / size**2
    octaves, turns = bands(size, n_orientations)
    joint = np.einsum("of,kf->okf", octaves, turns)
    joint = joint[joint.sum(axis=2).all(axis=1)]  # the slowest octaves lack some orientations
    if not len(joint):
        raise IsomorphError(
            f"{where}: options.orientations: no octave of {size} pixels has {n_orientations} "
            "orientations; raise preprocessing.size or say fewer"
        )
    averages = amplitude @ (joint / joint.sum(axis=2, keepdims=True)).reshape(-1, size**2).T
    both = averages.reshape(len(images), len(joint), n_orientations)
    frequency = amplitude @ (octaves / octaves.sum(axis=1, keepdims=True)).T
    layers = {"frequency": frequency, "orientation": both.mean(axis=1), "both": both}
    return {
        name: np.log10(values + FLOOR).reshape(len(images), -1)
        if scale == "log"
        else values.reshape(len(images), -1)
        for name, values in layers.items()
    }


def bands(size: int, n_orientations: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return which frequencies belong to which octave and which orientation.

    Parameters
    ----------
    size : int
        Side of the image, pixels.
    n_orientations : int

    Returns
    -------
    octaves : array of shape (octave, frequency)
        1 inside; from 1 cycle per image on, up to but without half a cycle per pixel.
    orientations : array of shape (orientation, frequency)
        Shares that fall linearly to the next orientation and add up to 1.
    """
    cycles = fft.fftfreq(size) * size
    down, across = (axis.ravel() for axis in np.meshgrid(cycles, cycles, indexing="ij"))
    radius = np.hypot(down, across)
    edges = [2.0**octave for octave in range(int(np.floor(np.log2(size / 2))))]
    octaves = np.array(
        [(radius >= low) & (radius < high) for low, high in itertools.pairwise([*edges, size / 2])]
    ).astype(np.float64)
    angle = np.arctan2(down, across) / np.pi * n_orientations  # in orientations, modulo their count
    apart = angle[None, :] - np.arange(n_orientations)[:, None]
    apart = np.abs((apart + n_orientations / 2) % n_orientations - n_orientations / 2)
    if n_orientations == 1:
        return octaves, np.ones((1, size**2))
    return octaves, np.clip(1 - apart, 0, None)
