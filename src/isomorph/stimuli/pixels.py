"""Pixels: any image as RGB, told apart by hash, resized for a model."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from isomorph.errors import IsomorphError
from isomorph.stimuli.stimulus import Pixels

BACKGROUND = (128, 128, 128, 255)
"""What shows through transparent pixels: the mid grey of an experiment's screen."""


def open_rgb(path: Path) -> Pixels:
    """Read an image file as RGB.

    The orientation a camera noted is applied, transparency is laid on mid grey, grey is repeated
    in all channels, 16-bit grey is scaled to 8 bits; of an animation the first frame counts.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    ndarray (row, column, 3) of uint8

    Raises
    ------
    IsomorphError
        When the file is absent or is no image that can be read whole.
    """
    if not path.is_file():
        raise IsomorphError(f"{path}: no such image")
    try:
        with Image.open(path) as image:
            return as_rgb(ImageOps.exif_transpose(image), str(path))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise IsomorphError(
            f"{path}: cannot be read as an image ({_first_line(error)}); give a whole PNG, JPEG or "
            "TIFF file"
        ) from error


def as_rgb(image: Image.Image, where: str) -> Pixels:
    """Return a Pillow image as RGB, see `open_rgb`.

    Raises
    ------
    IsomorphError
        When its pixels are floating-point or 32-bit numbers, whose scale nobody can know.
    """
    if image.mode.startswith("I;16"):
        grey = np.asarray(image).astype(np.float64) / 257  # 65535 / 255
        return np.repeat(np.rint(grey).astype(np.uint8)[:, :, None], 3, axis=2)
    if image.mode in ("I", "F"):
        raise IsomorphError(
            f"{where}: has pixels of kind {image.mode}, whose range is unknown; save it with 8 or "
            "16 bits per channel"
        )
    if image.has_transparency_data:
        overlaid = image.convert("RGBA")
        ground = Image.new("RGBA", overlaid.size, BACKGROUND)
        return np.asarray(Image.alpha_composite(ground, overlaid).convert("RGB"))
    return np.asarray(image.convert("RGB"))


def pixel_digest(pixels: Pixels) -> str:
    """Return the sha256 of an image: its shape, as in "175 175 3" and a line feed, then its bytes.

    It is of what is seen, so the same picture as PNG and as BMP has one hash.

    Parameters
    ----------
    pixels : ndarray (row, column, 3) of uint8
    """
    shape = " ".join(str(length) for length in pixels.shape) + "\n"
    return hashlib.sha256(shape.encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def resized(pixels: Pixels, size: int) -> npt.NDArray[np.float32]:
    """Return a whole image resized to a square, bicubic with antialiasing.

    Parameters
    ----------
    pixels : ndarray (row, column, 3) of uint8
    size : int
        Side, pixels.

    Returns
    -------
    ndarray (3, size, size) of float32
        Values in [0, 1].
    """
    square = Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(square, dtype=np.float32).transpose(2, 0, 1) / np.float32(255)


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
