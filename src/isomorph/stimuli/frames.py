"""Images inside NWB files, read one at a time and never all at once."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.archives.patterns import nearest
from isomorph.errors import IsomorphError
from isomorph.stimuli.looks import Look, measured

Array = npt.NDArray
CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Frame:
    """Where one image stands.

    Attributes
    ----------
    file : Path
        The NWB file.
    place : str
        HDF5 path of the dataset.
    index : int or None
        Which frame of it; None where the dataset is one image.
    """

    file: Path
    place: str
    index: int | None = None

    def __str__(self) -> str:
        frame = "" if self.index is None else f", frame {self.index}"
        return f"{self.file}: {self.place}{frame}"


@dataclass(frozen=True)
class Source:
    """One dataset of images, or the images of one container.

    Attributes
    ----------
    frames : list of Frame
    names : list of str or None
        The file's own names, None where it has none.
    times : ndarray (frame,) or None
        When each frame was shown, seconds.
    look : Look
    """

    frames: list[Frame]
    names: list[str] | None
    times: Array | None
    look: Look


@contextmanager
def open_hdf5(file: Path) -> Iterator[h5py.File]:
    """Open an NWB file and yield its root; what HDF5 cannot read becomes a sentence.

    Raises
    ------
    IsomorphError
        When the file is not HDF5 or ends too early.
    """
    try:
        with h5py.File(file, "r") as nwb:
            yield nwb
    except OSError as error:
        raise IsomorphError(f"{file}: is not a whole NWB file ({error})") from error


def find_sources(nwb: h5py.File, file: Path, place: str, look: Look) -> list[Source]:
    """Return what a path with `*` leads to in one file, sorted; nothing where it leads nowhere.

    Raises
    ------
    IsomorphError
        When what stands there holds no images, or numbers no image has.
    """
    return [_source(nwb, file, found, look) for found in _expand(nwb, place.strip("/").split("/"))]


def nearest_place(nwb: h5py.File, place: str) -> str:
    """Return a clause that suggests where the images of a file may be."""
    known = [
        f"stimulus/{part}/{name}"
        for part in ("templates", "presentation")
        for name in nwb.get(f"stimulus/{part}", {})
    ]
    return nearest(place, known) if known else "there is nothing below /stimulus"


def _expand(group: Any, parts: list[str], below: str = "") -> list[str]:
    if not parts:
        return [below]
    if not isinstance(group, h5py.Group):
        return []
    return [
        place
        for name in sorted(fnmatch.filter(group, parts[0]) if "*" in parts[0] else [parts[0]])
        if name in group
        for place in _expand(group[name], parts[1:], f"{below}/{name}".lstrip("/"))
    ]


def _source(nwb: h5py.File, file: Path, place: str, look: Look) -> Source:
    found = nwb[place]
    if isinstance(found, h5py.Dataset):
        return _series(found.parent, found, file, place, look)
    if isinstance(found.get("data"), h5py.Dataset):
        return _series(found, found["data"], file, f"{place}/data", look)
    # `order_of_images` is a list of references, no image: names count, positions do not.
    images = {name: item for name, item in found.items() if _is_numeric(item)}
    if not images:
        raise IsomorphError(f"{file}: {place}: holds no images, expected datasets of pixels")
    frames = [Frame(file, f"{place}/{name}") for name in images]
    seen = measured(look, [(item, [None]) for item in images.values()], f"{file}: {place}")
    return Source(frames, list(images), None, seen)


def _series(series: h5py.Group, data: h5py.Dataset, file: Path, place: str, look: Look) -> Source:
    if not _is_numeric(data) or data.ndim not in (3, 4):
        raise IsomorphError(
            f"{file}: {place}: is {data.dtype} of shape {data.shape}, expected pixels (frame, "
            "height, width) or (frame, height, width, channel)"
        )
    stamps = _timestamps(series)
    backwards = (
        data.ndim == 4 and data.shape[-1] not in CHANNELS and data.shape[0] in CHANNELS
    ) or (stamps is not None and data.shape[0] != len(stamps) == data.shape[-1])
    n = data.shape[-1 if backwards else 0]
    times = _regular(series, n) if stamps is None else stamps
    names = _own_names(series, n, f"{file}: {place}")
    if names is None and (times is None or len(times) != n):
        raise IsomorphError(
            f"{file}: {place}: has {n} frames and {0 if times is None else len(times)} times, "
            "so that no frame can be told by its time; leave the file out (archive.exclude)"
        )
    frames = [Frame(file, place, index) for index in range(n)]
    found = replace(look, reversed=backwards)
    return Source(frames, names, times, measured(found, [(data, range(n))], f"{file}: {place}"))


def _timestamps(series: h5py.Group) -> Array | None:
    if isinstance(series.get("timestamps"), h5py.Dataset):
        return np.asarray(series["timestamps"][:], dtype=np.float64)
    return None


def _regular(series: h5py.Group, n: int) -> Array | None:
    """Return the times of so many frames at a steady rate, None where there is none."""
    if isinstance(series.get("starting_time"), h5py.Dataset):
        start = series["starting_time"]
        return float(start[()]) + np.arange(n) / float(start.attrs.get("rate", 1.0))
    return None


def _own_names(series: h5py.Group, n: int, where: str) -> list[str] | None:
    """Return the names in `control_description`, which `control` may point into."""
    if not isinstance(series.get("control_description"), h5py.Dataset):
        return None
    names = [_text(name) for name in series["control_description"][:]]
    control = series.get("control")
    places = control[:].astype(int) if isinstance(control, h5py.Dataset) else np.arange(n)
    if len(places) != n or (n and not 0 <= places.min() <= places.max() < len(names)):
        raise IsomorphError(
            f"{where}: has {n} frames, but control_description names {len(names)}; expected a "
            "name for each"
        )
    return [names[place] for place in places]


def _text(value: object) -> str:
    return (value.decode("utf-8") if isinstance(value, bytes) else str(value)).strip()


def _is_numeric(item: Any) -> bool:
    return isinstance(item, h5py.Dataset) and item.dtype.kind in "buif" and item.ndim > 1
