"""Sums over windows of the samples of a series."""

from __future__ import annotations

from collections.abc import Iterator

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.foreign.nwb import part

Array = npt.NDArray

BLOCK = 2_000_000
"""Values read at a time."""


def sums_before(data: h5py.Dataset, places: Array, where: str) -> tuple[Array, Array]:
    """Return the sum of all samples before some places, the difference of two being a window's.

    The series is read once, in blocks; no loop over windows.

    Parameters
    ----------
    data : h5py.Dataset of shape (sample, unit)
        Values; those that are not finite count as missing, not as a number.
    places : array of shape (place,)
        Numbers of samples, in any order.
    where : str
        File and series, for messages.

    Returns
    -------
    sums : array of float64 of shape (place, unit)
        Sum of the finite samples before each place.
    missing : array of int64 of shape (place, unit)
        How many samples before it are not finite.
    """
    order = np.argsort(places, kind="stable")
    ascending = places[order]
    n_units = data.shape[1]
    sums = np.zeros((len(places), n_units))
    missing = np.zeros((len(places), n_units), dtype=np.int64)
    total = np.zeros(n_units)
    gone = np.zeros(n_units, dtype=np.int64)
    for rows, columns in _blocks(data):
        if rows.start == 0:
            total[columns], gone[columns] = 0.0, 0
        block = part(data, (rows, columns), where)
        finite = np.isfinite(block)
        cumulated = np.zeros((len(block) + 1, block.shape[1]))
        np.cumsum(np.where(finite, block, 0), axis=0, out=cumulated[1:])
        # A place at the end of a block is the start of the next one, but for the last.
        first, last = np.searchsorted(ascending, [rows.start, rows.stop], side="left")
        last = len(ascending) if rows.stop == data.shape[0] else last
        local = ascending[first:last] - rows.start
        into = order[first:last]
        sums[into, columns] = total[columns] + cumulated[local]
        total[columns] += cumulated[-1]
        if finite.all():
            missing[into, columns] = gone[columns]
            continue
        lost = np.zeros((len(block) + 1, block.shape[1]), dtype=np.int64)
        np.cumsum(~finite, axis=0, out=lost[1:])
        missing[into, columns] = gone[columns] + lost[local]
        gone[columns] += lost[-1]
    return sums, missing


def _blocks(data: h5py.Dataset) -> Iterator[tuple[slice, slice]]:
    """Yield blocks of rows and columns such that each chunk on disk is read once."""
    size, n_units = data.shape
    tall, wide = data.chunks or (1, n_units)
    columns = min(n_units, max(wide, BLOCK // max(tall, 1) // wide * wide))
    rows = max(tall, BLOCK // max(columns, 1) // tall * tall)
    for left in range(0, n_units, max(columns, 1)):
        for top in range(0, size, rows):
            yield slice(top, min(top + rows, size)), slice(left, min(left + columns, n_units))
