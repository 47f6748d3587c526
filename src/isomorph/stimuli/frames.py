"""Images inside NWB files, read one at a time and never all at once."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.archives.patterns import nearest
from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb, part, text, values_of
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
class FrameSource:
    """One dataset of images, or the images of one container.

    Attributes
    ----------
    frames : list of Frame
    names : list of str or None
        The file's own names, None where it has none.
    times : array of shape (frame,) or None
        When each frame was shown, seconds.
    look : Look
    """

    frames: list[Frame]
    names: list[str] | None
    times: Array | None
    look: Look


def find_sources(nwb: Nwb, place: str, look: Look, *, read: bool = True) -> list[FrameSource]:
    """Return what a path with `*` leads to in one file, sorted; nothing where it leads nowhere.

    Parameters
    ----------
    nwb : Nwb
        The open recording.
    place : str
        Where its images are.
    look : Look
        How numbers become pixels.
    read : bool
        Whether images are read where their scale depends on them; else `look` is what it was.

    Raises
    ------
    IsomorphError
        When what stands there holds no images, or numbers no image has.
    """
    paths = expand(nwb.file, place.strip("/").split("/"))
    return [_source(nwb, found, look, read) for found in paths]


def nearest_place(nwb: Nwb, place: str) -> str:
    """Return a clause that suggests where the images of a file may be."""
    known = [
        f"stimulus/{part}/{name}"
        for part in ("templates", "presentation")
        for name in nwb.members(f"stimulus/{part}")
    ]
    return nearest(place, known) if known else "there is nothing below /stimulus"


def expand(group: Any, parts: list[str], below: str = "") -> list[str]:
    """Return the HDF5 paths that a path in parts leads to, sorted; a `*` stops at a slash."""
    if not parts:
        return [below]
    if not isinstance(group, h5py.Group):
        return []
    return [
        place
        for name in sorted(fnmatch.filter(group, parts[0]) if "*" in parts[0] else [parts[0]])
        if name in group
        for place in expand(group[name], parts[1:], f"{below}/{name}".lstrip("/"))
    ]


def _source(nwb: Nwb, place: str, look: Look, read: bool) -> FrameSource:
    found = nwb.at(place)
    where = f"{nwb.path}: {place}"
    if isinstance(found, h5py.Dataset):
        if "neurodata_type" in found.attrs:  # one image of a container
            return _images(nwb, {place: found}, look, where, read)
        return _series(nwb, found.parent, found, place, look, read)
    if isinstance(found.get("data"), h5py.Dataset):
        return _series(nwb, found, found["data"], f"{place}/data", look, read)
    # `order_of_images` is a list of references, no image: names count, positions do not.
    images = {f"{place}/{name}": item for name, item in found.items() if _is_numeric(item)}
    if not images:
        raise IsomorphError(f"{where}: holds no images, expected datasets of pixels")
    return _images(nwb, images, look, where, read)


def _images(
    nwb: Nwb, images: dict[str, h5py.Dataset], look: Look, where: str, read: bool
) -> FrameSource:
    frames = [Frame(nwb.path, place) for place in images]
    every = [(item, [None]) for item in images.values()]
    seen = measured(look, every, where) if read else look
    return FrameSource(frames, [place.rsplit("/", 1)[-1] for place in images], None, seen)


# A series of frames is taken as it stands in HDF5, since pynwb refuses pixels whose axes are
# reversed, as MATLAB writes them.


def _series(
    nwb: Nwb, series: h5py.Group, data: h5py.Dataset, place: str, look: Look, read: bool
) -> FrameSource:
    where = f"{nwb.path}: {place}"
    if not _is_numeric(data) or data.ndim not in (3, 4):
        raise IsomorphError(
            f"{where}: is {data.dtype} of shape {data.shape}, expected pixels (frame, "
            "height, width) or (frame, height, width, channel)"
        )
    stamps = _timestamps(series, where)
    backwards = (
        data.ndim == 4 and data.shape[-1] not in CHANNELS and data.shape[0] in CHANNELS
    ) or (stamps is not None and data.shape[0] != len(stamps) == data.shape[-1])
    n = data.shape[-1 if backwards else 0]
    times = _regular(series, n, where) if stamps is None else stamps
    names = _own_names(series, n, where)
    if names is None and (times is None or len(times) != n):
        raise IsomorphError(
            f"{where}: has {n} frames and {0 if times is None else len(times)} times, "
            "so that no frame can be identified by its time; leave the file out (archive.exclude)"
        )
    frames = [Frame(nwb.path, place, index) for index in range(n)]
    found = replace(look, reversed=backwards)
    seen = measured(found, [(data, range(n))], where) if read else found
    return FrameSource(frames, names, times, seen)


def _timestamps(series: h5py.Group, where: str) -> Array | None:
    if isinstance(series.get("timestamps"), h5py.Dataset):
        return part(series["timestamps"], (), where).astype(np.float64).ravel()
    return None


def _regular(series: h5py.Group, n: int, where: str) -> Array | None:
    """Return the times of so many frames at a steady rate, None where there is none."""
    first = series.get("starting_time")
    if not isinstance(first, h5py.Dataset):
        return None
    start, rate = float(part(first, (), where)), float(first.attrs.get("rate", 0))
    return start + np.arange(n) / rate if rate > 0 else None


def _own_names(series: h5py.Group, n: int, where: str) -> list[str] | None:
    """Return the names in `control_description`, which `control` may point into."""
    described, control = series.get("control_description"), series.get("control")
    if not isinstance(described, h5py.Dataset):
        return None
    names = text(values_of(described, where)).tolist()
    places = np.arange(n)
    if isinstance(control, h5py.Dataset):
        places = part(control, (), where).astype(np.int64)
    if len(places) != n or (n and not 0 <= places.min() <= places.max() < len(names)):
        raise IsomorphError(
            f"{where}: has {n} frames, but control_description names {len(names)}; expected a "
            "name for each"
        )
    return [names[place] for place in places]


def _is_numeric(item: Any) -> bool:
    return isinstance(item, h5py.Dataset) and item.dtype.kind in "buif" and item.ndim > 1
