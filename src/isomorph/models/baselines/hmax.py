"""HMAX: simple cells that match, complex cells that take the largest, twice over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from isomorph.errors import IsomorphError
from isomorph.models.baselines.gabor import gabor_kernels
from isomorph.models.baselines.options import Features, Options
from isomorph.models.preprocessing import luma

HMAX_DEFAULTS: dict[str, Any] = {
    "orientations": 4,
    "prototypes": 40,
    "patches": [4, 8, 12],
    "from": "noise",
    "seed": 0,
}
ORIGINS = ("noise", "images")
WAVELENGTHS = (
    *(3.5, 4.6, 5.6, 6.8, 7.9, 9.1, 10.3, 11.5),
    *(12.7, 14.1, 15.4, 16.8, 18.2, 19.7, 21.2, 22.8),
)
"""Of the S1 filters, pixels (Serre et al. 2007, table 1); two by two, they make the bands."""
POOLS = (8, 10, 12, 14, 16, 18, 20, 22)
"""Side of the square over which C1 takes the largest, pixels, by band (the same table)."""
CHUNK = 8
"""Images filtered at a time: the responses of one are 64 times as large as it."""
NOISE_IMAGES = 16
TUNING = 1 / 3
"""How narrow S2 is tuned: C1 seldom exceeds a half, and with 1 every patch would be like every
other to within a few percent."""
S2_STEP = 2
"""Every second place of S2 is kept; C2 is the largest of all of them."""


def hmax(images: NDArray[np.float32], options: Mapping[str, Any], where: str) -> Features:
    """Return a hierarchy of matching and pooling.

    After Riesenhuber and Poggio (1999, Nat Neurosci 2, 1019-1025) and Serre et al. (2007, IEEE
    TPAMI 29, 411-426). S1 is the absolute response of a Gabor filter over the norm of the pixels
    under it. C1 is the largest S1 of two neighbouring wavelengths and of the places in a square.
    S2 compares patches of C1 with prototypes, exp(-d² / (2 σ² α)) with σ = 1/3 and α the area of a
    patch in units of 4 × 4 places; C2 is the largest S2 anywhere in any band.

    Prototypes are patches of C1 drawn with a seed: of noise with the 1/f amplitude of natural
    images, so that no stimulus counts more than another (`from: noise`), or of the images
    themselves (`from: images`), which then depend on each other. The authors drew theirs from
    other photographs.

    Parameters
    ----------
    images : array of shape (stimulus, channel, height, width)
        RGB in [0, 1].
    options : mapping
        `orientations`; `prototypes`, how many of each size; `patches`, their sides on C1's grid;
        `from`; `seed`.
    where : str
        The model, for errors.

    Returns
    -------
    dict
        Layers `S1`, on the grid of C1 so that the two differ by the pooling alone; `C1`; `S2`,
        at every second place; `C2`.

    Raises
    ------
    IsomorphError
        When an option is unknown or cannot be, or the image is too small for the patches.
    """
    said = Options(options, HMAX_DEFAULTS, where)
    n_orientations = said.count("orientations")
    n_prototypes, sides = said.count("prototypes"), said.counts("patches")
    origin, seed = said.choice("from", ORIGINS), said.seed("seed")
    size = images.shape[-1]
    smallest = len(range(POOLS[0] // 4, size, POOLS[0] // 2))
    if max(sides) > smallest:
        raise IsomorphError(
            f"{where}: options.patches holds {max(sides)}, but C1 of {size} pixels has {smallest} "
            "places along a side; raise preprocessing.size or leave large patches out"
        )
    grey = luma(images)
    banks = [gabor_bank(wavelength, n_orientations) for wavelength in WAVELENGTHS]
    rng = np.random.default_rng(seed)
    drawn_from = grey if origin == "images" else pink_noise(NOISE_IMAGES, size, rng)
    chosen = drawn_from[rng.permutation(len(drawn_from))[:NOISE_IMAGES]]
    _, first_band = next(c1(chosen, banks))
    prototypes = [_draw(first_band, side, n_prototypes, rng) for side in sides]

    rows: dict[str, list[NDArray]] = {name: [] for name in ("S1", "C1", "S2", "C2")}
    for start in range(0, len(grey), CHUNK):
        made: dict[str, list[NDArray]] = {name: [] for name in ("S1", "C1", "S2")}
        best = np.zeros((len(grey[start : start + CHUNK]), len(sides) * n_prototypes))
        for simple, complex_ in c1(grey[start : start + CHUNK], banks):
            made["S1"].append(simple)
            made["C1"].append(complex_)
            for place, known in enumerate(prototypes):
                matched = s2(complex_, known)
                if matched.size:
                    made["S2"].append(matched[:, ::S2_STEP, ::S2_STEP])
                    span = slice(place * n_prototypes, (place + 1) * n_prototypes)
                    best[:, span] = np.maximum(best[:, span], matched.max(axis=(1, 2)))
        for name, parts in made.items():
            flat = [part.reshape(len(part), -1) for part in parts]
            rows[name].append(np.concatenate(flat, axis=1).astype(np.float32))
        rows["C2"].append(best)
    return {name: np.concatenate(parts) for name, parts in rows.items()}


def gabor_bank(wavelength: float, n_orientations: int) -> NDArray[np.float32]:
    """Return even Gabor filters `(orientation, height, width)` of zero mean and norm 1."""
    bank = gabor_kernels(wavelength, n_orientations).real
    norm = np.sqrt((bank**2).sum(axis=(1, 2), keepdims=True))
    return (bank / norm).astype(np.float32)


def s1(grey: NDArray[np.float32], bank: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return absolute responses over the norm of the pixels under the filter.

    Parameters
    ----------
    grey : array of shape (stimulus, height, width)
    bank : array of shape (orientation, height, width)
        Of norm 1, so that responses lie between 0 and 1.

    Returns
    -------
    array of shape (stimulus, orientation, height, width)
    """
    side = bank.shape[-1]
    half = side // 2
    size = grey.shape[-1]
    padded = np.pad(grey, ((0, 0), (half, half), (half, half)), mode="symmetric")
    length = fft.next_fast_len(padded.shape[-1], real=True)
    shape = (length, length)
    pictures = fft.rfft2(padded, s=shape, workers=1)
    # flipped: a convolution with the flipped filter is a comparison with the filter
    filters = fft.rfft2(bank[:, ::-1, ::-1], s=shape, workers=1)
    responses = fft.irfft2(pictures[:, None] * filters[None], s=shape, workers=1)
    inner = slice(side - 1, side - 1 + size)
    energy = ndimage.uniform_filter(padded**2, size=(0, side, side), mode="nearest") * side**2
    norm = np.sqrt(np.maximum(energy[:, half : half + size, half : half + size], 1e-12))
    return np.abs(responses[:, :, inner, inner]) / norm[:, None]


def c1(
    grey: NDArray[np.float32], banks: list[NDArray[np.float32]]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Yield S1 and C1 band by band, both on C1's grid.

    Yields
    ------
    s1 : array of shape (stimulus, scale, row, column, orientation)
    c1 : array of shape (stimulus, row, column, orientation)
    """
    for band, pool in enumerate(POOLS):
        scales = [s1(grey, bank) for bank in banks[2 * band : 2 * band + 2]]
        largest = np.maximum(*scales)
        for axis in (2, 3):
            largest = ndimage.maximum_filter1d(largest, pool, axis=axis, mode="reflect")
        grid = slice(pool // 4, None, pool // 2)
        yield (
            np.stack([one[:, :, grid, grid] for one in scales], axis=1).transpose(0, 1, 3, 4, 2),
            largest[:, :, grid, grid].transpose(0, 2, 3, 1),
        )


def s2(complex_: NDArray[np.float32], prototypes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compare every patch of C1 with every prototype.

    Parameters
    ----------
    complex_ : array of shape (stimulus, row, column, orientation)
    prototypes : array of shape (prototype, side, side, orientation)

    Returns
    -------
    array of shape (stimulus, row, column, prototype)
        Between 0 and 1; empty where C1 is smaller than a patch.
    """
    side = prototypes.shape[1]
    if min(complex_.shape[1:3]) < side:
        return np.empty((len(complex_), 0, 0, len(prototypes)), dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(complex_, (side, side), axis=(1, 2))
    # (stimulus, row, column, orientation, y, x) against (prototype, orientation, y, x)
    flat = windows.reshape(*windows.shape[:3], -1)
    known = prototypes.transpose(0, 3, 1, 2).reshape(len(prototypes), -1)
    squares = (flat**2).sum(axis=3)[..., None] + (known**2).sum(axis=1)
    distance = np.maximum(squares - 2 * (flat @ known.T), 0)
    return np.exp(-distance / (2 * TUNING**2 * (side / 4) ** 2))


def pink_noise(number: int, size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return noise whose amplitude falls with frequency, `(image, height, width)` in [0, 1]."""
    down, across = np.meshgrid(fft.fftfreq(size), fft.rfftfreq(size), indexing="ij")
    radius = np.hypot(down, across)
    radius[0, 0] = np.inf
    spectra = fft.rfft2(rng.standard_normal((number, size, size))) / radius
    noise = fft.irfft2(spectra, s=(size, size))
    noise /= noise.std(axis=(1, 2), keepdims=True)
    return np.clip(0.5 + 0.15 * noise, 0, 1).astype(np.float32)


def _draw(
    complex_: NDArray[np.float32], side: int, number: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw patches `(prototype, side, side, orientation)` of C1."""
    images = rng.integers(len(complex_), size=number)
    tops, lefts = (rng.integers(length - side + 1, size=number) for length in complex_.shape[1:3])
    return np.stack(
        [
            complex_[image, top : top + side, left : left + side]
            for image, top, left in zip(images, tops, lefts, strict=True)
        ]
    )
