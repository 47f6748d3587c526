"""NWB recordings as HDF5: opened, and what stands at a path, nothing read that is not asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from isomorph.errors import IsomorphError, did_you_mean

PARTS = {"acquisition", "intervals", "processing", "stimulus", "units"}
"""Top groups of an NWB file that hold data; a file read in part has some of them."""


@contextmanager
def open_recording(path: Path) -> Iterator[h5py.File]:
    """Open an NWB file for reading and yield it, arrays left on disk.

    It is read as HDF5: columns and series stand at the paths the NWB schema gives them, whatever
    extensions the file was written with, and a file of which only some objects were fetched can
    be read too.

    Raises
    ------
    IsomorphError
        When the file is not HDF5 or not NWB, or part of it cannot be read.
    """
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise IsomorphError(f"{path}: is not an NWB file ({_first_line(error)})") from error
    with file:
        if not PARTS & set(file):
            raise IsomorphError(
                f"{path}: is not an NWB file (none of {', '.join(sorted(PARTS))} at its top)"
            )
        try:
            yield file
        except OSError as error:
            raise IsomorphError(f"{path}: cannot be read as NWB ({_first_line(error)})") from error


def session_id(file: h5py.File) -> str:
    """Return the session id of a recording, '' where it has none."""
    found = file.get("general/session_id")
    return str(found.asstr()[()]).strip() if isinstance(found, h5py.Dataset) else ""


def group_at(file: h5py.Group, path: str, where: str) -> h5py.Group:
    """Return the group at an HDF5 path.

    Raises
    ------
    IsomorphError
        When there is none, naming the first part of the path that is not there.
    """
    found = _at(file, path, where)
    if not isinstance(found, h5py.Group):
        raise IsomorphError(f'{where}: "{path}" is a dataset, expected a group')
    return found


def dataset_at(file: h5py.Group, path: str, where: str) -> h5py.Dataset:
    """Return the dataset at an HDF5 path, its values left on disk.

    Raises
    ------
    IsomorphError
        When there is none, naming the first part of the path that is not there.
    """
    found = _at(file, path, where)
    if not isinstance(found, h5py.Dataset):
        raise IsomorphError(
            f'{where}: "{path}" is a group of {", ".join(found) or "nothing"}, expected a dataset'
        )
    return found


def _at(file: h5py.Group, path: str, where: str) -> Any:
    here: Any = file
    for part in path.strip("/").split("/"):
        if not isinstance(here, h5py.Group) or part not in here:
            known = list(here) if isinstance(here, h5py.Group) else []
            place = getattr(here, "name", "/")
            raise IsomorphError(
                f'{where}: no "{path}", nothing called "{part}" in {place}; '
                f"{did_you_mean(part, known)}"
            )
        here = here[part]
    return here


def values_of(dataset: h5py.Dataset) -> Any:
    """Return the values of a dataset; text decoded, an enumeration as its labels."""
    if h5py.check_string_dtype(dataset.dtype) is not None:
        return dataset.asstr(errors="replace")[()]
    values = np.asarray(dataset[()])
    labels = dataset.attrs.get("elements")
    if isinstance(labels, h5py.Reference) and values.dtype.kind in "iu":
        return values_of(dataset.file[labels])[values]
    return values


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]
