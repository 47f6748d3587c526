"""Pixels: any image as RGB, told apart by hash, resized for a model."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps

from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.budget import afford
from isomorph.saying import say
from isomorph.stimuli.stimulus import Pixels

BACKGROUND = (128, 128, 128, 255)
"""What shows through transparent pixels: the mid grey of an experiment's screen."""

FORMATS = (
    *("AVIF", "BMP", "DIB", "GIF", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "SGI", "TGA"),
    *("TIFF", "WEBP"),
)
"""Kinds of image that are read, whatever a file is called. Of those that Pillow knows beside them
some are programs: it would run Ghostscript on a PostScript file that is called `face.png`."""
PER_PIXEL = 28
"""Bytes a pixel takes while it is read, at most: with transparency in 16 bits and turned, of which
several copies live at once."""


def open_rgb(path: Path) -> Pixels:
    """Read an image file as RGB.

    The orientation a camera noted is applied, transparency is laid on mid grey, grey is repeated
    in all channels, 16-bit grey is scaled to 8 bits, inks are turned to light. Of an animation the
    first frame counts, which is said.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    array of uint8 of shape (row, column, 3)

    Raises
    ------
    IsomorphError
        When the file is absent, is not an image that can be read whole, or takes too much memory.
    """
    if not path.is_file():
        raise IsomorphError(f"{path}: no such image")
    with reading(path, "an image, such as a whole PNG, JPEG or TIFF file"):
        Image.init()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # sizes are ours to say
            image = Image.open(path, formats=[one for one in FORMATS if one in Image.OPEN])
        with image:
            width, height = image.size
            afford(path, f"an image of {width:,} × {height:,} pixels", width * height * PER_PIXEL)
            if (frames := getattr(image, "n_frames", 1)) > 1:
                say(f"{path}: has {frames} frames, the first is used")
            return as_rgb(ImageOps.exif_transpose(image), str(path))


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
    if image.mode == "CMYK":
        return _from_inks(image, where)
    if image.has_transparency_data:
        overlaid = image.convert("RGBA")
        ground = Image.new("RGBA", overlaid.size, BACKGROUND)
        return np.asarray(Image.alpha_composite(ground, overlaid).convert("RGB"))
    return np.asarray(image.convert("RGB"))


def _from_inks(image: Image.Image, where: str) -> Pixels:
    """Return cyan, magenta, yellow and black as sRGB, by the image's own profile where it has one.

    Without one, a channel is what its ink and black leave, (1 - ink) (1 - black). Either is said,
    since nobody's screen shows inks.
    """
    profile = image.info.get("icc_profile")
    way = "without a colour profile, by subtraction of its inks"
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            light = ImageCms.profileToProfile(
                image, own, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            way = "by its colour profile"
        except (ImageCms.PyCMSError, OSError):
            light = image.convert("RGB")
            way = "by subtraction of its inks, for its profile cannot be used"
    else:
        light = image.convert("RGB")
    say(f"{where}: is CMYK, turned to RGB {way}")
    assert light is not None, "a new image unless in place"
    return np.asarray(light)


def pixel_digest(pixels: Pixels) -> str:
    """Return the sha256 of an image: its shape, as in "175 175 3" and a line feed, then its bytes.

    It is of what is seen, so the same picture as PNG and as BMP has one hash.

    Parameters
    ----------
    pixels : array of uint8 of shape (row, column, 3)
    """
    shape = " ".join(str(length) for length in pixels.shape) + "\n"
    return hashlib.sha256(shape.encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def resized(pixels: Pixels, size: int) -> npt.NDArray[np.float32]:
    """Return a whole image resized to a square, bicubic with antialiasing.

    Parameters
    ----------
    pixels : array of uint8 of shape (row, column, 3)
    size : int
        Side, pixels.

    Returns
    -------
    array of float32 of shape (3, size, size)
        Values in [0, 1].
    """
    square = Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(square, dtype=np.float32).transpose(2, 0, 1) / np.float32(255)
