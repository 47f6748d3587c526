"""Near duplicates: images that look the same though their pixels differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from isomorph.stimuli.stimulus import Pixels

SIDE = 32
"""Side of the thumbnails, pixels."""

CORRELATION = 0.99
"""Least Pearson correlation of two thumbnails over pixels and channels."""

DIFFERENCE = 8.0
"""Greatest mean difference of two thumbnails, grey levels of 255: one picture at two contrasts is
two stimuli."""

TILE = 4096

Thumbnail = npt.NDArray[np.uint8]


def thumbnail(pixels: Pixels) -> Thumbnail:
    """Return an image averaged down to a small square.

    Parameters
    ----------
    pixels : array of uint8 of shape (row, column, 3)

    Returns
    -------
    array of uint8 of shape (SIDE, SIDE, 3)
    """
    small = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small)


def near_duplicates(
    thumbnails: npt.NDArray[np.uint8], films: npt.NDArray[np.int64] | None = None
) -> npt.NDArray[np.int64]:
    """Return for each image the first other one before it that looks the same.

    All pairs are first compared by a coarse correlation, tile by tile; those that pass, by the
    correlation and the mean difference of their thumbnails. Images of one even colour are near
    to none.

    Parameters
    ----------
    thumbnails : array of uint8 of shape (image, SIDE, SIDE, 3)
    films : array of int of shape (image,), optional
        The film that each is a frame of. Frames of one film look alike by nature, and are not
        compared.

    Returns
    -------
    array of shape (image,)
        Place of the first image that looks the same, -1 for none.
    """
    n = len(thumbnails)
    coarse = np.empty((n, 8 * 8 * 3), dtype=np.float32)
    for start in range(0, n, TILE):
        block = thumbnails[start : start + TILE].astype(np.float32)
        means = block.reshape(-1, 8, SIDE // 8, 8, SIDE // 8, 3).mean(axis=(2, 4))
        coarse[start : start + TILE] = _standardised(means.reshape(len(block), -1))
    first = np.full(n, n, dtype=np.int64)
    for start in range(0, n, TILE):
        for other in range(start, n, TILE):
            # A little leave: averaging can lower a correlation too.
            near = (
                coarse[start : start + TILE] @ coarse[other : other + TILE].T > CORRELATION - 0.01
            )
            if films is not None:
                own = films[start : start + TILE], films[other : other + TILE]
                near &= own[0][:, None] != own[1]
            pairs = np.argwhere(near) + np.array([start, other])
            pairs = pairs[pairs[:, 0] < pairs[:, 1]]
            alike = pairs[_alike(thumbnails, pairs)]
            np.minimum.at(first, alike[:, 1], alike[:, 0])
    return np.where(first < n, first, -1)


def _alike(thumbnails: npt.NDArray[np.uint8], pairs: npt.NDArray) -> npt.NDArray[np.bool_]:
    """Compare pairs (pair, 2) of thumbnails, in blocks."""
    alike = np.zeros(len(pairs), dtype=bool)
    for start in range(0, len(pairs), TILE):
        block = pairs[start : start + TILE]
        one, other = (
            thumbnails[places].reshape(len(block), -1).astype(np.float32) for places in block.T
        )
        correlation = np.einsum("ij,ij->i", _standardised(one), _standardised(other))
        difference = np.abs(one - other).mean(axis=1)
        alike[start : start + TILE] = (correlation > CORRELATION) & (difference <= DIFFERENCE)
    return alike


def _standardised(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return rows with mean 0 and length 1; a row without variance becomes 0."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.where(length > 1e-3, centred / np.maximum(length, 1e-3), 0).astype(np.float32)
