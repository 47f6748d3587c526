"""Whether a netCDF file can be opened at all: tried once, for it is opened again and again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from isomorph.foreign import reading
from isomorph.foreign.hdf5 import open_hdf5


def refuse_unsound(path: Path) -> None:
    """Refuse a netCDF file that would keep HDF5 busy forever, or that leads to other files.

    One that has not changed since this process tried it is not tried again: a trial takes some
    thirty milliseconds, and a stage opens every file that it goes back to.

    Raises
    ------
    IsomorphError
        When there is no such file, it is damaged or no HDF5, or it leads outside its folder.
    """
    with reading(path, "a netCDF file"):
        state = path.stat()
    _try(path, state.st_mtime_ns, state.st_size, state.st_ino)


@cache
def _try(path: Path, _modified: int, _size: int, _number: int) -> None:
    with open_hdf5(path):
        pass
