"""Variables larger than memory, written into a netCDF file piece by piece."""

from __future__ import annotations

import math
import shutil
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isomorph.artefacts.contents import Digest
from isomorph.artefacts.provenance import Provenance
from isomorph.catalogue import ArraySchema
from isomorph.errors import IsomorphError
from isomorph.foreign import in_words

SPARE = 2**20
"""Bytes that the file's own tables need beside the numbers."""


@dataclass(frozen=True)
class Streamed:
    """A variable that comes in pieces along its first dimension, one step or several each.

    Attributes
    ----------
    dims : tuple of str
        Those of the dataset it belongs to.
    dtype : dtype
    pieces : iterable of ndarray
        Consumed once.
    several : bool
        Whether each piece is several steps, with the first dimension.
    """

    dims: tuple[str, ...]
    dtype: np.dtype
    pieces: Iterable[NDArray]
    several: bool = False


def without_variables(schema: ArraySchema, names: Container[str]) -> ArraySchema:
    """Return a schema that does not speak of some variables."""
    return replace(schema, holds=tuple(one for one in schema.holds if one.name not in names))


def append(
    file: Path,
    streamed: Mapping[str, Streamed],
    schema: ArraySchema,
    where: str,
    stamp: Provenance,
) -> None:
    """Append variables to a netCDF file that has their dimensions, and then its provenance.

    Room is asked for before: HDF5 itself can crash where a disk refuses to be written.

    Parameters
    ----------
    file : Path
        Written by `to_netcdf`.
    streamed : mapping of str to Streamed
    schema : ArraySchema
        What the file must hold.
    where : str
        What to name in errors: the file as it will be called.
    stamp : Provenance
        With the hashes of what the file already holds.

    Raises
    ------
    IsomorphError
        When the disk has no room, or a variable is not what the schema promises.
    """
    import h5netcdf  # type: ignore[import-untyped]

    contents = dict(stamp.contents)
    known = {one.name: one.dims for one in schema.holds}
    with h5netcdf.File(file, "r+") as data:
        for name, variable in streamed.items():
            if variable.dims != known.get(name):
                raise IsomorphError(f'{where}: "{name}" is ({", ".join(variable.dims)})')
            sizes = [data.dimensions[dim].size for dim in variable.dims]
            needed = math.prod(sizes) * variable.dtype.itemsize + SPARE
            free = shutil.disk_usage(file.parent).free
            if needed > free:
                raise IsomorphError(
                    f"{where}: cannot be written, it needs {in_words(needed)} and "
                    f"{in_words(free)} are free; free some space and run again"
                )
            written = data.create_variable(name, variable.dims, variable.dtype, fletcher32=True)
            digest, count = Digest(variable.dims, sizes, variable.dtype), 0
            for piece in variable.pieces:
                steps = piece if variable.several else piece[None]
                if name in schema.finite and not np.isfinite(piece).all():
                    raise IsomorphError(f'{where}: "{name}" holds values that are not finite')
                kept = steps.astype(variable.dtype, copy=False)
                written[count : count + len(kept)] = kept
                digest.update(kept)
                count += len(kept)
            if count != sizes[0]:
                raise IsomorphError(f'{where}: "{name}" came in {count} steps, not {sizes[0]}')
            contents[name] = digest.hexdigest()
        data.attrs["provenance"] = stamp.holding(contents).to_json()
