"""The arrays of a file of features with their shapes, each read when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from isomorph.foreign import reading
from isomorph.foreign.hdf5 import open_hdf5
from isomorph.registry import Registry
from isomorph.responses.named_arrays import Variables, read_variables

if TYPE_CHECKING:
    import xarray as xr

Shape = tuple[int, ...]
NUMBERS = "biufc"
"""Kinds of types that are numbers."""


class Arrays(Variables):
    """The arrays of a file by name.

    Parameters
    ----------
    loaders, sizes
        See `isomorph.responses.named_arrays.Variables`.
    shapes : mapping of str to tuple of int
        Of those that hold numbers.
    """

    def __init__(
        self,
        loaders: Mapping[str, Callable[[], NDArray[Any]]],
        sizes: Mapping[str, int],
        shapes: Mapping[str, Shape],
    ) -> None:
        super().__init__(loaders, sizes)
        self.shapes = dict(shapes)


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
    return FORMATS[suffix](file) if suffix in FORMATS else _whole(file)


def _whole(file: Path) -> Arrays:
    variables = read_variables(file)
    found = {name: variables[name] for name in variables}
    shapes = {name: one.shape for name, one in found.items() if one.dtype.kind in NUMBERS}
    return Arrays({name: partial(variables.__getitem__, name) for name in variables},
                  variables.sizes, shapes)  # fmt: skip


def _hdf5(file: Path) -> Arrays:
    variables = read_variables(file)
    shapes: dict[str, Shape] = {}
    with open_hdf5(file) as opened, reading(file, "an HDF5 file"):
        for name in variables:
            one = opened[name]
            if isinstance(one, h5py.Dataset) and one.dtype.kind in NUMBERS and not one.is_scale:
                shapes[name] = one.shape or ()
    return Arrays({name: partial(variables.__getitem__, name) for name in variables},
                  variables.sizes, shapes)  # fmt: skip


def _netcdf(file: Path) -> Arrays:
    """Return the variables and coordinates of every group of a netCDF file."""
    import xarray as xr

    loaders: dict[str, Callable[[], NDArray[Any]]] = {}
    sizes: dict[str, int] = {}
    shapes: dict[str, Shape] = {}
    with reading(file, "a netCDF file"):
        groups: list[str | None] = [None]
        if h5py.is_hdf5(file):
            with xr.open_datatree(file, engine="h5netcdf") as tree:
                groups = [node.path.strip("/") or None for node in tree.subtree]
        for group in groups:
            with _opened(file, group) as data:
                for key, one in data.variables.items():
                    name = "/".join(filter(None, [group, str(key)]))
                    loaders[name] = partial(_variable, file, group, key)
                    sizes[name] = one.size
                    if one.dtype.kind in NUMBERS and key not in data.dims:
                        shapes[name] = one.shape
    return Arrays(loaders, sizes, shapes)


def _opened(file: Path, group: str | None) -> xr.Dataset:
    import xarray as xr

    if not h5py.is_hdf5(file):  # the classic format, which has no groups
        return xr.open_dataset(file, engine="scipy")
    return xr.open_dataset(file, engine="h5netcdf", group=group)


def _variable(file: Path, group: str | None, key: Any) -> NDArray[Any]:
    with reading(f"{file}: {key}", "an array"), _opened(file, group) as data:
        return np.asarray(data.variables[key].values)


def _safetensors(file: Path) -> Arrays:
    """Return the tensors of a file, those in half precision as single."""
    from safetensors import safe_open

    shapes: dict[str, Shape] = {}
    with reading(file, "a safetensors file"), safe_open(file, framework="pt") as opened:
        for name in opened.keys():  # noqa: SIM118 - it is no mapping
            shapes[name] = tuple(opened.get_slice(name).get_shape())
    loaders = {name: partial(_tensor, file, name) for name in shapes}
    return Arrays(loaders, {name: int(np.prod(one)) for name, one in shapes.items()}, shapes)


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
        ".nc": _netcdf,
        ".safetensors": _safetensors,
    },
)
"""Readers by the ending of a file's name, where it is not read whole."""
