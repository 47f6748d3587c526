"""Arrays of HDF5 files, MATLAB's of version 7.3 and netCDF's of version 4 among them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from isomorph.foreign.guard import reading
from isomorph.foreign.hdf5 import afford_dataset, open_hdf5
from isomorph.foreign.packed_values import Unpacked, joined, unpacked
from isomorph.foreign.stored_array import Array, Arrays, Part, StoredArray, as_stored, meant


@contextmanager
def in_hdf5(file: Path, variable: str | None) -> Iterator[Arrays]:
    """Open an HDF5 file and find arrays in it, see `isomorph.foreign.array_files.open_arrays`."""
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
    return meant(paths_in(opened, file), path, file)


def paths_in(opened: h5py.File, file: Path, *, of_axes: bool = False) -> list[str]:
    """Return the paths of all data sets, those that hold the values of an axis only if asked."""
    known: list[str] = []

    def note(name: str, one: Any) -> None:
        if (
            isinstance(one, h5py.Dataset)
            and not name.startswith("#")
            and (of_axes or not one.is_scale)
        ):
            known.append(name)

    with reading(file, "an HDF5 file"):
        opened.visititems(note)
    return known


def _dataset(
    opened: h5py.File, file: Path, name: str, *, matlab: bool, packed: bool
) -> StoredArray:
    one = opened[name]
    where = f"{file}: {name}"
    if is_empty(one):
        return as_stored(np.zeros((0,)), file, name)
    if matlab and is_text(one):
        afford_dataset(one, where)
        return as_stored(_texts(one), file, name)
    if h5py.check_ref_dtype(one.dtype):
        afford_dataset(one, where)
        return as_stored(_pointed_at(opened, one, matlab), file, name)
    if h5py.check_string_dtype(one.dtype):
        afford_dataset(one, where)
        if one.dtype == "S1":
            return as_stored(np.char.decode(joined(one[()]), "utf-8"), file, name)
        return as_stored(np.asarray(one.asstr()[()]), file, name)
    decode = unpacked(one.attrs, one.dtype) if packed else Unpacked(one.dtype)
    turned = -1 if matlab else 1

    def part(slices: Part) -> Array:
        with reading(where, "an array"):
            values = np.asarray(one[slices[::turned]])
        return decode(values.T if matlab else values)

    blocks = one.chunks[::turned] if one.chunks else None
    return StoredArray(
        where, name, one.shape[::turned], decode.dtype, blocks, part, dims_of(one)[::turned]
    )


def _pointed_at(opened: h5py.File, one: h5py.Dataset, matlab: bool) -> Array:
    """Return what the cells of a MATLAB cell array, or a field of its structs, hold.

    Cells of a text or a number each are texts; arrays of one shape are stacked, (*cells, *array).
    """
    cells = one[()].T if matlab else one[()]
    targets = [opened[reference] for reference in cells.ravel()]
    held: list[Any] = [
        _text(target) if is_text(target) else np.squeeze(np.asarray(target[()]).T)
        for target in targets
    ]
    shapes = sorted({np.shape(value) for value in held})
    if len(shapes) > 1 and any(isinstance(value, str) for value in held):
        held = [value if np.ndim(value) == 0 else "" for value in held]
    elif len(shapes) > 1:
        raise ValueError(f"its cells hold arrays of shapes {shapes[0]} and {shapes[-1]}")
    if any(isinstance(value, str) for value in held) or (_class(one) == "cell" and shapes == [()]):
        held = [value if isinstance(value, str) else f"{value:.15g}" for value in held]
        return np.array(held, dtype=np.str_).reshape(cells.shape)
    return np.stack(held).reshape(*cells.shape, *shapes[0]) if held else np.zeros(0)


def _class(one: h5py.Dataset) -> str:
    """Return what MATLAB calls the kind of a data set, '' where it does not say."""
    said = one.attrs.get("MATLAB_class", "")
    return said.decode() if isinstance(said, bytes) else str(said)


def is_empty(one: h5py.Dataset) -> bool:
    """Tell whether a data set holds nothing; one that MATLAB calls empty holds its shape alone."""
    return one.shape is None or "MATLAB_empty" in one.attrs


def is_text(one: h5py.Dataset) -> bool:
    """Tell whether a data set is what MATLAB calls text: the codes of its letters."""
    return _class(one) == "char"


def _texts(one: h5py.Dataset) -> Array:
    """Return the text of each row of a matrix of letters, or the one text there is."""
    if one.ndim != 2 or one.shape[1] < 2:
        return np.array(_text(one))
    return np.array(["".join(map(chr, row)).rstrip() for row in one[()].T])


def dims_of(one: h5py.Dataset) -> tuple[str, ...]:
    """Return what a data set calls each of its axes, '' where it does not."""
    return tuple(
        str(axis.label or (axis[0].name.rpartition("/")[2] if len(axis) else ""))
        for axis in one.dims
    )


def shape_of(one: h5py.Dataset, *, matlab: bool = False) -> tuple[int, ...]:
    """Return the shape that a data set has when it is read: letters are joined to texts."""
    if is_empty(one):
        return (0,)
    if matlab and is_text(one):
        return (one.shape[1],) if one.ndim == 2 and one.shape[1] > 1 else ()
    if one.dtype == "S1" and one.ndim > 1:
        return tuple(one.shape[:-1])
    return tuple(one.shape[::-1] if matlab else one.shape)


def _text(one: h5py.Dataset) -> str:
    return "" if is_empty(one) else "".join(map(chr, np.ravel(one[()].T, "F")))
