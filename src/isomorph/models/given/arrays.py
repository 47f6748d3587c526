"""The arrays of a file of features with their shapes, each read when it is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import reading
from isomorph.foreign.array_files import flat_mat, read_array
from isomorph.foreign.classic_netcdf import read_classic
from isomorph.foreign.hdf5 import open_hdf5
from isomorph.foreign.hdf5_arrays import dims_of, is_text, length_of
from isomorph.registry import Registry
from isomorph.responses.named_arrays import Variables, read_variables

Shape = tuple[int, ...]
Loaders = Mapping[str, Callable[[], NDArray[Any]]]
WHOLE = (".npy", ".npz")
"""Endings of files that are read whole."""
NUMBERS = "biufc"
"""Kinds of types that are numbers."""


class Arrays(Variables):
    """The arrays of a file by name.

    Parameters
    ----------
    loaders, sizes
        See `isomorph.responses.named_arrays.Variables`.
    shapes : mapping of str to tuple of int
        Of those that hold numbers and are not the values of an axis.
    dims : mapping of str to tuple of str, optional
        What the file calls the axes of each, where it does.
    """

    def __init__(
        self,
        loaders: Loaders,
        sizes: Mapping[str, int],
        shapes: Mapping[str, Shape],
        dims: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(loaders, sizes)
        self.shapes, self.dims = dict(shapes), dict(dims or {})


def read_arrays(file: Path) -> Arrays:
    """Return the arrays of a file.

    Those of HDF5, netCDF and safetensors files are read when they are asked for; files of other
    kinds are read whole.

    Raises
    ------
    IsomorphError
        When the file is of no known kind, or damaged.
    """
    suffix = file.suffix.lower()
    if suffix not in (*FORMATS, *WHOLE):
        known = did_you_mean(suffix, (*FORMATS, *WHOLE))
        raise IsomorphError(f"{file}: is of no kind that features are read from, {known}")
    return FORMATS[suffix](file) if suffix in FORMATS else _whole(file)


def _whole(file: Path) -> Arrays:
    variables = read_variables(file)
    return _held({name: variables[name] for name in variables})


def _held(
    found: Mapping[str, NDArray[Any]], dims: Mapping[str, tuple[str, ...]] | None = None
) -> Arrays:
    of_axes = {name for name, axes in (dims or {}).items() if axes == (name,)}
    return Arrays(
        {name: partial(np.asarray, one) for name, one in found.items()},
        {name: one.size for name, one in found.items()},
        {
            name: one.shape
            for name, one in found.items()
            if one.dtype.kind in NUMBERS and name not in of_axes
        },
        dims,
    )


def _mat(file: Path) -> Arrays:
    """Return the arrays of a MATLAB file, the fields of a struct as `struct.field`."""
    with reading(file, "a MATLAB file"):
        is_hdf5 = h5py.is_hdf5(file)
    return _hdf5(file, matlab=True) if is_hdf5 else _held(flat_mat(file))


def _hdf5(file: Path, *, matlab: bool = False) -> Arrays:
    sizes: dict[str, int] = {}
    shapes: dict[str, Shape] = {}
    dims: dict[str, tuple[str, ...]] = {}

    def note(name: str, one: Any) -> None:
        if isinstance(one, h5py.Dataset) and not name.startswith("#") and one.shape is not None:
            name = name.replace("/", ".") if matlab else name
            sizes[name] = length_of(one, matlab=matlab)
            text = matlab and is_text(one)
            if one.dtype.kind in NUMBERS and not one.is_scale and not text:
                shapes[name] = one.shape[::-1] if matlab else one.shape
                dims[name] = dims_of(one)

    with open_hdf5(file) as opened, reading(file, "an HDF5 file"):
        opened.visititems(note)
    return Arrays({name: partial(read_array, file, name) for name in sizes}, sizes, shapes, dims)


def _netcdf(file: Path) -> Arrays:
    with reading(file, "a netCDF file"):
        is_hdf5 = h5py.is_hdf5(file)
    if is_hdf5:
        return _hdf5(file)
    return _held(*read_classic(file))


def _safetensors(file: Path) -> Arrays:
    """Return the tensors of a file, those in half precision as single."""
    from safetensors import safe_open

    shapes: dict[str, Shape] = {}
    with reading(file, "a safetensors file"), safe_open(file, framework="pt") as opened:
        for name in opened.keys():  # noqa: SIM118 - it is no mapping
            shapes[name] = tuple(opened.get_slice(name).get_shape())
    loaders = {name: partial(_tensor, file, name) for name in shapes}
    return Arrays(loaders, {name: math.prod(one) for name, one in shapes.items()}, shapes)


def _tensor(file: Path, name: str) -> NDArray[Any]:
    import torch
    from safetensors import safe_open

    with reading(f"{file}: {name}", "a tensor"), safe_open(file, framework="pt") as opened:
        found = opened.get_tensor(name)
        narrow = found.dtype in (torch.bfloat16, torch.float16)
        values: NDArray[Any] = (found.float() if narrow else found).numpy()
        return values


FORMATS: Registry[Callable[[Path], Arrays]] = Registry(
    "kind of features file",
    {
        **dict.fromkeys((".h5", ".hdf5", ".hdf"), _hdf5),
        ".mat": _mat,
        ".nc": _netcdf,
        ".safetensors": _safetensors,
    },
)
"""Readers by the ending of a file's name, where it is not read whole."""
