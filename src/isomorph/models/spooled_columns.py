"""Columns: features on disk, read a block of columns at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError


class Columns:
    """Features `(stimulus, column)` on disk, of which blocks of columns are read.

    Only blocks of the width they were written in can be read.
    """

    def __init__(
        self, file: Path, counts: Sequence[int], n_columns: int, dtype: np.dtype, width: int
    ) -> None:
        self.file = file
        self.counts = counts
        self.shape = (sum(counts), n_columns)
        self.dtype = dtype
        self.width = width

    def __getitem__(self, key: tuple[slice, slice]) -> NDArray:
        start = key[1].start
        width = min(self.width, self.shape[1] - start)
        block = np.empty((self.shape[0], width), dtype=self.dtype)
        before = 0
        with open(self.file, "rb", buffering=0) as file:
            for count in self.counts:
                file.seek((before * self.shape[1] + count * start) * self.dtype.itemsize)
                wanted = block[before : before + count].data.cast("B")
                while wanted:
                    read = file.readinto(wanted)
                    if not read:
                        raise IsomorphError(f"{self.file}: ends too early; run again")
                    wanted = wanted[read:]
                before += count
        return block
