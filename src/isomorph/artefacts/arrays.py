"""netCDF artefacts: checked on every read and every write, written atomically."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import xarray as xr

from isomorph.artefacts.files import NoSuchFileError, replacing
from isomorph.artefacts.provenance import Provenance
from isomorph.artefacts.schemas import ARRAYS, RESPONSES, check_array
from isomorph.artefacts.streamed import Streamed, append, without
from isomorph.errors import IsomorphError

ENGINE: Literal["h5netcdf"] = "h5netcdf"


def write_array(
    path: Path,
    data: xr.Dataset,
    kind: str,
    provenance: Provenance,
    streamed: Mapping[str, Streamed] = MappingProxyType({}),
) -> None:
    """Write a dataset of a kind (`activations`, `rdms`) with its provenance.

    Parameters
    ----------
    path : Path
        The file.
    data : Dataset
    kind : str
        See `isomorph.artefacts.schemas.ARRAYS`.
    provenance : Provenance
        Where it came from.
    streamed : mapping of str to Streamed, optional
        Variables that memory would not hold, which `data` lacks.

    Raises
    ------
    IsomorphError
        When the dataset is not what its kind promises, or the disk has no room.
    """
    schema = ARRAYS[kind]
    check_array(data, without(schema, streamed), str(path))
    stamped = data.assign_attrs(artefact=kind, provenance=provenance.to_json())
    if not streamed:
        _write(path, stamped)
        return
    content = stamped.to_netcdf(engine=ENGINE)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
        append(temporary, streamed, schema, str(path))


def read_array(path: Path, kind: str) -> xr.Dataset:
    """Read a dataset of a kind into memory.

    Raises
    ------
    IsomorphError
        When the file is absent, is not netCDF, or is not of that kind.
    """
    found = artefact_kind(path)
    if found != kind:
        raise IsomorphError(f"{path}: holds {found or 'no artefact of isomorph'}, not {kind}")
    with xr.open_dataset(path, engine=ENGINE) as data:
        loaded = data.load()
    check_array(loaded, ARRAYS[kind], str(path))
    return loaded


def write_responses(
    path: Path, sessions: Mapping[str, xr.Dataset], attributes: Mapping[str, str], stamp: Provenance
) -> None:
    """Write the responses of one subject, a netCDF group per session.

    Parameters
    ----------
    path : Path
        The file.
    sessions : mapping of str to Dataset
        `response (presentation, unit)` and its coordinates, by session.
    attributes : mapping
        `dataset`, `subject` and whatever a reader should know.
    stamp : Provenance
        Where it came from.
    """
    for session, data in sessions.items():
        check_array(data, RESPONSES, f"{path}: session {session}")
    root = xr.Dataset(attrs={**attributes, "artefact": "responses", "provenance": stamp.to_json()})
    tree = xr.DataTree.from_dict({"/": root, **{f"/{key}": s for key, s in sessions.items()}})
    _write(path, tree)


def _write(path: Path, data: xr.Dataset | xr.DataTree) -> None:
    """Write netCDF by way of memory: HDF5 itself can crash where a disk refuses to be written."""
    content = data.to_netcdf(engine=ENGINE)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def read_responses(path: Path) -> dict[str, xr.Dataset]:
    """Read the responses of one subject into memory, by session.

    Raises
    ------
    IsomorphError
        When the file is absent or holds no responses.
    """
    found = artefact_kind(path)
    if found != "responses":
        raise IsomorphError(f"{path}: holds {found or 'no artefact of isomorph'}, not responses")
    with xr.open_datatree(path, engine=ENGINE) as tree:
        sessions = {name: node.to_dataset().load() for name, node in tree.children.items()}
    for session, data in sessions.items():
        check_array(data, RESPONSES, f"{path}: session {session}")
    return sessions


def artefact_kind(path: Path) -> str:
    """Return which artefact a netCDF file says it is, or an empty string.

    Raises
    ------
    IsomorphError
        When the file is absent or is not netCDF.
    """
    return read_attributes(path).get("artefact", "")


def read_attributes(path: Path) -> dict[str, str]:
    """Return the attributes of a netCDF file without reading its arrays."""
    if not Path(path).is_file():
        raise NoSuchFileError(path)
    try:
        # `phony_dims` names the axes of HDF5 files that are not netCDF, without a warning
        with xr.open_dataset(path, engine=ENGINE, phony_dims="access") as data:
            return {str(key): value for key, value in data.attrs.items()}
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise IsomorphError(f"{path}: is not a netCDF file ({_first_line(error)})") from error


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
