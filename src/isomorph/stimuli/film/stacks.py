"""Stacks of frames: arrays in NumPy's files, HDF5 and NWB, and TIFF files of several pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from PIL import Image

from isomorph.archives.patterns import nearest
from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.budget import afford
from isomorph.foreign.hdf5 import open_hdf5
from isomorph.foreign.hdf5_arrays import paths_in
from isomorph.foreign.numpy_files import map_npy, npz_names, read_npz
from isomorph.foreign.nwb import part
from isomorph.foreign.stored_array import meant
from isomorph.stimuli.film.films import Film
from isomorph.stimuli.frames import CHANNELS, expand
from isomorph.stimuli.looks import Look, measured, read_pixels
from isomorph.stimuli.pixels import PER_PIXEL, as_rgb
from isomorph.stimuli.stimulus import Pixels

Array = npt.NDArray
Opened = Callable[[], AbstractContextManager[Any]]

NO_NAMES = "a file of one array, which has no name"


def npy_films(file: Path, variable: str | None, transposed: bool) -> list[Film]:
    """Return the film of an `.npy` file, of which only the frames asked for leave the disk."""
    if variable is not None:
        raise IsomorphError(f'{file}: stimuli.variable: names "{variable}" in {NO_NAMES}; drop it')
    return [_stack(partial(_held, map_npy(file)), str(file), file.stem, transposed)]


def npz_films(file: Path, variable: str | None, transposed: bool) -> list[Film]:
    """Return the films of an `.npz` file, which are read whole."""

    def choose(names: list[str]) -> list[str]:
        return meant(names, variable, file)

    found = read_npz(file, choose)
    alone = variable is None and len(npz_names(file)) == 1
    return [
        _stack(partial(_held, values), f"{file}: {name}", file.stem if alone else name, transposed)
        for name, values in found.items()
    ]


def hdf5_films(file: Path, variable: str | None, transposed: bool) -> list[Film]:
    """Return the films of an HDF5 or NWB file: datasets of frames, or series that hold one."""
    with open_hdf5(file) as opened:
        if variable is None:
            paths = [one for one in paths_in(opened, file) if opened[one].ndim in (3, 4)]
            if len(paths) != 1:
                said = f"{len(paths)} arrays of frames, {', '.join(paths[:3])}" if paths else "none"
                raise IsomorphError(f"{file}: holds {said}; name the frames in stimuli.variable")
        else:
            paths = expand(opened, variable.strip("/").split("/"))
            if not paths:
                raise IsomorphError(
                    f'{file}: holds nothing at "{variable}", which stimuli.variable names; '
                    f"{nearest(variable, paths_in(opened, file))}"
                )
        found = []
        for path in paths:
            place, times = _series(opened[path], path, f"{file}: {path}")
            name = file.stem if variable is None else path.removesuffix("/data").rsplit("/", 1)[-1]
            film = _stack(partial(_dataset, file, place), f"{file}: {place}", name, transposed)
            found.append(_with_times(film, times))
    return found


def tiff_films(file: Path, variable: str | None, transposed: bool) -> list[Film]:
    """Return the film whose frames are the pages of a TIFF file."""
    if variable is not None:
        raise IsomorphError(f'{file}: stimuli.variable: names "{variable}" in {NO_NAMES}; drop it')
    what = "a TIFF file of several pages"
    with reading(file, what), Image.open(file, formats=["TIFF"]) as image:
        count, size = int(getattr(image, "n_frames", 1)), image.size

    def frame(index: int) -> Pixels:
        afford(file, f"a page of {size[0]:,} × {size[1]:,} pixels", size[0] * size[1] * PER_PIXEL)
        with reading(f"{file}, frame {index}", what):
            image = Image.open(file, formats=["TIFF"])
            image.seek(index)
            image.load()
        with image:
            return as_rgb(image.transpose(Image.Transpose.TRANSPOSE) if transposed else image,
                          f"{file}, frame {index}")  # fmt: skip

    return [Film(str(file), file.stem, count, None, 0.0, frame)]


def _stack(opened: Opened, where: str, name: str, transposed: bool) -> Film:
    """Return the film whose frames are the first axis of an array."""
    with opened() as data:
        shape, kind = tuple(data.shape), data.dtype
    is_image = len(shape) == 3 or (len(shape) == 4 and shape[3] in CHANNELS)
    if kind.kind not in "buif" or not is_image:
        raise IsomorphError(
            f"{where}: is {kind} of shape {shape}, expected pixels (frame, row, column) or (frame, "
            "row, column, channel)"
        )
    if not shape[0]:
        raise IsomorphError(f"{where}: holds not one frame")

    @cache
    def look() -> Look:
        # all frames of a film share one scale, which numbers that are no bytes must be read for
        with opened() as data:
            return measured(Look(transposed=transposed), [(data, range(shape[0]))], where)

    def frame(index: int) -> Pixels:
        seen = look()
        with opened() as data:
            return read_pixels(data, index, seen, f"{where}, frame {index}")

    return Film(where, name, shape[0], None, 0.0, frame)


@contextmanager
def _held(values: Array) -> Iterator[Array]:
    yield values


@contextmanager
def _dataset(file: Path, place: str) -> Iterator[h5py.Dataset]:
    with open_hdf5(file) as opened:
        yield opened[place]


def _series(found: Any, path: str, where: str) -> tuple[str, Array | float | None]:
    """Return where the frames of a series are, and their times or rate where it says either."""
    if isinstance(found, h5py.Dataset):
        if path.rsplit("/", 1)[-1] != "data":
            return path, None
        return path, _times(found.parent, where)
    if "external_file" in found:
        raise IsomorphError(
            f"{where}: its frames are in other files, which external_file names; name these in "
            "stimuli.file"
        )
    if not isinstance(found.get("data"), h5py.Dataset):
        raise IsomorphError(
            f"{where}: holds no frames, expected an array of pixels or a series with data"
        )
    return f"{path}/data", _times(found, where)


def _times(series: h5py.Group, where: str) -> Array | float | None:
    if isinstance(series.get("timestamps"), h5py.Dataset):
        return part(series["timestamps"], (), where).astype(np.float64).ravel()
    first = series.get("starting_time")
    rate = float(first.attrs.get("rate", 0)) if isinstance(first, h5py.Dataset) else 0.0
    return rate if rate > 0 else None  # templates without a clock have NaN


def _with_times(film: Film, times: Array | float | None) -> Film:
    """Return a film with the times of its series, from the first frame on."""
    if times is None:
        return film
    if isinstance(times, float):
        return film.at_rate(times)
    if np.isnan(times).all():  # a template: when it was shown stands elsewhere
        return film
    lasts = np.diff(times)
    if len(times) != film.count or not (np.isfinite(times).all() and (lasts > 0).all()):
        raise IsomorphError(
            f"{film.where}: has {film.count} frames and {len(times)} timestamps, expected one "
            "each, ascending; or give stimuli.rate and no times count"
        )
    last = float(np.median(lasts)) if len(lasts) else 0.0
    return Film(film.where, film.name, film.count, times - times[0],
                float(times[-1] - times[0]) + last, film.frame)  # fmt: skip
