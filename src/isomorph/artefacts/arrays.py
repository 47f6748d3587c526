"""netCDF artefacts: checked on every read and every write, written atomically."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from isomorph.artefacts.contents import check_contents, contents_of
from isomorph.artefacts.provenance import Provenance, read_provenance
from isomorph.artefacts.schemas import check_array
from isomorph.artefacts.streamed import Streamed, append, without_variables
from isomorph.catalogue import ARRAYS
from isomorph.disk import NoSuchFileError, replacing
from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.hdf5 import open_hdf5

if TYPE_CHECKING:
    import xarray as xr


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
        See `isomorph.catalogue.ARRAYS`.
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
    check_array(data, without_variables(schema, streamed), str(path))
    named = data.assign_attrs(artefact=kind)
    stamp = provenance.holding(contents_of(named))
    if not streamed:
        stamped = named.assign_attrs(provenance=stamp.to_json())
        _write(path, stamped.to_netcdf(engine=ENGINE, encoding=_checksums(named)))
        return
    content = named.to_netcdf(engine=ENGINE, encoding=_checksums(named))
    with replacing(path) as temporary:
        temporary.write_bytes(content)
        append(temporary, streamed, schema, str(path), stamp)


def read_array(path: Path, kind: str, without: Collection[str] = ()) -> xr.Dataset:
    """Read a dataset of a kind into memory.

    Parameters
    ----------
    path : Path
    kind : str
        See `isomorph.catalogue.ARRAYS`.
    without : collection of str, optional
        Variables to leave on the disk where they are there.

    Raises
    ------
    IsomorphError
        When the file is absent, is not netCDF, is not of that kind, or is not as it was written.
    """
    import xarray as xr

    found = artefact_kind(path)
    if found != kind:
        raise IsomorphError(f"{path}: holds {found or 'no artefact of isomorph'}, not {kind}")
    with reading(path, "a netCDF file"), xr.open_dataset(path, engine=ENGINE) as data:
        loaded = data.drop_vars(without, errors="ignore").load()
    check_array(loaded, without_variables(ARRAYS[kind], without), str(path))
    _check(path, contents_of(loaded), whole=not without)
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
    _write_sessions(path, sessions, "responses", attributes, stamp)


def write_population(
    path: Path, sessions: Mapping[str, xr.Dataset], attributes: Mapping[str, str], stamp: Provenance
) -> None:
    """Write what the units of one subject did over time, see `write_responses`.

    Parameters
    ----------
    path : Path
    sessions : mapping of str to Dataset
        `rate (time, unit)` and its coordinates, by session.
    attributes : mapping
    stamp : Provenance
    """
    _write_sessions(path, sessions, "population", attributes, stamp)


def read_responses(path: Path, without: Collection[str] = ()) -> dict[str, xr.Dataset]:
    """Read the responses of one subject into memory, by session.

    Parameters
    ----------
    path : Path
    without : collection of str, optional
        Variables to leave on the disk: `response`, where only its coordinates matter.

    Raises
    ------
    IsomorphError
        When the file is absent, holds no responses, or is not as it was written.
    """
    return _read_sessions(path, "responses", without)


def read_population(path: Path) -> dict[str, xr.Dataset]:
    """Read what the units of one subject did over time, by session; see `read_responses`."""
    return _read_sessions(path, "population")


BY_SESSION: Mapping[str, Callable[[Path], dict[str, xr.Dataset]]] = MappingProxyType(
    {"responses": read_responses, "population": read_population}
)
"""What reads files that hold a group per session, by their kind."""


def _write_sessions(
    path: Path,
    sessions: Mapping[str, xr.Dataset],
    kind: str,
    attributes: Mapping[str, str],
    stamp: Provenance,
) -> None:
    """Write a file of a kind that holds a group per session."""
    import xarray as xr

    for session, data in sessions.items():
        check_array(data, ARRAYS[kind], f"{path}: session {session}")
    root = xr.Dataset(attrs={**attributes, "artefact": kind})
    stamp = stamp.holding(_contents_of_sessions(root, sessions))
    root = root.assign_attrs(provenance=stamp.to_json())
    groups = {f"/{key}": data for key, data in sessions.items()}
    tree = xr.DataTree.from_dict({"/": root, **groups})
    checksums = {key: _checksums(data) for key, data in groups.items()}
    _write(path, tree.to_netcdf(engine=ENGINE, encoding=checksums))


def _read_sessions(path: Path, kind: str, without: Collection[str] = ()) -> dict[str, xr.Dataset]:
    """Read a file of a kind that holds a group per session."""
    import xarray as xr

    found = artefact_kind(path)
    if found != kind:
        raise IsomorphError(f"{path}: holds {found or 'no artefact of isomorph'}, not {kind}")
    with reading(path, "a netCDF file"), xr.open_datatree(path, engine=ENGINE) as tree:
        root = tree.to_dataset()
        sessions = {
            name: node.to_dataset().drop_vars(without).load()
            for name, node in tree.children.items()
        }
    schema = without_variables(ARRAYS[kind], without)
    for session, data in sessions.items():
        check_array(data, schema, f"{path}: session {session}")
    _check(path, _contents_of_sessions(root, sessions), whole=not without)
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
    import xarray as xr

    path = Path(path)
    if not path.is_file():
        raise NoSuchFileError(path)
    with open_hdf5(path):
        pass  # refuses what would keep HDF5 busy forever, or leads to other files
    # `phony_dims` names the axes of HDF5 files that are not netCDF, without a warning
    with (
        reading(path, "a netCDF file"),
        xr.open_dataset(path, engine=ENGINE, phony_dims="access") as data,
    ):
        return {str(key): value for key, value in data.attrs.items()}


def _checksums(data: xr.Dataset) -> dict[Any, dict[str, bool]]:
    """Return the encoding by which HDF5 keeps a checksum of every block of numbers."""
    return {
        name: {"fletcher32": True}
        for name, variable in data.variables.items()
        if variable.dtype.kind in "biufc" and variable.ndim and variable.size
    }


def _contents_of_sessions(root: xr.Dataset, sessions: Mapping[str, xr.Dataset]) -> dict[str, str]:
    found = contents_of(root)
    for session, data in sessions.items():
        found |= contents_of(data, f"{session}/")
    return found


def _check(path: Path, found: Mapping[str, str], *, whole: bool) -> None:
    """Refuse a file that is not as it was written, or of which a part has gone."""
    written = read_provenance(path).contents
    check_contents(found, written, str(path))
    if whole and (lacking := sorted(written.keys() - found.keys())):
        raise IsomorphError(f'{path}: "{lacking[0]}" has gone since the file was written')


def _write(path: Path, content: bytes | memoryview) -> None:
    """Write netCDF by way of memory: HDF5 itself can crash where a disk refuses to be written."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)
