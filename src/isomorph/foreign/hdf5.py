"""HDF5 files that others wrote, opened for reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from isomorph.errors import IsomorphError
from isomorph.foreign.budget import afford
from isomorph.foreign.guard import reading
from isomorph.foreign.hdf5_links import WHAT, refuse_outside
from isomorph.foreign.trial import try_first

TOGETHER = 50
"""Files of one trial, which all together may take as long as the largest of them alone."""

State = tuple[Path, Path | None, int, int, int]
_tried: set[State] = set()
"""Files that came through a trial in this process, as they were: a trial takes some twenty
milliseconds, and one that has not changed since is not tried again."""


@contextmanager
def open_hdf5(path: Path, within: Path | None = None) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading, unless anything in it leads to a file outside its folder.

    Every object is looked at, none of its values is read but references. Files inside the folder
    that it leads to are looked at in the same way.

    Parameters
    ----------
    path : Path
        The file.
    within : Path, optional
        The folder that the file and all it leads to belong to; unless given, the file's own.

    Yields
    ------
    h5py.File

    Raises
    ------
    IsomorphError
        When there is no such file, it is not whole or not HDF5, or leads to a file outside.

    Examples
    --------
    >>> with open_hdf5(Path("no.h5")):
    ...     pass
    Traceback (most recent call last):
    isomorph.errors.IsomorphError: no.h5: no such file
    """

    def look() -> None:
        _look_through(path, within or path.parent)

    with reading(path, WHAT):
        state = _state(path, within)
    if state not in _tried:
        if not try_first(look, path, WHAT):  # HDF5 goes round in circles in some damaged headers
            look()
        _tried.add(state)
    with reading(path, WHAT):
        file = h5py.File(path, "r")
    with file:
        yield file


def try_together(paths: Iterable[Path]) -> None:
    """Try HDF5 files many at a time, which takes as long as one, so that none is tried alone.

    Where one of them is refused nothing is said: each is tried by itself when it is opened.

    Parameters
    ----------
    paths : iterable of Path
        Those that are not there are left alone.
    """
    states = {path: _state(path, None) for path in paths if path.is_file()}
    pending = iter([path for path in states if states[path] not in _tried])
    while chosen := list(islice(pending, TOGETHER)):

        def look(chosen: list[Path] = chosen) -> None:
            for path in chosen:
                _look_through(path, path.parent)

        largest = max(chosen, key=lambda path: path.stat().st_size)
        with suppress(IsomorphError):
            if try_first(look, largest, WHAT):
                _tried.update(states[path] for path in chosen)


def _look_through(path: Path, folder: Path) -> None:
    with reading(path, WHAT):
        file = h5py.File(path, "r")
    with file:
        refuse_outside(file, path, folder)


def _state(path: Path, within: Path | None) -> State:
    found = path.stat()
    return path, within, found.st_mtime_ns, found.st_size, found.st_ino


def afford_dataset(dataset: h5py.Dataset, where: str, rows: Any = ()) -> None:
    """Refuse what would take more memory than one file may, before it is read.

    Parameters
    ----------
    dataset : h5py.Dataset
    where : str
        File and dataset, for messages.
    rows : slice, int or tuple, optional
        Which of its values are read at once; all unless given.

    Raises
    ------
    IsomorphError
        A small file can announce any shape, and hold nothing or compressed zeros for it.
    """
    if not dataset.shape:
        return
    kept = np.broadcast_to(np.empty((), np.bool_), dataset.shape)[rows]  # takes no memory
    what = f"an array of shape {kept.shape} and type {dataset.dtype}"
    afford(where, what, kept.size * max(dataset.dtype.itemsize, 1))
