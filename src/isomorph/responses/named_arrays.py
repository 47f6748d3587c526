"""Named arrays in `.mat`, `.npz`, `.npy`, HDF5, netCDF and safetensors files, and RDMs in tables.

Those of HDF5 files, MATLAB's of version 7.3 among them, and of safetensors files are read when they
are asked for; files of the other kinds are read whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import read_table, reading
from isomorph.foreign.array_files import flat_mat, read_array
from isomorph.foreign.classic_netcdf import read_classic
from isomorph.foreign.hdf5 import open_hdf5
from isomorph.foreign.hdf5_arrays import dims_of, is_text, shape_of
from isomorph.foreign.matlab import read_mat
from isomorph.foreign.numpy_files import read_npy, read_npz
from isomorph.foreign.safetensors_files import read_tensor, tensor_shapes
from isomorph.registry import Registry
from isomorph.responses.array_values import cell_text

Array = npt.NDArray

Shape = tuple[int, ...]

NUMBERS = "biufc"
"""Kinds of types that are numbers."""


@dataclass(frozen=True)
class Variable:
    """One array of a file, which need not have been read.

    Attributes
    ----------
    load : callable
        Reads it, or returns it where the file was read whole.
    shape : tuple of int
    is_numbers : bool or None
        Whether it holds numbers, and not the values of an axis; None where its values alone tell.
    dims : tuple of str
        What the file calls its axes, '' or nothing where it does not.
    """

    load: Callable[[], Array]
    shape: Shape
    is_numbers: bool | None
    dims: tuple[str, ...] = ()


class Variables(Mapping[str, Array]):
    """The arrays of a file by name, each read when it is asked for where the format allows.

    Parameters
    ----------
    held : mapping of str to Variable
    measure : str, optional
        The distance the file itself says its RDMs hold.
    """

    def __init__(self, held: Mapping[str, Variable], measure: str = "") -> None:
        self._held = dict(held)
        self.shapes = {name: one.shape for name, one in held.items()}
        self.sizes = {name: math.prod(one.shape) for name, one in held.items()}
        self.dims = {name: one.dims for name, one in held.items()}
        self.measure = measure

    def __getitem__(self, name: str) -> Array:
        return self._held[name].load()

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def of_numbers(self) -> dict[str, Shape]:
        """Return the shapes of those that hold numbers and are not the values of an axis.

        Raises
        ------
        IsomorphError
            When one is damaged that must be read to know.
        """
        found = {}
        for name, one in self._held.items():
            if one.is_numbers is None:
                values = one.load()
                if values.dtype.kind in NUMBERS:
                    found[name] = values.shape
            elif one.is_numbers:
                found[name] = one.shape
        return found


def _read_mat(file: Path) -> Variables:
    if h5py.is_hdf5(file):  # version 7.3
        return _read_hdf5(file, matlab=True)
    return _known(read_mat(file))


def _fields_of_mat(file: Path) -> Variables:
    """Return the arrays of a MATLAB file, the fields of a struct as `struct.field`."""
    with reading(file, "a MATLAB file"):
        is_hdf5 = h5py.is_hdf5(file)
    return _read_hdf5(file, matlab=True, fields=True) if is_hdf5 else _known(flat_mat(file))


def _read_npz(file: Path) -> Variables:
    return _known(read_npz(file))


def _read_npy(file: Path) -> Variables:
    return _known({"array": read_npy(file)})


def _known(
    arrays: Mapping[str, Any], dims: Mapping[str, tuple[str, ...]] | None = None
) -> Variables:
    held = {}
    for name, array in arrays.items():
        one, axes = np.asarray(array), (dims or {}).get(name, ())
        is_numbers = one.dtype.kind in NUMBERS and axes != (name,)
        held[name] = Variable(partial(np.asarray, one), one.shape, is_numbers, axes)
    return Variables(held)


def _read_hdf5(file: Path, *, matlab: bool = False, fields: bool = False) -> Variables:
    held: dict[str, Variable] = {}
    with open_hdf5(file) as opened, reading(file, "an HDF5 file"):
        measure = cell_text(opened.attrs.get("dissimilarity_measure", ""))

        def note(name: str, one: h5py.Dataset | h5py.Group) -> None:
            if name.startswith("#") or (matlab and "/" in name and not fields):
                return
            if isinstance(one, h5py.Dataset):
                name = name.replace("/", ".") if matlab else name
                is_numbers = one.dtype.kind in NUMBERS and not one.is_scale and not is_text(one)
                held[name] = Variable(
                    partial(read_array, file, name),
                    shape_of(one, matlab=matlab),
                    # cells of MATLAB are references to what they hold
                    None if matlab and h5py.check_ref_dtype(one.dtype) else is_numbers,
                    dims_of(one)[:: -1 if matlab else 1],
                )
            elif matlab and not fields:
                held[name] = Variable(partial(_refuse_struct, file, name), (0,), is_numbers=False)

        opened.visititems(note)
    return Variables(held, measure)


def _read_netcdf(file: Path) -> Variables:
    with reading(file, "a netCDF file"):
        is_hdf5 = h5py.is_hdf5(file)
    if is_hdf5:
        return _read_hdf5(file)
    return _known(*read_classic(file))


def _read_safetensors(file: Path) -> Variables:
    shapes = tensor_shapes(file)
    return Variables({
        name: Variable(partial(read_tensor, file, name), shape, is_numbers=True)
        for name, shape in shapes.items()
    })  # fmt: skip


def _read_csv(file: Path) -> Variables:
    """Return a square table as an RDM, and the names in its header as its stimuli.

    A first column that holds no numbers names the rows, which must be called as the columns are.
    """
    table = read_table(file)
    columns = [str(name) for name in table]
    rows = table[columns[0]].tolist()
    if rows == columns[1:]:
        table, columns = table[columns[1:]], columns[1:]
    if len(table) != len(columns):
        raise IsomorphError(
            f"{file}: has {len(table)} rows and {len(columns)} columns of values, expected a "
            "square RDM with the names of the stimuli in its header, and before its rows or not"
        )
    try:
        values = table.to_numpy(dtype=float)
    except ValueError as error:
        raise IsomorphError(f"{file}: holds a cell that is no number, {error}") from None
    return _known({"rdm": values, "stimuli": np.array(columns, dtype=np.str_)})


def _refuse_struct(file: Path, name: str) -> NoReturn:
    raise IsomorphError(
        f"{file}: {name}: is a struct in a MATLAB 7.3 file, of which only arrays of numbers are "
        'read; save it with "-v7"'
    )


def _refuse_pickle(file: Path) -> NoReturn:
    raise IsomorphError(
        f"{file}: is a pickle, which can run code and is never opened; save RDMs of rsatoolbox "
        f'with rdms.save("{file.stem}.hdf5", file_type="hdf5")'
    )


FORMATS: Registry[Callable[[Path], Variables]] = Registry(
    "kind of array file",
    {
        ".mat": _read_mat,
        ".npz": _read_npz,
        ".npy": _read_npy,
        **dict.fromkeys((".h5", ".hdf5", ".hdf"), _read_hdf5),
        ".nc": _read_netcdf,
        ".safetensors": _read_safetensors,
        **dict.fromkeys((".csv", ".tsv"), _read_csv),
        **dict.fromkeys((".pkl", ".pickle"), _refuse_pickle),
    },
)
"""Readers by the ending of a file's name."""


def read_variables(file: Path, *, fields: bool = False) -> Variables:
    """Return every array of a file by name; an `.npy` file has one, called "array".

    Those of an HDF5 file are named by their paths in it; those of a MATLAB file have their axes as
    in MATLAB, whichever its version.

    Parameters
    ----------
    file : Path
    fields : bool, optional
        Whether the fields of a MATLAB struct are arrays as well, `struct.field`, in its place.

    Raises
    ------
    IsomorphError
        When the file is none of the known kinds, or is damaged; asking for an array says what is
        wrong with it alone.
    """
    suffix = file.suffix.lower()
    if suffix not in FORMATS:
        readable = [one for one in FORMATS if FORMATS[one] is not _refuse_pickle]
        raise IsomorphError(
            f"{file}: holds no arrays isomorph can read, {did_you_mean(suffix, readable)}"
        )
    return _fields_of_mat(file) if fields and suffix == ".mat" else FORMATS[suffix](file)
