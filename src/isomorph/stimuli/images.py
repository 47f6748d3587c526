"""Reading back: the stimulus table and the images as a model sees them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.artefacts import read_table
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.stimuli.pixels import open_rgb, pixel_digest, resized
from isomorph.stimuli.stimulus import Pixels


def read_stimuli(layout: Layout, dataset: str) -> pd.DataFrame:
    """Read the stimulus table of a dataset, which may be that of another.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.

    Returns
    -------
    DataFrame
        A row per stimulus, in stimulus order; see `isomorph.stimuli.run` for the columns.

    Raises
    ------
    IsomorphError
        When the table is absent or not one of stimuli.
    """
    file = layout.stimuli(dataset)
    if not file.is_file():
        owner = layout.study.stimulus_set(dataset)
        raise IsomorphError(
            f'{file}: no such file; make the stimuli of "{owner}" first (isomorph stimuli)'
        )
    table = read_table(file, "stimuli")
    repeated = table["stimulus"][table["stimulus"].duplicated()]
    if len(repeated):
        raise IsomorphError(f'{file}: stimulus "{repeated.iloc[0]}" stands in two rows')
    return table


def read_images(
    layout: Layout, dataset: str, size: int, rows: slice = slice(None)
) -> npt.NDArray[np.float32]:
    """Read the images of a dataset, each resized whole to a square.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    size : int
        Side of the square, pixels.
    rows : slice, optional
        Stimuli to read, by their place in the stimulus order; all unless given. A large set is
        read a batch at a time.

    Returns
    -------
    ndarray (stimulus, 3, size, size) of float32
        Red, green and blue in [0, 1], in stimulus order.

    Raises
    ------
    IsomorphError
        When the dataset has no images, or one is absent, unreadable, or not the one that the
        table was written with.
    """
    chosen = list_images(layout, dataset)[rows]
    images = np.empty((len(chosen), 3, size, size), dtype=np.float32)
    for place, (_, read) in enumerate(chosen):
        images[place] = resized(read(), size)
    return images


def list_images(layout: Layout, dataset: str) -> list[tuple[str, Callable[[], Pixels]]]:
    """List the images of a dataset without reading one.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.

    Returns
    -------
    list of (str, callable)
        Stimulus ids, in stimulus order, each with what reads its image `(row, column, 3)` and
        raises IsomorphError when it is absent, unreadable, or not the one that the table was
        written with.

    Raises
    ------
    IsomorphError
        When the dataset has no images.
    """
    table = read_stimuli(layout, dataset)
    file = layout.stimuli(dataset)
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
