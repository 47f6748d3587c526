"""Inversions of an order: couples of which the earlier is the larger, counted digit by digit.

A merge sort counts them one number at a time. Here ranks are cut into digits, the highest first:
a couple is inverted by its highest digits that differ. Whoever shares the higher digits stands
together, in the order given, so that a level is a count over neighbours within blocks, and over
histograms of blocks beyond them: compiled passes over all numbers at once.
"""

from __future__ import annotations

import numpy as np

from isomorph.measures.pairs import Counts

BITS = 7
"""Of a digit."""
BLOCK = 64
"""Places whose couples are compared one by one; a power of two, at most that of a digit."""


def inversions(ranks: Counts) -> int:
    """Return how many couples of places have the larger rank first.

    Parameters
    ----------
    ranks : array of int of shape (place,)
        A permutation of the whole numbers from 0.
    """
    size = len(ranks)
    if size < 2:
        return 0
    low = BITS * (-(-(size - 1).bit_length() // BITS) - 1)
    digits = -(-size >> low)
    # Filled up with the largest, which come last, groups of one digit are all of one size.
    rest = np.arange(digits << low, dtype=np.int32)[None]
    rest[0, :size] = ranks
    found = 0
    while True:
        digit = (rest >> low).astype(np.uint8)
        found += _by_digit(digit, digits)
        if not low:
            return found
        order = np.argsort(digit, axis=1, kind="stable")  # by counting, digits are bytes
        rest = np.take_along_axis(rest, order, axis=1).reshape(-1, 1 << low)
        rest &= (1 << low) - 1
        low, digits = low - BITS, 1 << BITS


def _by_digit(digit: Counts, digits: int) -> int:
    """Return the inversions of digits `(group, place)`, below `digits`, within groups."""
    n_groups, places = digit.shape
    block = BLOCK if places > BLOCK and places % BLOCK == 0 else places
    blocked = digit.reshape(-1, block)
    across = np.ascontiguousarray(blocked.T)
    found = sum(
        int(np.count_nonzero(across[:-apart] > across[apart:])) for apart in range(1, block)
    )
    if block == places:
        return found
    cells = blocked + (np.arange(len(blocked), dtype=np.int32) * digits)[:, None]
    counted = np.bincount(cells.ravel(), minlength=blocked.shape[0] * digits)
    here = counted.astype(np.int32).reshape(n_groups, -1, digits)
    before = np.zeros_like(here)
    np.cumsum(here[:, :-1], axis=1, out=before[:, 1:])
    # Of the digits in blocks before, those larger than each.
    all_before = before.sum(axis=2, keepdims=True, dtype=np.int32)
    above = all_before - np.cumsum(before, axis=2, dtype=np.int32)
    return found + int(here.ravel().astype(float) @ above.ravel().astype(float))
