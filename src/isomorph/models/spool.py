"""The spool: where features wait when not all images fit one batch."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError

DTYPE = np.dtype(np.float32)
REMEDY = "free some space, name fewer layers or raise batch_size"


class Spool:
    """Features of several layers on disk, written batch by batch, read layer by layer.

    Plain writes, unlike writes to a memory map, report a disk that fills up.
    """

    def __init__(self, files: Mapping[str, BinaryIO], sizes: Mapping[str, int], n_stimuli: int):
        self._files = files
        self._sizes = sizes
        self._n_stimuli = n_stimuli

    def append(self, layer: str, features: NDArray) -> None:
        """Append the features `(stimulus, feature)` of one batch."""
        self._files[layer].write(np.ascontiguousarray(features, dtype=DTYPE).data)

    def read(self, layer: str) -> NDArray[np.float32]:
        """Map the features `(stimulus, feature)` of one layer into memory.

        Raises
        ------
        IsomorphError
            When the layer was not written once for every stimulus.
        """
        file = self._files[layer]
        file.flush()
        shape = (self._n_stimuli, self._sizes[layer])
        rows = os.fstat(file.fileno()).st_size / (DTYPE.itemsize * shape[1])
        if rows != shape[0]:
            raise IsomorphError(
                f'layer "{layer}" gave features for {rows:g} stimuli out of {shape[0]}: the model '
                "does not call it once in every batch"
            )
        return np.memmap(file, dtype=DTYPE, mode="r", shape=shape)


@contextmanager
def spooling(
    scratch: Path, sizes: Mapping[str, int], n_stimuli: int, where: str
) -> Iterator[Spool]:
    """Open a spool in a temporary folder that is removed whatever happens.

    Parameters
    ----------
    scratch : Path
        Folder in which the temporary one is made.
    sizes : mapping of str to int
        Features of each layer.
    n_stimuli : int
    where : str
        The model, for messages.

    Raises
    ------
    IsomorphError
        When the disk has no room, known beforehand or found out while writing.
    """
    needed = DTYPE.itemsize * n_stimuli * sum(sizes.values())
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(scratch).free
        if needed > free:
            raise IsomorphError(
                f"{where}: the features of {len(sizes)} layers and {n_stimuli} stimuli need "
                f"{_gigabytes(needed)} in {scratch} for a while and {_gigabytes(free)} are free; "
                f"{REMEDY}"
            )
        print(
            f"{where}: {n_stimuli} images do not fit one batch, {_gigabytes(needed)} of features "
            f"pass through {scratch}",
            file=sys.stderr,
            flush=True,
        )
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(dir=scratch, prefix=".spool-"))
            files: dict[str, BinaryIO] = {
                layer: stack.enter_context(open(Path(folder) / f"{place}.f32", "w+b"))
                for place, layer in enumerate(sizes)
            }
            yield Spool(files, sizes, n_stimuli)
    except OSError as error:
        raise IsomorphError(
            f"{where}: features cannot be kept in {scratch} ({error.strerror}); {REMEDY}"
        ) from error


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB"
