"""Images of a stimulus table, as a model sees them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.stimuli.pixels import open_rgb, pixel_digest
from isomorph.stimuli.stimulus import Pixels, shot_name

Listed = tuple[str, Callable[[], Pixels]]
"""The id of a stimulus, and what reads its image (row, column, channel)."""

ListedClip = tuple[str, Callable[[], npt.NDArray[np.uint8]]]
"""The id of a stimulus, and what reads its clip (frame, row, column, channel)."""


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


def list_clips(table: pd.DataFrame, file: Path) -> list[ListedClip]:
    """List the clips that lead up to the stimuli of a table without reading a frame.

    Parameters
    ----------
    table : DataFrame
        A row per stimulus: `film`, `clip` (the frames of that film, in order, the stimulus last)
        and `clip_sha256`. The frames stand in `clips/`, beside the table.
    file : Path
        The table's own.

    Returns
    -------
    list of (str, callable)
        Stimulus ids, in stimulus order, each with what reads its frames `(frame, row, column, 3)`
        and raises IsomorphError when one is absent, unreadable, or not the one that the table was
        written with.

    Raises
    ------
    IsomorphError
        When the stimuli have no clips.
    """
    if "clip" not in table.columns:
        raise IsomorphError(
            f"{file}: its stimuli have no clips, which a model that takes time needs; they are "
            "kept of films, by stimuli.clips in the dataset's file, such as {frames: 16, spacing: "
            "0.0667}"
        )
    return [
        (str(stimulus), partial(_read_clip, file, str(film), str(frames), digest))
        for stimulus, film, frames, digest in zip(
            table["stimulus"], table["film"], table["clip"], table["clip_sha256"], strict=True
        )
    ]


def joint_digest(digests: Iterable[str]) -> str:
    """Return the sha256 of the digests of the frames of a clip, one a line."""
    return hashlib.sha256("".join(f"{one}\n" for one in digests).encode()).hexdigest()


def _read_clip(table: Path, film: str, frames: str, digest: str) -> npt.NDArray[np.uint8]:
    """Read the frames of a clip, each file once, and check that they are those."""
    numbers = [int(one) for one in frames.split()]
    files = {one: table.parent / "clips" / f"{shot_name(film, one)}.png" for one in numbers}
    read = {one: open_rgb(file) for one, file in files.items()}
    digests = {one: pixel_digest(pixels) for one, pixels in read.items()}
    if joint_digest(digests[one] for one in numbers) != digest:
        raise IsomorphError(
            f"{files[numbers[0]]}: a clip that begins there is not the one {table} was written "
            "with; make the stimuli again"
        )
    return np.stack([read[one] for one in numbers])
