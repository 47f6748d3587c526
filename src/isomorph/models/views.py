"""Views: images or clips as a model takes them, read and preprocessed when a batch is due."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from isomorph.errors import IsomorphError
from isomorph.models.preprocessing import Shown, as_seen, preprocess
from isomorph.stimuli.pixels import as_rgb, open_rgb
from isomorph.stimuli.stimulus import Pixels
from isomorph.study import Preprocessing

Listed = Sequence[tuple[str, Callable[[], Pixels]]]
"""Stimuli by name, each with what reads its image `(row, column, 3)` of uint8, or its clip
`(frame, row, column, 3)`."""
View = Callable[[Pixels, str], NDArray[np.float32]]
"""From an image, and its name for errors, to what a model takes, `(channel, height, width)`; from a
clip to `(channel, time, height, width)`."""

BATCH = 64
"""Images read at a time when only their hash is asked for."""


class Views:
    """Images as a model takes them, read when rows are asked for.

    It is used like an array `(stimulus, channel, height, width)` of which slices are taken, so
    that a set of any size passes through batch by batch; of clips `(stimulus, channel, time,
    height, width)`.

    Parameters
    ----------
    listed : sequence of (str, callable)
        Names, and what reads the images.
    view : callable
        What the model takes of one image.
    """

    def __init__(self, listed: Listed, view: View) -> None:
        self._listed = listed
        self._view = view
        self._digest = hashlib.sha256()
        self._digested = 0

    def __len__(self) -> int:
        return len(self._listed)

    def __getitem__(self, rows: slice) -> NDArray[np.float32]:
        """Return preprocessed images `(stimulus, channel, height, width)`, or clips.

        Raises
        ------
        IsomorphError
            When an image cannot be read, or its view is not of the shape of the others.
        """
        start, stop, step = rows.indices(len(self))
        images: NDArray[np.float32] | None = None
        for place, (name, read) in enumerate(chosen := self._listed[start:stop:step]):
            one = self._view(read(), name)
            if images is None:
                images = np.empty((len(chosen), *one.shape), dtype=np.float32)
            if one.shape != images.shape[1:]:
                raise IsomorphError(
                    f"{name}: is {one.shape} after preprocessing, and images before it are "
                    f"{images.shape[1:]}; all must have one shape"
                )
            images[place] = one
        assert images is not None, "rows of some images are asked for"
        if step == 1 and start <= self._digested < stop:
            self._digest.update(images[self._digested - start :].data)
            self._digested = stop
        return images

    def sha256(self) -> str:
        """Return the hash of all images as the model takes them, in stimulus order.

        Costs nothing once every row was asked for in order.
        """
        while self._digested < len(self):
            self[self._digested : self._digested + BATCH]
        return self._digest.hexdigest()


def by_settings(settings: Preprocessing, shown: Shown | None) -> View:
    """Return the view of a model whose preprocessing is described by settings.

    Parameters
    ----------
    settings : Preprocessing
    shown : tuple (float, float or None) or None
        Width and height of the images as shown, degrees of visual angle.
    """
    clip = settings.clip

    def view(pixels: Pixels, name: str) -> NDArray[np.float32]:
        if clip is None:
            if pixels.ndim != 3:
                raise IsomorphError(
                    f"{name}: is a clip of {len(pixels)} frames, and the model sees single images; "
                    f"preprocessing of one that takes time has clip: {{frames: {len(pixels)}, "
                    "spacing: …}"
                )
            return preprocess(as_seen(pixels, settings, shown, name)[None], settings)[0]
        if pixels.ndim != 4 or len(pixels) != clip.frames:
            found = f"a clip of {len(pixels)} frames" if pixels.ndim == 4 else "one image"
            raise IsomorphError(
                f"{name}: is {found}, and the model takes clips of {clip.frames} frames "
                "(preprocessing.clip)"
            )
        frames = np.stack([as_seen(one, settings, shown, name) for one in pixels])
        return preprocess(frames, settings).transpose(1, 0, 2, 3)

    return view


def by_function(function: Callable[[Image.Image], Any]) -> View:
    """Return the view of a model whose preprocessing is a function of a Pillow image in RGB.

    Parameters
    ----------
    function : callable
        Such as the transforms of torchvision, timm and OpenCLIP: returns an array or tensor
        `(channel, height, width)`.
    """

    def view(pixels: Pixels, name: str) -> NDArray[np.float32]:
        if pixels.ndim != 3:
            raise IsomorphError(
                f"{name}: is a clip, and preprocessing a function of one image; give settings with "
                f"clip: {{frames: {len(pixels)}, spacing: …}} in its place"
            )
        found = np.asarray(function(Image.fromarray(pixels)))
        if found.ndim != 3 or found.dtype.kind not in "fiu":
            raise IsomorphError(
                f"{name}: preprocessing returns {found.dtype} of shape {found.shape}, expected "
                "numbers (channel, height, width)"
            )
        return found.astype(np.float32, copy=False)

    return view


def list_given(images: Any, stimuli: Sequence[str] | None = None) -> Listed:
    """Name images given as one array, or as a list of files, Pillow images or arrays.

    Parameters
    ----------
    images : array of shape (stimulus, height, width[, channel]) or sequence
        Arrays hold grey or RGB: uint8, or floating-point numbers in [0, 1], rounded to 8 bits.
        Clips are `(stimulus, time, height, width, channel)`, or a list of them.
    stimuli : sequence of str, optional
        Names. Unless given, files are called as they are, and anything else is counted from 0.

    Returns
    -------
    list of (str, callable)

    Raises
    ------
    IsomorphError
        When there are none, they are not images, or names are not one for each and all different.
    """
    if isinstance(images, str | PathLike | Image.Image):
        raise IsomorphError("images: one was given; give a list of them")
    one = isinstance(images, np.ndarray) and images.ndim == 3 and images.shape[2] == 3
    if isinstance(images, np.ndarray) and (one or images.ndim not in (3, 4, 5)):
        raise IsomorphError(
            f"images: shape {images.shape}, expected (stimulus, height, width, channel)"
            + ("; this looks like one image" if one else "")
        )
    given = list(images)
    names = [str(name) for name in (_names(given) if stimuli is None else stimuli)]
    if len(names) != len(given):
        raise IsomorphError(f"stimuli: {len(names)} names for {len(given)} images")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise IsomorphError(f'stimuli: "{twice}" is named twice; name each once')
    return [(name, partial(_pixels, one, name)) for name, one in zip(names, given, strict=True)]


def _names(given: Sequence[Any]) -> list[str]:
    files = [isinstance(one, str | PathLike) for one in given]
    names = [Path(one).name if file else str(place)
             for place, (one, file) in enumerate(zip(given, files, strict=True))]  # fmt: skip
    if len(set(names)) == len(names):
        return names
    return [str(one) if file else str(place)
            for place, (one, file) in enumerate(zip(given, files, strict=True))]  # fmt: skip


def _pixels(one: Any, name: str) -> Pixels:
    """Return one image, `(row, column, 3)`, from its file, Pillow image or array, or one clip."""
    if isinstance(one, str | PathLike):
        return open_rgb(Path(one))
    if isinstance(one, Image.Image):
        return as_rgb(one, name)
    values = np.asarray(one)
    if values.ndim == 2:
        values = values[:, :, None]
    if values.ndim not in (3, 4) or values.shape[-1] not in (1, 3) or 0 in values.shape:
        raise IsomorphError(
            f"images: {name} has shape {values.shape}, expected (height, width, channel) with 1 or "
            "3 channels, or (time, height, width, channel) of a clip"
        )
    if values.dtype != np.uint8:
        low, high = float(values.min()), float(values.max())
        if values.dtype.kind != "f" or not (low >= 0 and high <= 1):
            raise IsomorphError(
                f"images: {name} holds {values.dtype} from {low:g} to {high:g}, expected uint8 "
                "from 0 to 255 or floating-point numbers from 0 to 1"
            )
        values = np.rint(values * 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(values, (*values.shape[:-1], 3)))
