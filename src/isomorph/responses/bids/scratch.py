"""A file for what is read once and used later, gone when the job ends, however it ends."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from isomorph.disk import disk_errors

Array = npt.NDArray


class Scratch:
    """Arrays kept on disk and mapped into memory, in a file without a name.

    A file without a name (POSIX) goes with the process that opened it, even one that is killed.

    Parameters
    ----------
    folder : Path
        A folder of the disk to use; it is made where there is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115

    def __enter__(self) -> Scratch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def keep(self, values: Array) -> Array:
        """Write an array and return it as it is mapped from disk, to be read only.

        Columns stand one after another on disk, so that some of them are read alone.

        Parameters
        ----------
        values : array of shape (scan, unit)

        Raises
        ------
        IsomorphError
            When the disk is full.
        """
        if not values.size:
            return values
        by_column = np.ascontiguousarray(values.T)
        # written, not mapped for writing: a full disk is then an error and not a signal
        with disk_errors(self.folder):
            start = self._file.seek(0, 2)
            self._file.write(by_column.data.cast("B"))
            self._file.flush()
        return np.memmap(
            self._file, dtype=by_column.dtype, mode="r", offset=start, shape=by_column.shape
        ).T
