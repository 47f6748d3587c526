"""One array of a file that others wrote, by its path inside, read in parts where the format allows.

Of HDF5 files, MATLAB's of version 7.3 and netCDF among them, and of `.npy` files only what is asked
for leaves the disk. Arrays of the other formats are read whole, the one that is asked for alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.classic_netcdf import read_classic
from isomorph.foreign.guard import reading
from isomorph.foreign.hdf5 import open_hdf5
from isomorph.foreign.hdf5_arrays import in_hdf5, paths_in
from isomorph.foreign.matlab import mat_names, read_mat
from isomorph.foreign.numpy_files import map_npy, npz_names, read_npz
from isomorph.foreign.stored_array import Array, Arrays, StoredArray, as_stored, meant


def is_array_file(file: Path | str) -> bool:
    """Tell by its name whether a file is of a format whose arrays are read."""
    return Path(file).suffix.lower() in FORMATS


@contextmanager
def open_arrays(file: Path, variable: str | None = None) -> Iterator[Arrays]:
    """Open a file and find one array in it, or several.

    Parameters
    ----------
    file : Path
        `.npy`, `.npz`, `.mat` of any version, HDF5 or netCDF.
    variable : str, optional
        Path of the array inside: the name of a variable, of a data set (`betas`, `group/betas`) or
        of a field of a MATLAB struct (`design.order`). With a `*` in it, of all that match. Not
        needed where the file holds one.

    Yields
    ------
    mapping of str to StoredArray
        By path, in the order people count; to be read before the file is closed.

    Raises
    ------
    IsomorphError
        When the file is damaged or of no such format, or nothing has that path.
    """
    suffix = file.suffix.lower()
    if suffix not in FORMATS:
        raise IsomorphError(
            f"{file}: holds no arrays isomorph can read, {did_you_mean(suffix, FORMATS)}"
        )
    with FORMATS[suffix](file, variable) as found:
        yield found


@contextmanager
def open_array(file: Path, variable: str | None = None) -> Iterator[StoredArray]:
    """Open a file and find the one array of a path in it, see `open_arrays`."""
    with open_arrays(file, variable) as found:
        if len(found) != 1:
            raise IsomorphError(f"{file}: {variable}: matches {len(found)} arrays, expected one")
        yield next(iter(found.values()))


def read_array(file: Path, variable: str | None = None) -> Array:
    """Read the one array of a path in a file, see `open_arrays`.

    Returns
    -------
    ndarray
        Numbers, or text; cells of MATLAB as text, one each.
    """
    with open_array(file, variable) as found:
        return found.whole()


def array_names(file: Path) -> list[str]:
    """Return the paths of the arrays in a file, those that hold the values of an axis among them.

    Raises
    ------
    IsomorphError
        When the file is damaged.
    """
    suffix = file.suffix.lower()
    if suffix == ".npy":
        return []
    if suffix == ".npz":
        return npz_names(file)
    with reading(file, "a file of arrays"):
        is_hdf5 = h5py.is_hdf5(file)
    if is_hdf5:
        with open_hdf5(file) as opened:
            return paths_in(opened, file, of_axes=True)
    if suffix == ".nc":
        return list(read_classic(file)[0])
    return mat_names(file) if suffix == ".mat" else []


def flat_mat(file: Path) -> dict[str, Array]:
    """Read a MATLAB file of version 7 or older, the fields of a struct as `struct.field`.

    Fields that differ in shape between the elements of a struct array are left out.

    Raises
    ------
    IsomorphError
        When the file is damaged.
    """
    found: dict[str, Array] = {}
    left = read_mat(file)
    while left:
        name, value = next(iter(left.items()))
        del left[name]
        array = _plain(value)
        if array.dtype.names is None:
            found[name] = array
            continue
        for field in array.dtype.names:
            with suppress(IsomorphError):
                left[f"{name}.{field}"] = _field(array[field], f"{file}: {name}.{field}")
    return found


# ---------------------------------------------------------------- formats


@contextmanager
def _mat(file: Path, variable: str | None) -> Iterator[Arrays]:
    if h5py.is_hdf5(file):
        with in_hdf5(file, variable) as found:
            yield found
        return
    first, *fields = (variable or "").replace("/", ".").split(".")
    found = read_mat(file, [first] if first else None)
    name = first or meant(list(found), None, file)[0]
    value = found[name]
    for field in fields:
        known = value.dtype.names or ()
        if field not in known:
            raise IsomorphError(
                f'{file}: {name} has no field "{field}", {did_you_mean(field, known)}'
            )
        value, name = _field(value[field], f"{file}: {name}.{field}"), f"{name}.{field}"
    yield {name: as_stored(_plain(value), file, name)}


def _field(cells: Any, where: str) -> Any:
    """Return a field of a struct array: what the one struct holds, or that of all, stacked."""
    held = [np.asarray(one) for one in np.ravel(cells)]
    if len(held) == 1:
        return held[0]
    held = [np.squeeze(_plain(one)) for one in held]
    shapes = sorted({one.shape for one in held})
    if len(shapes) > 1:
        raise IsomorphError(f"{where}: has shapes {shapes[0]} and {shapes[-1]}")
    return np.stack(held)


def _plain(values: Any) -> Array:
    """Return values of MATLAB as numbers or text; cells with one each are what these hold."""
    array = np.asarray(values)
    if array.dtype == object:
        cells = [np.squeeze(np.asarray(one)) for one in array.ravel()]
        if all(one.ndim == 0 for one in cells):
            return np.array([one.item() for one in cells]).reshape(array.shape)
    return array


@contextmanager
def _npy(file: Path, variable: str | None) -> Iterator[Arrays]:
    if variable not in (None, "array"):
        raise IsomorphError(f"{file}: holds one array without a name; leave `variable` out")
    yield {"array": as_stored(map_npy(file), file, "array")}


@contextmanager
def _npz(file: Path, variable: str | None) -> Iterator[Arrays]:
    found = read_npz(file, lambda names: meant(names, variable, file))
    yield {name: as_stored(value, file, name) for name, value in found.items()}


@contextmanager
def _netcdf(file: Path, variable: str | None) -> Iterator[Arrays]:
    if h5py.is_hdf5(file):
        with in_hdf5(file, variable) as found:
            yield found
        return
    held, dims = read_classic(file)
    asked = (variable or "").strip("/")
    names = [asked] if asked in held else meant(
        [name for name in held if dims[name][:1] != (name,)], variable, file)  # fmt: skip
    yield {name: as_stored(held[name], file, name, dims[name]) for name in names}


FORMATS: Mapping[str, Callable[[Path, str | None], AbstractContextManager[Arrays]]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".mat": _mat,
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), in_hdf5),
    ".nc": _netcdf,
}
"""Openers by the ending of a file's name."""

READ_IN_PARTS = frozenset(FORMATS) - {".npz", ".mat"}
"""Endings of files of which only what is asked for is read; of MATLAB's it depends on the version,
and netCDF of version 3 is rare."""
