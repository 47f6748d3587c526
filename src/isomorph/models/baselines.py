"""Baselines: what pixels, oriented filters or plain labels already explain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import fft

from isomorph.errors import IsomorphError, did_you_mean

Features = dict[str, NDArray]
"""Features `(stimulus, feature)` by layer."""

LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
"""Weights of R, G and B in luma (ITU-R BT.709)."""

GABOR_DEFAULTS: dict[str, Any] = {"orientations": 8, "wavelengths": [4, 8, 16, 32]}
GABOR_BANDWIDTH = 1.0
"""Octaves at half height; simple cells of V1 have a median of 1.4 (De Valois et al. 1982)."""


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


def gabor(images: NDArray[np.float32], options: Mapping[str, Any], where: str) -> Features:
    """Return responses of a bank of quadrature pairs of Gabor filters.

    After the energy model of complex cells (Adelson and Bergen 1985, J Opt Soc Am A 2, 284-299).
    Every filter sees the luma, is free of DC, and is sampled on a grid of half its wavelength;
    images are mirrored at their edges. Filters are normalised so that a grating they match gives
    the same response at every wavelength.

    Parameters
    ----------
    images : ndarray (stimulus, channel, height, width)
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
    n_orientations, wavelengths = _gabor_options(options, images.shape[-1], where)
    luma = np.tensordot(images, LUMA, axes=(1, 0)) if images.shape[1] == 3 else images[:, 0]
    simple, energy, contrast = [], [], []
    for wavelength in wavelengths:
        kernels = gabor_kernels(wavelength, n_orientations)
        responses = _sampled_responses(luma, kernels, max(1, round(wavelength / 2)))
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
    ndarray (orientation, height, width)
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


def _sampled_responses(
    images: NDArray[np.float32], kernels: NDArray[np.complex64], step: int
) -> NDArray[np.complex64]:
    """Convolve every image with every kernel and sample the result.

    Sampling a signal every `step` pixels adds up the `step` equal parts of its spectrum, so the
    inverse transforms are as small as the sampled result.

    Returns
    -------
    ndarray (stimulus, orientation, row, column)
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


def _gabor_options(
    options: Mapping[str, Any], size: int, where: str
) -> tuple[int, tuple[float, ...]]:
    """Return orientations and wavelengths, or say what is wrong with them."""
    _known_options(options, GABOR_DEFAULTS, where)
    settings = {**GABOR_DEFAULTS, **options}
    n_orientations = settings["orientations"]
    if not isinstance(n_orientations, int) or n_orientations < 1:
        raise IsomorphError(
            f"{where}: options.orientations must be a whole number above 0, not {n_orientations!r}"
        )
    wavelengths = settings["wavelengths"]
    if not isinstance(wavelengths, list | tuple) or not wavelengths:
        raise IsomorphError(
            f"{where}: options.wavelengths must be a list of pixels, not {wavelengths!r}"
        )
    for wavelength in wavelengths:
        if not isinstance(wavelength, int | float) or not 2 <= wavelength <= size:
            raise IsomorphError(
                f"{where}: options.wavelengths holds {wavelength!r}; a wavelength lies between 2 "
                f"pixels and the image's {size}"
            )
    return n_orientations, tuple(float(wavelength) for wavelength in wavelengths)


def category(
    table: pd.DataFrame, options: Mapping[str, Any], where: str
) -> tuple[Features, dict[str, str]]:
    """Return labels of the stimuli as one-hot features.

    Parameters
    ----------
    table : DataFrame
        The stimulus table, a row per stimulus.
    options : mapping
        `columns`, names of columns of the table.
    where : str
        The model, for errors.

    Returns
    -------
    features : dict
        A layer per column, a feature per value in sorted order; `all` holds every column's
        features when there is more than one.
    left_out : dict of str to str
        Columns without a geometry, with the reason.

    Raises
    ------
    IsomorphError
        When a column is not in the table.
    """
    _known_options(options, ("columns",), where)
    columns = options.get("columns")
    if not isinstance(columns, list | tuple) or not columns:
        raise IsomorphError(f"{where}: options.columns must list columns of the stimulus table")
    known = [name for name in table.columns if name not in ("stimulus", "file", "sha256")]
    features: Features = {}
    left_out: dict[str, str] = {}
    for name in columns:
        if name not in known:
            raise IsomorphError(
                f'{where}: options.columns: the stimulus table has no "{name}", '
                f"{did_you_mean(str(name), known)}"
            )
        column = table[name]
        values = column.astype(str).where(column.notna(), "").to_numpy(dtype=str)
        empty = int(np.count_nonzero(values == ""))
        levels = np.unique(values)
        if empty:
            left_out[name] = f"is empty for {empty} of {len(table)} stimuli"
        elif len(levels) == 1:
            left_out[name] = f'is "{levels[0]}" for every stimulus'
        else:
            features[name] = (values[:, None] == levels[None, :]).astype(np.float64)
    if len(features) > 1:
        features["all"] = np.concatenate(list(features.values()), axis=1)
    return features, left_out


def _known_options(options: Mapping[str, Any], known: Any, where: str) -> None:
    for name in options:
        if name not in known:
            raise IsomorphError(
                f"{where}: options: unknown key {name}, {did_you_mean(name, known)}"
            )
