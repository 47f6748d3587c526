"""One array of a file that others wrote, by its path inside, read in parts where the format allows.

Of HDF5 files, MATLAB's of version 7.3 and netCDF among them, and of `.npy` files only what is asked
for leaves the disk. Arrays of the other formats are read whole, the one that is asked for alone.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.budget import afford
from isomorph.foreign.guard import reading
from isomorph.foreign.hdf5 import afford_dataset, open_hdf5
from isomorph.foreign.matlab import mat_names, read_mat
from isomorph.foreign.natural import by_number
from isomorph.foreign.numpy_files import map_npy, npz_names, read_npz
from isomorph.foreign.packed_values import Unpacked, unpacked

Array = np.ndarray[Any, np.dtype[Any]]
Part = tuple[slice, ...]

STIMULUS_KEYS = ("stimulus", "stimuli", "stimulus_id", "stimulus_ids", "stimulus_names")
"""Variables that name the stimuli along an axis of another, in its order."""

SUBJECT_KEYS = ("subject", "subjects", "subject_id", "subject_ids", "participant", "participants")
"""Variables that name the subjects along an axis of another, in its order."""

SHOWN = 12
"""Paths that a message lists at most."""


@dataclass(frozen=True)
class StoredArray:
    """An array of an open file.

    Attributes
    ----------
    where : str
        The file and the path inside, for messages.
    name : str
        The path inside.
    shape : tuple of int
    dtype : dtype
        Of what `part` gives.
    blocks : tuple of int or None
        Shape of the blocks in which it is stored, of which each is read whole; None where any part
        is read by itself.
    part : callable
        Returns the values of a slice of every axis.
    """

    where: str
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    blocks: tuple[int, ...] | None
    part: Callable[[Part], Array]

    def whole(self) -> Array:
        """Return all values.

        Raises
        ------
        IsomorphError
            When they would take more memory than one file may.
        """
        size = int(np.prod(self.shape, dtype=np.float64)) * max(self.dtype.itemsize, 1)
        afford(self.where, f"an array of shape {self.shape} and type {self.dtype}", size)
        return self.part(tuple(slice(0, length) for length in self.shape))


Arrays = Mapping[str, StoredArray]


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
    """Return the paths of the arrays in a file, of which none is read.

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
            return _known(opened, file)
    return mat_names(file) if suffix == ".mat" else []


# ---------------------------------------------------------------- formats


@contextmanager
def _hdf5(file: Path, variable: str | None) -> Iterator[Arrays]:
    matlab, packed = file.suffix.lower() == ".mat", file.suffix.lower() == ".nc"
    path = variable.replace(".", "/") if matlab and variable is not None else variable
    with open_hdf5(file) as opened:
        found = {}
        for name in _paths(opened, file, path):
            with reading(f"{file}: {name}", "an array"):
                found[name] = _dataset(opened, file, name, matlab=matlab, packed=packed)
        yield found


def _paths(opened: h5py.File, file: Path, path: str | None) -> list[str]:
    """Return the paths of the data sets that are meant."""
    if path is not None and "*" not in path:
        with reading(file, "an HDF5 file"):
            one = opened.get(path)
        if isinstance(one, h5py.Dataset):
            return [path.strip("/")]
    return _chosen(_known(opened, file), path, file)


def _known(opened: h5py.File, file: Path) -> list[str]:
    """Return the paths of all data sets but those that hold the values of an axis."""
    known: list[str] = []

    def note(name: str, one: Any) -> None:
        if isinstance(one, h5py.Dataset) and not name.startswith("#") and not one.is_scale:
            known.append(name)

    with reading(file, "an HDF5 file"):
        opened.visititems(note)
    return known


def _chosen(known: Sequence[str], path: str | None, file: Path) -> list[str]:
    """Return which of the known paths are meant."""
    if path is None:
        likely = [one for one in known if one not in (*STIMULUS_KEYS, *SUBJECT_KEYS)]
        if len(likely) != 1:
            raise IsomorphError(
                f"{file}: holds {len(known)} arrays ({_some(known)}); say which with `variable`"
            )
        return likely
    asked = path.strip("/")
    depth = asked.count("/")
    found = [one for one in known if one == asked or (
        "*" in asked and one.count("/") == depth and fnmatch.fnmatchcase(one, asked))]  # fmt: skip
    if found:
        return sorted(found, key=by_number)
    inside = [one for one in known if one.startswith(f"{asked}/")]
    if inside:
        raise IsomorphError(
            f'{file}: "{path}" is a group of {len(inside)} arrays ({_some(inside)}); name one, or '
            f'all of them with "{asked}/*"'
        )
    near = did_you_mean(asked, known)
    if not near.startswith("did"):
        near = f"known: {_some(known)}" if known else "it holds none"
    raise IsomorphError(f'{file}: holds no array "{path}", {near}')


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def _dataset(
    opened: h5py.File, file: Path, name: str, *, matlab: bool, packed: bool
) -> StoredArray:
    one = opened[name]
    where = f"{file}: {name}"
    if one.shape is None or "MATLAB_empty" in one.attrs:
        return _held(np.zeros((0,)), file, name)
    if matlab and _is_text(one):
        return _held(np.array(_text(one)), file, name)
    if h5py.check_ref_dtype(one.dtype):
        afford_dataset(one, where)
        return _held(_pointed_at(opened, one, matlab), file, name)
    if h5py.check_string_dtype(one.dtype):
        afford_dataset(one, where)
        return _held(np.asarray(one.asstr()[()]), file, name)
    decode = unpacked(one.attrs, one.dtype) if packed else Unpacked(one.dtype)
    turned = -1 if matlab else 1

    def part(slices: Part) -> Array:
        with reading(where, "an array"):
            values = np.asarray(one[slices[::turned]])
        return decode(values.T if matlab else values)

    blocks = one.chunks[::turned] if one.chunks else None
    return StoredArray(where, name, one.shape[::turned], decode.dtype, blocks, part)


def _pointed_at(opened: h5py.File, one: h5py.Dataset, matlab: bool) -> Array:
    """Return what the cells of a MATLAB cell array, or a field of its structs, hold.

    Texts, or arrays of one shape, of which each is a part of the result: (*cells, *array).
    """
    cells = one[()].T if matlab else one[()]
    held = []
    for reference in cells.ravel():
        target = opened[reference]
        text = _is_text(target)
        values = np.array(_text(target)) if text else np.asarray(target[()])
        held.append(np.squeeze(values.T if matlab and not text else values))
    shapes = sorted({value.shape for value in held})
    if len(shapes) > 1:
        raise ValueError(f"its cells hold arrays of shapes {shapes[0]} and {shapes[-1]}")
    return np.stack(held).reshape(*cells.shape, *shapes[0]) if held else np.zeros(0)


def _is_text(one: h5py.Dataset) -> bool:
    """Tell whether a data set is what MATLAB calls text: the codes of its letters."""
    return one.attrs.get("MATLAB_class", "") in (b"char", "char")


def _text(one: h5py.Dataset) -> str:
    return "" if "MATLAB_empty" in one.attrs else "".join(map(chr, np.ravel(one[()].T, "F")))


@contextmanager
def _mat(file: Path, variable: str | None) -> Iterator[Arrays]:
    if h5py.is_hdf5(file):
        with _hdf5(file, variable) as found:
            yield found
        return
    first, *fields = (variable or "").replace("/", ".").split(".")
    found = read_mat(file, [first] if first else None)
    name = first or _chosen(list(found), None, file)[0]
    value = found[name]
    for field in fields:
        known = value.dtype.names or ()
        if field not in known:
            raise IsomorphError(
                f'{file}: {name} has no field "{field}", {did_you_mean(field, known)}'
            )
        value, name = _field(value[field], f"{file}: {name}.{field}"), f"{name}.{field}"
    yield {name: _held(_plain(value), file, name)}


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
    yield {"array": _held(map_npy(file), file, "array")}


@contextmanager
def _npz(file: Path, variable: str | None) -> Iterator[Arrays]:
    found = read_npz(file, lambda names: _chosen(names, variable, file))
    yield {name: _held(value, file, name) for name, value in found.items()}


@contextmanager
def _netcdf(file: Path, variable: str | None) -> Iterator[Arrays]:
    if h5py.is_hdf5(file):
        with _hdf5(file, variable) as found:
            yield found
        return
    from scipy.io import netcdf_file

    with reading(file, "a netCDF file"):
        size = file.stat().st_size
    afford(file, "a netCDF file of version 3", size)
    with reading(file, "a netCDF file"), netcdf_file(file, "r", mmap=False) as opened:
        held = {
            name: (np.asarray(one.data), dict(one._attributes))
            for name, one in opened.variables.items()
            if one.dimensions != (name,)
        }
    names = _chosen(list(held), variable, file)
    kept = {}
    for name in names:
        values, attributes = held[name]
        plain = values.astype(values.dtype.newbyteorder("="))
        with reading(f"{file}: {name}", "an array"):
            kept[name] = _held(unpacked(attributes, plain.dtype)(plain), file, name)
    yield kept


def _held(values: Array, file: Path, name: str) -> StoredArray:
    """Return an array that is in memory, or mapped into it."""

    def part(slices: Part) -> Array:
        with reading(f"{file}: {name}", "an array"):
            return np.asarray(values[slices])

    return StoredArray(f"{file}: {name}", name, values.shape, values.dtype, None, part)


FORMATS: Mapping[str, Callable[[Path, str | None], AbstractContextManager[Arrays]]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".mat": _mat,
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), _hdf5),
    ".nc": _netcdf,
}
"""Openers by the ending of a file's name."""

READ_IN_PARTS = frozenset(FORMATS) - {".npz", ".mat"}
"""Endings of files of which only what is asked for is read; of MATLAB's it depends on the version,
and netCDF of version 3 is rare."""
