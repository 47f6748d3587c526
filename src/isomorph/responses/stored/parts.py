"""Parts: which slices of a large array are read one after another to have some of its units."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

Array = npt.NDArray
Part = tuple[slice, ...]

AT_ONCE = 64_000_000
"""Bytes read at a time, where blocks on disk are not larger."""


def box(indices: Array) -> list[tuple[int, int]]:
    """Return the least and the greatest index, and one, along each axis (axis, unit)."""
    return [(int(one.min()), int(one.max()) + 1) for one in indices]


def parts(
    bounds: Sequence[tuple[int, int]],
    blocks: Sequence[int] | None,
    itemsize: int,
    at_once: int = AT_ONCE,
) -> Iterator[Part]:
    """Yield slices that cover a box, each of some bytes at most, and of whole blocks.

    Parameters
    ----------
    bounds : sequence of (int, int)
        Start and stop of the box along each axis.
    blocks : sequence of int or None
        Lengths of the blocks in which the array is stored. No block is in two slices.
    itemsize : int
        Bytes of a value.
    at_once : int, optional
        Bytes of a slice. One block may be larger.
    """
    step = list(blocks) if blocks is not None else [1] * len(bounds)
    length = [
        (math.ceil(stop / each) - start // each) * each
        for (start, stop), each in zip(bounds, step, strict=True)
    ]
    while math.prod(length) * itemsize > at_once:
        # The axis of most blocks is halved, the first of equals.
        many = [math.ceil(one / each) for one, each in zip(length, step, strict=True)]
        axis = int(np.argmax(many))
        if many[axis] <= 1:
            break
        length[axis] = math.ceil(many[axis] / 2) * step[axis]
    cuts = [
        [slice(max(at, start), min(at + one, stop))
         for at in range(start // each * each, stop, one)]
        for (start, stop), one, each in zip(bounds, length, step, strict=True)
    ]  # fmt: skip
    yield from product(*cuts)
