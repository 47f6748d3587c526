"""One NWB file: opened, and what stands at a path as the object that pynwb makes of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.guard import reading
from isomorph.foreign.hdf5 import afford_dataset, open_hdf5

NwbContainer = Any
"""An object of pynwb's: a table, a series, a container of images. pynwb has no type hints."""

ZARR = ".zarr"
WAY_OUT_OF_ZARR = (
    "in an environment with hdmf-zarr write it as HDF5: with NWBZarrIO(path, 'r') as zarr, "
    "NWBHDF5IO('recording.nwb', 'w') as hdf5: hdf5.export(src_io=zarr)"
)


@dataclass(frozen=True)
class Nwb:
    """An open recording.

    Paths are those of HDF5, which are those of the NWB schema: `stimulus/templates/faces`. What
    stands at one is read by pynwb, and by nothing else, when it is asked for: columns and series
    stay on the disk, and an object that pynwb cannot make sense of does no harm to another.

    Attributes
    ----------
    path : Path
        The file.
    file : h5py.File
        Open for reading.
    version : str
        Of the NWB schema it was written with.
    io : NWBHDF5IO
        pynwb's reader of the same open file.
    """

    path: Path
    file: h5py.File
    version: str
    io: Any

    def at(self, place: str) -> Any:
        """Return the HDF5 group or dataset at a path, links followed.

        Raises
        ------
        IsomorphError
            When there is none, naming the first part of the path that is not there.
        """
        here: Any = self.file
        for name in place.strip("/").split("/"):
            with reading(f"{self.path}: {place}", f"NWB {self.version}"):
                known = list(here) if isinstance(here, h5py.Group) else []
                inner = here.get(name) if name in known else None
            if inner is None:
                raise IsomorphError(
                    f'{self.path}: no "{place}", nothing called "{name}" in '
                    f"{getattr(here, 'name', '/')}; {did_you_mean(name, known)}"
                )
            here = inner
        return here

    def members(self, place: str) -> list[str]:
        """Return the names of what stands below a path, none where nothing stands there."""
        with reading(f"{self.path}: {place}", f"NWB {self.version}"):
            found = self.file.get(place)
            return list(found) if isinstance(found, h5py.Group) else []

    def has(self, place: str) -> bool:
        """Tell whether anything stands at a path."""
        with reading(f"{self.path}: {place}", f"NWB {self.version}"):
            return self.file.get(place) is not None

    def dataset(self, place: str) -> h5py.Dataset:
        """Return the dataset at a path, its values left on disk.

        Raises
        ------
        IsomorphError
            When there is none.
        """
        found = self.at(place)
        if not isinstance(found, h5py.Dataset):
            raise IsomorphError(
                f'{self.path}: "{place}" is a group of {", ".join(found) or "nothing"}, expected '
                "a dataset"
            )
        return found

    def group(self, place: str) -> h5py.Group:
        """Return the group at a path.

        Raises
        ------
        IsomorphError
            When there is none.
        """
        found = self.at(place)
        if not isinstance(found, h5py.Group):
            raise IsomorphError(f'{self.path}: "{place}" is a dataset, expected a group')
        return found

    def container(self, place: str) -> NwbContainer:
        """Return what pynwb makes of the group at a path.

        Raises
        ------
        IsomorphError
            When there is none, it is not an object of NWB, or of an extension of NWB that the file
            does not define, or pynwb cannot read it.
        """
        return self.read(self.group(place))

    def read(self, item: h5py.Group | h5py.Dataset) -> NwbContainer:
        """Return what pynwb makes of a group or dataset, see `container`."""
        where = f"{self.path}: {item.name.lstrip('/')}"
        with reading(where, f"NWB {self.version}"):
            kind, namespace = (
                as_text(item.attrs.get(name)) for name in ("neurodata_type", "namespace")
            )
        if not kind:
            raise IsomorphError(f"{where}: has no neurodata_type, so it is not an object of NWB")
        if namespace not in self.io.manager.namespace_catalog.namespaces:
            raise IsomorphError(
                f'{where}: is a {kind} of the extension "{namespace}", which the file does not '
                "define; write it again with the extension loaded, pynwb then keeps its definition"
            )
        with reading(where, f"NWB {self.version}"), _quiet():
            try:
                return self.io.get_container(item)
            except Exception as error:
                # A ConstructError begins with all of the object, its reason comes last.
                raise ValueError(str(error.args[-1] if error.args else error)) from error

    def says(self, place: str) -> str:
        """Return the text at a path of which there may be none, '' then."""
        found = self.at(place) if self.has(place) else None
        if not isinstance(found, h5py.Dataset):
            return ""
        values = np.ravel(part(found, (), f"{self.path}: {place}"))
        return as_text(values[0]) if len(values) else ""


@contextmanager
def open_nwb(path: Path, within: Path | None = None) -> Iterator[Nwb]:
    """Open an NWB file for reading.

    Parameters
    ----------
    path : Path
        The file.
    within : Path, optional
        The folder that the file and all it leads to belong to; unless given, the file's own.

    Yields
    ------
    Nwb

    Raises
    ------
    IsomorphError
        When it is not HDF5, not NWB, of a version pynwb does not read, or damaged.
    """
    if any(name.endswith(ZARR) for name in path.parts) or path.is_dir():
        raise IsomorphError(
            f"{path}: is not HDF5, which NWB is read from; of the Zarr form, {WAY_OUT_OF_ZARR}"
        )
    with open_hdf5(path, within) as file:
        with reading(path, "an NWB file"):
            version, top = _version(file), ", ".join(list(file)[:5])
        if not version:
            raise IsomorphError(
                f"{path}: is not an NWB file (it has no nwb_version, and at its top "
                f"{top or 'nothing'})"
            )
        number = version.removeprefix("NWB-")
        if not number.split(".")[0].isdecimal() or int(number.split(".")[0]) < 2:
            raise IsomorphError(
                f"{path}: is NWB {number}, which pynwb does not read; expected NWB 2 or later, so "
                "ask whoever wrote it for a conversion"
            )
        # pynwb takes a second to import, and what needs no recording should not wait for it.
        from pynwb import NWBHDF5IO

        with reading(path, f"NWB {version}"), _quiet():
            io = NWBHDF5IO(file=file, mode="r", load_namespaces=True)
            io.read_builder()
        yield Nwb(path, file, version, io)


def _version(file: h5py.File) -> str:
    """Return the version of NWB a file says, NWB 1 in a dataset; '' where it says none."""
    found = file.attrs.get("nwb_version")
    if found is None and isinstance(old := file.get("nwb_version"), h5py.Dataset):
        found = old[()] if not old.shape else None
    return as_text(found)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pynwb's warnings to itself: they are about objects nobody asked for, or checked here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def part(data: Any, rows: Any, where: str) -> np.ndarray[Any, Any]:
    """Return some values of a dataset.

    Parameters
    ----------
    data : h5py.Dataset or array_like
        What holds them.
    rows : slice, int or tuple
        Which; `()` for all.
    where : str
        File and path, for the message.

    Raises
    ------
    IsomorphError
        When they cannot be read, or would take more memory than one file may.
    """
    with reading(where, "values of an NWB file"):
        if isinstance(data, h5py.Dataset):
            afford_dataset(data, where, rows)
        return np.asarray(data[rows])


def stored(data: Any) -> Any:
    """Return the HDF5 dataset behind what pynwb gives as data, or the data where there is none."""
    for behind in ("dset", "dataset"):  # of text, of references
        inner = getattr(data, behind, None)
        if isinstance(inner, h5py.Dataset):
            return inner
    return data


def as_text(value: Any) -> str:
    """Return an attribute as text, '' for none."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace").strip()
    return "" if value is None or isinstance(value, h5py.Empty) else str(value).strip()
