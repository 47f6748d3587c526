"""Stimuli as the viewer of RDMs shows them: not too many, their categories, small images."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from isomorph.figures.categories import MOST, OF_FILES
from isomorph.foreign import reading

MOST_STIMULI = 150
"""More are thinned out: an RDM takes as many bytes as it has pairs, and a page holds many RDMs."""

NO_CATEGORIES = {*OF_FILES} - {"group"}
"""Columns by which stimuli are not sorted."""

SIZES = ((96, 60), (80, 50), (64, 50), (48, 45), (32, 40))
"""Longest side in pixels and quality of small images; the first that fit are taken."""


def categories(stimuli: pd.DataFrame) -> list[str]:
    """Return the columns of a stimulus table that sort the stimuli into a few categories."""
    return [
        str(name)
        for name in stimuli.columns
        if name not in NO_CATEGORIES
        and 2 <= stimuli[name].astype(str).nunique() <= min(MOST, len(stimuli) - 1)
    ]


def thinned_out(stimuli: pd.DataFrame) -> pd.DataFrame:
    """Return at most `MOST_STIMULI` rows of a stimulus table, taken evenly, in their order.

    Evenly over the categories of the first column that has some, and within each.
    """
    if len(stimuli) <= MOST_STIMULI:
        return stimuli
    by = categories(stimuli)[:1]
    codes = pd.factorize(stimuli[by[0]].astype(str))[0] if by else np.zeros(len(stimuli))
    order = np.argsort(codes, kind="stable")
    taken = np.linspace(0, len(stimuli) - 1, MOST_STIMULI).round().astype(int)
    return stimuli.iloc[np.sort(order[taken])]


def coded(values: pd.Series) -> dict[str, object]:
    """Return a column as its values, in the order in which they appear, and a code per row."""
    codes, names = pd.factorize(values.fillna("").astype(str))
    return {"name": str(values.name), "values": list(map(str, names)), "codes": codes.tolist()}


def small_images(files: Sequence[Path], most_bytes: int) -> list[bytes]:
    """Return each image as a small one in the format WebP, its aspect kept.

    Parameters
    ----------
    files : sequence of Path
    most_bytes : int
        Of all together. They are as large as that allows, of at most 96 pixels.

    Returns
    -------
    list of bytes
        None where even the smallest take more.

    Raises
    ------
    IsomorphError
        When a file is no image.
    """
    largest = []
    for file in files:
        with reading(file, "an image"), Image.open(file) as image:
            image.draft("RGB", (2 * SIZES[0][0],) * 2)  # a JPEG is then opened at a part of it
            small = image.convert("RGBA" if image.has_transparency_data else "RGB")
        small.thumbnail((SIZES[0][0],) * 2, Image.Resampling.LANCZOS)
        largest.append(small)
    for side, quality in SIZES:
        found = [_webp(image, side, quality) for image in largest]
        if sum(map(len, found)) <= most_bytes:
            return found
    return []


def _webp(image: Image.Image, side: int, quality: int) -> bytes:
    copy, written = image.copy(), io.BytesIO()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    copy.save(written, "WEBP", quality=quality, method=4)
    return written.getvalue()
