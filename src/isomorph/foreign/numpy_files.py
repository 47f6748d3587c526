"""NumPy's own files, `.npy` and `.npz`: sizes are checked before values, nothing is unpickled."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from isomorph.errors import IsomorphError
from isomorph.foreign.budget import afford
from isomorph.foreign.guard import reading

Array = np.ndarray[Any, np.dtype[Any]]


def read_npy(file: Path) -> Array:
    """Read the array of an `.npy` file.

    Raises
    ------
    IsomorphError
        When it is not such a file, is cut short, holds Python objects, or takes too much memory.
    """
    what = "an .npy array"
    with reading(file, what), open(file, "rb") as stream:
        return _read(stream, file, file.stat().st_size)


def map_npy(file: Path) -> Array:
    """Map the array of an `.npy` file into memory, of which only what is used is read.

    Raises
    ------
    IsomorphError
        When it is not such a file, is cut short or holds Python objects.
    """
    with reading(file, "an .npy array"), open(file, "rb") as stream:
        shape, dtype, wanted = _header(stream, file)
        _refuse_cut_short(file, wanted, file.stat().st_size)
        return npy.open_memmap(file, mode="r") if wanted else np.zeros(shape, dtype)


def npz_names(file: Path) -> list[str]:
    """Return the names of the arrays of an `.npz` file.

    Raises
    ------
    IsomorphError
        When it is not such a file.
    """
    with reading(file, "an .npz file of plain arrays"), zipfile.ZipFile(file) as members:
        return [name.removesuffix(".npy") for name in members.namelist() if name.endswith(".npy")]


def read_npz(
    file: Path, choose: Callable[[list[str]], Collection[str]] | None = None
) -> dict[str, Array]:
    """Read arrays of an `.npz` file.

    Parameters
    ----------
    file : Path
    choose : callable, optional
        Given the names of all arrays, returns those to read; all unless given.

    Raises
    ------
    IsomorphError
        When it is not such a file, a member is damaged or no plain array, or all together take too
        much memory.
    """
    with reading(file, "an .npz file of plain arrays"), zipfile.ZipFile(file) as members:
        infos = [one for one in members.infolist() if one.filename.endswith(".npy")]
        names = [one.filename.removesuffix(".npy") for one in infos]
        chosen = set(names if choose is None else choose(names))
        infos = [one for one, name in zip(infos, names, strict=True) if name in chosen]
        afford(file, f"{len(infos)} arrays", sum(one.file_size for one in infos))
        found = {}
        for one in infos:
            with members.open(one) as stream:
                where = f"{file}: {one.filename.removesuffix('.npy')}"
                found[one.filename.removesuffix(".npy")] = _read(stream, where, one.file_size)
        return found


def _read(stream: IO[bytes], where: Path | str, size: int) -> Array:
    """Read an array from a stream of so many bytes."""
    shape, dtype, wanted = _header(stream, where)
    afford(where, f"an array of shape {shape} and type {dtype}", wanted)
    _refuse_cut_short(where, wanted, size)
    stream.seek(0)
    found: Array = npy.read_array(stream, allow_pickle=False)
    return found


def _header(stream: IO[bytes], where: Path | str) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return shape, type and bytes of the array that a stream begins with."""
    version = npy.read_magic(stream)
    header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = header(stream)
    if dtype.hasobject:
        raise IsomorphError(
            f"{where}: holds Python objects, and reading those would run code; save plain numbers "
            "or text"
        )
    if any(one < 0 for one in shape):
        raise IsomorphError(f"{where}: has the shape {shape}, which no array has")
    return shape, dtype, math.prod(shape) * dtype.itemsize


def _refuse_cut_short(where: Path | str, wanted: int, size: int) -> None:
    if wanted > size:
        raise IsomorphError(
            f"{where}: is cut short, it announces {wanted:,} bytes of values and has {size:,}"
        )
