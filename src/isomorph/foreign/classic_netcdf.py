"""Arrays of netCDF files of version 3, which are read whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from isomorph.foreign.budget import afford
from isomorph.foreign.guard import reading
from isomorph.foreign.packed_values import joined, unpacked

Array = np.ndarray[Any, np.dtype[Any]]


def read_classic(file: Path) -> tuple[dict[str, Array], dict[str, tuple[str, ...]]]:
    """Read the arrays of a netCDF file of version 3.

    Returns
    -------
    arrays : dict of str to ndarray
        By name, unpacked; rows of letters are texts.
    dims : dict of str to tuple of str
        What the axes of each are called; one that is called as its first axis holds the values of
        that axis.

    Raises
    ------
    IsomorphError
        When the file is damaged, or takes too much memory.
    """
    from scipy.io import netcdf_file

    with reading(file, "a netCDF file"):
        size = file.stat().st_size
    afford(file, "a netCDF file of version 3", size)
    with reading(file, "a netCDF file"), netcdf_file(file, "r", mmap=False) as opened:
        held = {
            name: (np.asarray(one.data), dict(one._attributes), one.dimensions)
            for name, one in opened.variables.items()
        }
    arrays = {}
    for name, (values, attributes, _) in held.items():
        with reading(f"{file}: {name}", "an array"):
            plain = joined(values.astype(values.dtype.newbyteorder("=")))
            arrays[name] = unpacked(attributes, plain.dtype)(plain)
    return arrays, {name: tuple(axes) for name, (*_, axes) in held.items()}
