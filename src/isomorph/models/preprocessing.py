"""Preprocessing: from the pixels that were shown to what a model takes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from isomorph.errors import IsomorphError
from isomorph.saying import say
from isomorph.stimuli.stimulus import Pixels
from isomorph.study import Preprocessing

EDGE = 0.05
"""Width of the soft edge of a circular aperture, in parts of its radius; a hard one would add
contours of its own."""
GAUSSIAN = 0.25
"""Standard deviation of a Gaussian aperture, in parts of the input's side."""
LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
"""Weights of R, G and B in luma (ITU-R BT.709)."""
INTERPOLATIONS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
    "nearest": Image.Resampling.NEAREST,
}

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels of an image, edges rather than centres."""
Shown = tuple[float, float | None]
"""Width and height of an image as it was shown, degrees of visual angle; without a height its
pixels were square."""


def field_of_view(settings: Preprocessing, shown: Shown | None, where: str) -> str:
    """Say in words how images fill a model's input, on stderr too where degrees are of no use.

    Returns
    -------
    str
        "12 degrees, images 2.9 degrees wide", or how they are resized when no size is known.
    """
    resized = "whole" if settings.crop is None else f"centre, {settings.crop:g} of the shorter side"
    if settings.degrees is None:
        return resized
    if shown is None:
        say(
            f"{where}: the model's field of view is {settings.degrees:g} degrees, but the dataset "
            "does not say how large its images were shown (stimuli.degrees); they are resized "
            f"({resized})"
        )
        return f"{resized}; the images' size in degrees is not known"
    width, height = shown
    size = f"{width:g} degrees wide" + ("" if height is None else f", {height:g} high")
    return f"{settings.degrees:g} degrees, images {size}"


def as_seen(
    pixels: Pixels, settings: Preprocessing, shown: Shown | None = None, where: str = "image"
) -> NDArray[np.float32]:
    """Return one image at the size, in the place and through the aperture a model sees it.

    Parameters
    ----------
    pixels : array of uint8 of shape (row, column, 3)
    settings : Preprocessing
    shown : tuple (float, float or None), optional
        Width and height of the image, degrees of visual angle.
    where : str, optional
        The image, for errors.

    Returns
    -------
    array of shape (3, size, size)
        Values in [0, 1].

    Raises
    ------
    IsomorphError
        When the image would be less than a pixel wide.
    """
    size = settings.size
    ground = np.array(settings.background, dtype=np.float32)[:, None, None]
    if settings.degrees is not None and shown is not None:
        seen = np.empty((3, size, size), dtype=np.float32)
        seen[:] = ground
        source, (left, top, right, bottom) = placement(pixels, settings.degrees, size, shown)
        if right <= left or bottom <= top:
            raise IsomorphError(
                f"{where}: is shown {shown[0]:g} degrees wide, less than one of {size} pixels that "
                f"span {settings.degrees:g} degrees; raise preprocessing.size or lower "
                "preprocessing.degrees"
            )
        seen[:, top:bottom, left:right] = _resized(
            pixels, (right - left, bottom - top), settings, source
        )
    elif settings.crop is not None:
        seen = _centre(pixels, settings.crop, settings)
    else:
        seen = _resized(pixels, (size, size), settings)
    if settings.aperture != "none":
        seen = ground + (seen - ground) * aperture(settings.aperture, size)
    if settings.grayscale:
        seen = np.repeat(luma(seen[None]), 3, axis=0)
    return seen


def placement(
    pixels: Pixels, degrees: float, size: int, shown: Shown
) -> tuple[Box, tuple[int, int, int, int]]:
    """Return which part of an image falls into a field of view, and on which of its pixels.

    Edges of the image fall on whole pixels of the input, so that a blurred edge is not a feature; a
    stimulus is at most half a pixel too large or small. What lies beyond the field is cut.

    Parameters
    ----------
    pixels : array of shape (row, column, 3)
    degrees : float
        Side of the field of view, degrees of visual angle.
    size : int
        Its side, pixels.
    shown : tuple (float, float or None)
        Width and height of the image as shown, degrees of visual angle.

    Returns
    -------
    source : tuple (float, float, float, float)
        Left, top, right and bottom in the image.
    target : tuple (int, int, int, int)
        The same in the field of view.
    """
    height, width = pixels.shape[:2]
    across = shown[0] * size / degrees
    down = across * height / width if shown[1] is None else shown[1] * size / degrees
    left, right, first, last = _along(width, across, size)
    top, bottom, upper, lower = _along(height, down, size)
    return (left, top, right, bottom), (first, upper, last, lower)


def _along(length: int, extent: float, size: int) -> tuple[float, float, int, int]:
    """Centre `length` pixels that are to fill `extent` pixels in `size`; cut what is beyond."""
    if extent >= size:
        kept = length * size / extent
        return (length - kept) / 2, (length + kept) / 2, 0, size
    filled = round(extent)
    first = (size - filled) // 2
    return 0.0, float(length), first, first + filled


def _centre(pixels: Pixels, crop: float, settings: Preprocessing) -> NDArray[np.float32]:
    """Resize the shorter side to `size / crop` and cut out the centre, rounding as timm does."""
    size = settings.size
    height, width = pixels.shape[:2]
    shorter = math.floor(size / crop)
    scale = shorter / min(height, width)
    sides = tuple(shorter if n == min(height, width) else int(n * scale) for n in (width, height))
    left, top = (round((side - size) / 2) for side in sides)
    return _resized(pixels, sides, settings)[:, top : top + size, left : left + size]


def _resized(
    pixels: Pixels, sides: tuple[int, ...], settings: Preprocessing, source: Box | None = None
) -> NDArray[np.float32]:
    """Return a part of an image at a width and height, `(3, height, width)` in [0, 1]."""
    patch = Image.fromarray(pixels).resize(
        (sides[0], sides[1]), INTERPOLATIONS[settings.interpolation], box=source
    )
    return np.asarray(patch, dtype=np.float32).transpose(2, 0, 1) / np.float32(255)


def aperture(kind: str, size: int) -> NDArray[np.float32]:
    """Return how much of each pixel is seen.

    Parameters
    ----------
    kind : {"circle", "gaussian"}
        `circle` falls from 1 to 0 as a raised cosine over the last `EDGE` of its radius.
    size : int
        Side, pixels.

    Returns
    -------
    array of shape (size, size)
        Between 0 and 1.
    """
    offsets = (np.arange(size) + 0.5) / size - 0.5
    radius = np.hypot(offsets[:, None], offsets[None, :])
    if kind == "gaussian":
        return np.exp(-((radius / GAUSSIAN) ** 2) / 2).astype(np.float32)
    outside = np.clip((radius / 0.5 - (1 - EDGE)) / EDGE, 0, 1)
    return ((1 + np.cos(np.pi * outside)) / 2).astype(np.float32)


def preprocess(images: NDArray[np.float32], settings: Preprocessing) -> NDArray[np.float32]:
    """Shift and scale the channels of images in [0, 1].

    Parameters
    ----------
    images : array of shape (stimulus, channel, height, width)
    settings : Preprocessing

    Returns
    -------
    array of shape (stimulus, channel, height, width)
    """
    mean, std = (
        np.array(values, dtype=np.float32)[:, None, None]
        for values in (settings.mean, settings.std)
    )
    return np.ascontiguousarray((images - mean) / std)


def luma(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the luma `(stimulus, height, width)` of images `(stimulus, channel, height, width)`.

    One channel is taken as it is.
    """
    if images.shape[1] != 3:
        return images[:, 0]
    return np.tensordot(images, LUMA, axes=(1, 0))


def crop_of(size: int, shorter: int) -> float | None:
    """Return which part of the shorter side is kept when it is resized and a square cut out.

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
