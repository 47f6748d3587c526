"""Places in lists, counted from 0 or from 1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError

Array = npt.NDArray


def places_in(numbers: Array, counted_from: int, known: int, where: str, has: str) -> Array:
    """Return places counted from 0.

    Parameters
    ----------
    numbers : array of shape (number,)
        Whole numbers.
    counted_from : int
        Number of the first place, 0 or 1.
    known : int
        How many places there are.
    where, has : str
        Where the numbers stand, and a clause on what they are places in, for messages.

    Returns
    -------
    array of shape (number,) of int64

    Raises
    ------
    IsomorphError
        When one is no place.
    """
    places = np.asarray(numbers).astype(np.int64) - counted_from
    outside = (places < 0) | (places >= known)
    if outside.any():
        row = int(np.argmax(outside))
        raise IsomorphError(
            f"{where}: number {row + 1} is place {int(places[row]) + counted_from}, but {has}, "
            f"counted from {counted_from}"
        )
    return places
