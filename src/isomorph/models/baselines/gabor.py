"""A pyramid of Gabor filters: what oriented energy already explains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from isomorph.models.baselines.options import Features, Options
from isomorph.models.preprocessing import luma

GABOR_DEFAULTS: dict[str, Any] = {"orientations": 8, "wavelengths": [4, 8, 16, 32]}
GABOR_BANDWIDTH = 1.0
"""Octaves at half height; simple cells of V1 have a median of 1.4 (De Valois et al. 1982)."""


def gabor(images: NDArray[np.float32], options: Mapping[str, Any], where: str) -> Features:
    """Return responses of a bank of quadrature pairs of Gabor filters.

    After the energy model of complex cells (Adelson and Bergen 1985, J Opt Soc Am A 2, 284-299).
    Every filter sees the luma, is free of DC, and is sampled on a grid of half its wavelength;
    images are mirrored at their edges. Filters are normalised so that a grating they match gives
    the same response at every wavelength.

    Parameters
    ----------
    images : array of shape (stimulus, channel, height, width)
        RGB in [0, 1].
    options : mapping
        `orientations`, how many between 0 and 180 degrees; `wavelengths`, in pixels.
    where : str
        The model, for errors.

    Returns
    -------
    dict
        Layers `simple`, the signed responses of both phases; `energy`, the root of the sum of
        their squares; `contrast`, the root mean square of the energy over orientations.

    Raises
    ------
    IsomorphError
        When an option is unknown or cannot be.
    """
    said = Options(options, GABOR_DEFAULTS, where)
    n_orientations = said.count("orientations")
    grey = luma(images)
    simple, energy, contrast = [], [], []
    for wavelength in said.wavelengths(images.shape[-1]):
        kernels = gabor_kernels(wavelength, n_orientations)
        responses = sampled_responses(grey, kernels, max(1, round(wavelength / 2)))
        energies = np.abs(responses)
        simple += [responses.real, responses.imag]
        energy.append(energies)
        contrast.append(np.sqrt(np.mean(energies**2, axis=1)))
    layers = {"simple": simple, "energy": energy, "contrast": contrast}
    return {
        name: np.concatenate([part.reshape(len(images), -1) for part in parts], axis=1)
        for name, parts in layers.items()
    }


def gabor_kernels(wavelength: float, n_orientations: int) -> NDArray[np.complex64]:
    """Return Gabor filters of one wavelength, even in the real and odd in the imaginary part.

    Parameters
    ----------
    wavelength : float
        Pixels.
    n_orientations : int
        Evenly spread over 180 degrees.

    Returns
    -------
    array of shape (orientation, height, width)
        Square, of odd size; the even parts sum to zero.
    """
    from skimage.filters import gabor_kernel

    kernels = [
        gabor_kernel(1 / wavelength, theta=np.pi * k / n_orientations, bandwidth=GABOR_BANDWIDTH)
        for k in range(n_orientations)
    ]
    side = max(max(kernel.shape) for kernel in kernels)
    bank = np.zeros((n_orientations, side, side), dtype=np.complex128)
    for filled, kernel in zip(bank, kernels, strict=True):
        envelope = np.abs(kernel)
        free = kernel - envelope * (kernel.real.sum() / envelope.sum())
        top, left = ((side - size) // 2 for size in kernel.shape)
        filled[top : top + kernel.shape[0], left : left + kernel.shape[1]] = free
    return bank.astype(np.complex64)


def sampled_responses(
    images: NDArray[np.float32], kernels: NDArray[np.complex64], step: int
) -> NDArray[np.complex64]:
    """Convolve every image with every kernel and sample the result.

    Sampling a signal every `step` pixels adds up the `step` equal parts of its spectrum, so the
    inverse transforms are as small as the sampled result.

    Returns
    -------
    array of shape (stimulus, orientation, row, column)
        At the centres of squares of `step` pixels.
    """
    size = images.shape[-1]
    half = kernels.shape[-1] // 2
    # The first sample stands at half a step, and the padded side is a multiple of the step.
    before = step * -(-(half + step // 2) // step)
    lead = before - step // 2
    side = step * -(-(lead + size + half) // step)
    padding = (lead, side - lead - size)
    padded = np.pad(images, ((0, 0), padding, padding), mode="symmetric")
    spectra = fft.fft2(padded, workers=1)

    placed = np.zeros((len(kernels), side, side), dtype=np.complex64)
    placed[:, : 2 * half + 1, : 2 * half + 1] = kernels
    transfer = fft.fft2(np.roll(placed, (-half, -half), axis=(1, 2)))

    inner = side // step
    count = len(range(step // 2, size, step))
    first = before // step
    kept = slice(first, first + count)
    responses = np.empty((len(images), len(kernels), count, count), dtype=np.complex64)
    for k, gain in enumerate(transfer):
        folded = (spectra * gain).reshape(-1, step, inner, step, inner).mean(axis=(1, 3))
        responses[:, k] = fft.ifft2(folded)[:, kept, kept]
    return responses
