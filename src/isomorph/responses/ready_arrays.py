"""Ready responses: an array `(presentation, unit[, time])` and what its axes are.

The array may have further axes of places, and stand in any order; of large ones only what is asked
for is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.foreign import read_table
from isomorph.foreign.array_files import array_names, read_array
from isomorph.foreign.entities import in_order
from isomorph.foreign.stored_array import STIMULUS_KEYS
from isomorph.responses.array_sessions import ArrayUnits, Named, divided
from isomorph.responses.array_times import bins_inside, times_of
from isomorph.responses.array_values import as_names
from isomorph.responses.betas.beta_regions import find_regions
from isomorph.responses.betas.subject_betas import unit_names
from isomorph.responses.betas.subject_maps import only
from isomorph.responses.order import only_counts
from isomorph.responses.region_names import NOWHERE
from isomorph.responses.sessions import summary
from isomorph.responses.stored.cells import in_space_of
from isomorph.responses.stored.parts import AT_ONCE
from isomorph.responses.stored.shown import shown_in
from isomorph.responses.stored.stored_maps import StoredMaps, open_stored
from isomorph.responses.subject_files import Read, SubjectFiles
from isomorph.stimuli.names import refuse_misspelt
from isomorph.stimuli.naming import ids_or_names
from isomorph.study.responses import ArrayResponses
from isomorph.study.stored import PRESENTATION, REPETITION, TIME, UNIT

Array = npt.NDArray


@dataclass(frozen=True)
class ReadyArrays:
    """The ready responses of one subject, opened and not yet read.

    Attributes
    ----------
    maps : list of StoredMaps
        The files, of which each is a session where there are several.
    shown : DataFrame
        A row per presentation of all files: `stimulus` and optionally `session` and `run`.
    units : ArrayUnits
        Those that count.
    times : array of shape (time, 2) or None
        Or (2,), the one window over which the mean is taken.
    stimuli : array of str of shape (stimulus,)
    named : Named
        The files, for messages.
    inputs : list of Path
        All that is read.
    beside : bool
        Whether files hold units of the same presentations, and not presentations of the same units.
    """

    maps: list[StoredMaps]
    shown: pd.DataFrame
    units: ArrayUnits
    times: Array | None
    stimuli: Array
    named: Named
    inputs: list[Path]
    beside: bool = False


def read(files: SubjectFiles, settings: ArrayResponses) -> Read:
    """Read a subject's ready responses.

    Parameters
    ----------
    files : SubjectFiles
    settings : ArrayResponses
        Which files. Where nobody knows the stimuli yet, every name is taken for one.

    Raises
    ------
    IsomorphError
        When a file or column is not there, or array and tables disagree.
    """
    found = _gather(files, settings)
    sessions = _sessions(found)
    for name, data in sessions.items():
        files.say(f"session {name}: {summary(data)}")
    return Read(sessions, list(dict.fromkeys(found.inputs)))


def look(files: SubjectFiles, settings: ArrayResponses) -> None:
    """Look at a subject's ready responses and refuse what `read` would.

    Of large arrays no value is read.
    """
    found = _gather(files, settings)
    values = len(found.shown) * len(found.units.position)
    bins = found.maps[0].times
    if values * bins * found.maps[0].dtype.itemsize <= AT_ONCE:
        _sessions(found)


def _gather(files: SubjectFiles, settings: ArrayResponses) -> ReadyArrays:
    """Find and open what the responses of one subject are read from."""
    arrays = in_order(files.own(settings.responses))
    beside = settings.region is not None
    if settings.order is None and len(arrays) != 1 and not beside:
        raise IsomorphError(_matches(files, settings.responses, len(arrays)))
    usual = (PRESENTATION, UNIT) if settings.times is None else (PRESENTATION, UNIT, TIME)
    spec = settings.model_copy(update={"axes": settings.axes or usual})
    maps = [open_stored(file, spec) for file in arrays]
    listed = _one(files, settings.times) if isinstance(settings.times, str) else None
    times = times_of(settings.times, listed, maps[0].times)
    for one in maps:
        if times is not None and one.times != len(times):
            where = listed or maps[0].where
            raise IsomorphError(f"{one.where}: has {one.times} time bins, {where} {len(times)}")
        if beside and len(one) != len(maps[0]):
            raise IsomorphError(
                f"{one.where}: has {len(one):,} presentations, {maps[0].file} {len(maps[0]):,}; "
                "files of regions must have the same"
            )
        if not beside and one.cells.shape != maps[0].cells.shape:
            raise IsomorphError(
                f"{one.where}: has {one.cells}, {maps[0].file} {maps[0].cells}; all files must "
                "have the same units"
            )
    if settings.window is not None and times is not None:
        averaged = bins_inside(times, settings.window, f"{files.where}: responses.window")
        maps = [replace(one, averaged=averaged) for one in maps]
        times = np.array(settings.window, dtype=float)
    if settings.region is None:
        units, read_units = _units(files, settings, maps[0])
    else:
        units, read_units = _of_files(settings.region, maps), arrays[:1]
    shown, stimuli, read_shown, where = _shown(files, settings, maps[:1] if beside else maps)
    refuse_misspelt(
        shown["stimulus"].to_numpy(dtype=np.str_), stimuli, Path(where), files.names.table
    )
    named = Named(where, str(read_units[0]), files.names.table)
    inputs = [*arrays, *read_shown, *read_units, *([listed] if listed else [])]
    return ReadyArrays(maps, shown, units, times, stimuli, named, inputs, beside)


def _shown(
    files: SubjectFiles, settings: ArrayResponses, maps: Sequence[StoredMaps]
) -> tuple[pd.DataFrame, Array, list[Path], str]:
    """Return what was shown, the ids of all stimuli, the files that say it, and which says it."""
    names = files.names
    known = None if names.naming is None else names.stimuli
    if settings.order is not None:
        found = shown_in(files, settings, maps)
        table = pd.DataFrame({"stimulus": found.stimulus, "session": found.session})
        if found.run is not None:
            table["run"] = found.run
        stimuli = _distinct(table) if known is None else known
        return table, stimuli, list(found.files), found.where
    assert settings.presentations is not None
    presentations = _one(files, settings.presentations)
    array = maps[0].file
    shown = _read_rows(presentations, "stimulus", len(maps[0]), f"rows of {array.name}")
    stimuli = _distinct(shown) if known is None else known
    shown["stimulus"] = ids_or_names(shown["stimulus"], stimuli.tolist())
    for key in STIMULUS_KEYS:
        given = as_names(read_array(array, key)) if key in array_names(array) else None
        if given is not None and (not only_counts(given) or np.isin(given, stimuli).all()):
            own = np.array(ids_or_names(given.tolist(), stimuli.tolist()), dtype=np.str_)
            _refuse_other_order(own, shown, f"{array}: {key}", presentations)
    return shown, stimuli, [presentations], str(presentations)


def _distinct(shown: pd.DataFrame) -> Array:
    names = shown["stimulus"].unique().astype(np.str_)
    return np.asarray(names[names != ""])


def _of_files(region: str, maps: Sequence[StoredMaps]) -> ArrayUnits:
    """Return the units of all files side by side, each of the region that its file's name says."""
    regions: list[str] = []
    names: list[str] = []
    for one in maps:
        found = re.search(region, one.file.name)
        if found is None:
            raise IsomorphError(
                f'{one.file}: responses.region: "{region}" finds no region in the name'
            )
        if found[1] in regions:
            raise IsomorphError(
                f'{one.file}: responses.region: another file is of the region "{found[1]}" too'
            )
        regions += [found[1]] * len(one.cells)
        names += [f"{found[1]}:{name}" for name in one.place.names(np.arange(len(one.cells)))]
    return ArrayUnits(np.arange(len(names)), np.array(names), np.array(regions))


def _units(
    files: SubjectFiles, settings: ArrayResponses, maps: StoredMaps
) -> tuple[ArrayUnits, list[Path]]:
    """Return the units that count, and the files that say where they stand."""
    if settings.units is None:
        marked = [(spec, only(files.own_or_beside(spec.file), spec)) for spec in settings.regions]
        found = find_regions(maps.place, marked)
        at, grid = in_space_of(maps.place, found.position, found.grid)
        noted = {"units that count in two regions": found.twice}
        units = ArrayUnits(found.position, unit_names(maps.place, found), found.region, {}, noted,
                           at, grid)  # fmt: skip
        return units, list(found.files)
    file = _one(files, settings.units)
    table = _read_rows(file, "region", len(maps.cells), f"columns of {maps.file.name}")
    region = table["region"].to_numpy(dtype=np.str_)
    names = (
        table["unit"].to_numpy(dtype=np.str_)
        if "unit" in table
        else np.array(maps.place.names(np.arange(len(table))), dtype=np.str_)
    )
    if np.unique(names).size != names.size:
        raise IsomorphError(
            f'{file}: two units share the name "{_first_repeated(names)}", expected each to '
            "have its own"
        )
    placed = np.flatnonzero(~np.isin(region, ("", *NOWHERE)))
    if not placed.size:
        raise IsomorphError(f"{file}: none of the {len(region)} units has a region")
    left_out = {"units without a region": len(region) - len(placed)}
    return ArrayUnits(placed, names[placed], region[placed], left_out), [file]


def _sessions(found: ReadyArrays) -> dict[str, xr.Dataset]:
    """Read the responses and return them by session."""
    response, absent = _responses(found)
    shown, units = found.shown, found.units
    if absent.any():
        response, shown = response[~absent], shown[~absent].reset_index(drop=True)
        left_out = {**units.left_out, "repetitions that were not shown": int(absent.sum())}
        units = replace(units, left_out=left_out)
    return divided(response, shown, units, found.stimuli, found.named, found.times)


def _responses(found: ReadyArrays) -> tuple[Array, Array]:
    """Return the responses of all files (presentation, unit[, time]), and which were not shown.

    The latter have no value at all, where the array has an axis of repetitions. All others must be
    finite.
    """
    every, missing = [], []
    for one in found.maps:
        position = np.arange(len(one.cells)) if found.beside else found.units.position
        response = one.read(position)
        absent = np.zeros(len(response), dtype=bool)
        if REPETITION in one.axes and response.dtype.kind == "f":
            absent = np.isnan(response).reshape(len(response), -1).all(axis=1)
        missing.append(absent)
        bad = ~np.isfinite(response)
        bad[absent] = False
        if bad.any():
            row, column, *_ = (int(place[0]) for place in np.nonzero(bad))
            raise IsomorphError(
                f"{one.where}: holds {int(bad.sum())} values that are not finite, the first in row "
                f"{row + 1}, column {position[column] + 1}; leave those presentations "
                "or units out"
            )
        every.append(response)
    if found.beside:
        return np.concatenate(every, axis=1), np.logical_and.reduce(missing)
    return every[0] if len(every) == 1 else np.concatenate(every), np.concatenate(missing)


def _first_repeated(names: Array) -> str:
    found, counts = np.unique(names, return_counts=True)
    return str(found[counts > 1][0])


def _one(files: SubjectFiles, pattern: str) -> Path:
    found = files.own_or_beside(pattern)
    if len(found) != 1:
        raise IsomorphError(_matches(files, pattern, len(found)))
    return found[0]


def _matches(files: SubjectFiles, pattern: str, count: int) -> str:
    return (
        f"{files.where}: responses: {pattern.replace('{subject}', files.subject)} matches "
        f"{count} files of the archive, expected one"
    )


def _refuse_other_order(names: Array, shown: pd.DataFrame, where: str, table: Path) -> None:
    """Refuse responses whose file names other stimuli, row by row, than the table beside it.

    Raises
    ------
    IsomorphError
        Naming the first row that differs.
    """
    listed = shown["stimulus"].to_numpy(dtype=np.str_)
    if len(names) != len(listed):
        raise IsomorphError(
            f"{where}: names {len(names)} presentations, {table} lists {len(listed)}"
        )
    if (names != listed).any():
        row = int(np.argmax(names != listed))
        raise IsomorphError(
            f'{where}: row {row + 1} is of "{names[row]}", in {table} of "{listed[row]}"; both '
            "must list the presentations in the order of the rows"
        )


def _read_rows(file: Path, required: str, rows: int, of: str) -> pd.DataFrame:
    table = read_table(file, required)
    if len(table) != rows:
        raise IsomorphError(f"{file}: has {len(table)} rows, expected {rows}, the {of}")
    return table
