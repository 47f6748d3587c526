"""Images of a stimulus table, as a model sees them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.stimuli.pixels import open_rgb, pixel_digest
from isomorph.stimuli.stimulus import Pixels

Listed = tuple[str, Callable[[], Pixels]]
"""The id of a stimulus, and what reads its image (row, column, channel)."""


def list_images(table: pd.DataFrame, file: Path) -> list[Listed]:
    """List the images of a stimulus table without reading one.

    Parameters
    ----------
    table : DataFrame
        A row per stimulus: `stimulus`, `file` relative to the table's folder, `sha256`.
    file : Path
        The table's own.

    Returns
    -------
    list of (str, callable)
        Stimulus ids, in stimulus order, each with what reads its image `(row, column, 3)` and
        raises IsomorphError when it is absent, unreadable, or not the one that the table was
        written with.

    Raises
    ------
    IsomorphError
        When a stimulus has no image.
    """
    without = table["stimulus"][table["file"] == ""]
    if len(without):
        raise IsomorphError(
            f"{file}: {len(without)} of {len(table)} stimuli have no image, the first is "
            f'"{without.iloc[0]}"; a model that takes pixels needs one for each, use models '
            "without preprocessing (categories, columns) for this dataset"
        )
    return [
        (str(stimulus), partial(_read, file, name, digest))
        for stimulus, name, digest in zip(
            table["stimulus"], table["file"], table["sha256"], strict=True
        )
    ]


def _read(table: Path, name: str, digest: str) -> Pixels:
    """Read an image that stands beside the stimulus table, and check that it is the one."""
    file = table.parent / name
    pixels = open_rgb(file)
    if pixel_digest(pixels) != digest:
        raise IsomorphError(
            f"{file}: is not the image {table} was written with; make the stimuli again"
        )
    return pixels
