"""Batches: images through a network, fewer at a time where memory is short."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.saying import say

SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory")
"""What errors say that mean too little memory."""


class Images(Protocol):
    """Preprocessed images `(stimulus, channel, height, width)`: an array, or what reads one.

    Clips are `(stimulus, channel, time, height, width)`.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> NDArray[np.float32]: ...


class TooLittleMemoryError(Exception):
    """Some images at once do not fit in memory."""


def attempt(run: Callable[[], None]) -> None:
    """Run something, turning every way in which memory can be short into one error.

    Raises
    ------
    TooLittleMemoryError
        On a GPU what was set aside is given back before.
    """
    import torch

    try:
        run()
    except (MemoryError, RuntimeError) as error:
        text = str(error).lower()
        short = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not short and not any(sign in text for sign in SIGNS):
            raise
    else:
        return
    # The error is let go first: its traceback holds on to the tensors.
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    raise TooLittleMemoryError


@contextmanager
def few_fit(where: str) -> Iterator[None]:
    """Say so when the two or three images of a dry run do not fit in memory."""
    try:
        yield
    except TooLittleMemoryError:
        halved(1, where)


def halved(size: int, where: str) -> int:
    """Return half a batch, and say so.

    Raises
    ------
    IsomorphError
        When one image alone does not fit.
    """
    if size == 1:
        raise IsomorphError(
            f"{where}: one image at a time does not fit in memory; lower preprocessing.size or "
            "free some memory"
        )
    say(f"{where}: {size} images at once do not fit in memory, going on with {size // 2}")
    return size // 2
