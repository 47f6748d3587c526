"""Units: the region each stands in, and the quality it must have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.responses.nwb.columns import column, column_names, text
from isomorph.responses.regions import placed
from isomorph.study.responses import Criterion

Array = npt.NDArray

ELECTRODES = "general/extracellular_ephys/electrodes"
"""Where the NWB schema keeps the table of electrodes."""


def unit_ids(units: h5py.Group, where: str) -> Array:
    """Return a unique id per unit: its `unit_name` where all differ, else the table's id.

    Parameters
    ----------
    units : h5py.Group
        The units table.
    where : str
        File and table, for messages.

    Returns
    -------
    ndarray (unit,) of str
    """
    if "unit_name" in units:
        names = text(column(units, "unit_name", where))
        if np.unique(names).size == names.size and "" not in names:
            return names
    return row_ids(units, where)


def row_ids(table: h5py.Group, where: str) -> Array:
    """Return the ids of a table's rows (row,) of str.

    Raises
    ------
    IsomorphError
        When two rows share one.
    """
    ids = text(column(table, "id", where))
    if np.unique(ids).size != ids.size:
        raise IsomorphError(f"{where}: two units share an id, expected each to have its own")
    return ids


def unit_regions(
    units: h5py.Group, name: str, electrode: str | None, where: str
) -> tuple[Array, Array]:
    """Return the region of each unit, from the units table or else from its electrodes.

    Parameters
    ----------
    units : h5py.Group
        The units table.
    name : str
        Column that names the region.
    electrode : str or None
        Column of the units table that holds the id of a unit's electrode, where the table does not
        point at electrodes.
    where : str
        File and table, for messages.

    Returns
    -------
    regions : ndarray (unit,) of str
        '' where no region is known.
    split : ndarray (unit,) of bool
        Units whose electrodes stand in different regions; their region is ''.

    Raises
    ------
    IsomorphError
        When neither table has the column, or there is no table of electrodes.
    """
    if name in units and electrode is None:
        regions = placed(text(column(units, name, where)))
        return regions, np.zeros(len(regions), dtype=bool)
    electrodes = _electrode_table(units, electrode)
    known = column_names(units) + (column_names(electrodes) if electrodes is not None else [])
    if electrodes is None or name not in electrodes:
        raise IsomorphError(
            f'{where}: no column "{name}" that names the region, neither there nor in the '
            f"electrodes of the units; {did_you_mean(name, known)}"
        )
    beside = where.replace("units", "electrodes")
    regions = placed(text(column(electrodes, name, beside)))
    if electrode is None:
        return _regions_of_electrodes(units, regions)
    by_id = dict(zip(row_ids(electrodes, beside), regions, strict=True))
    stands = text(column(units, electrode, where))
    found = np.array([by_id.get(one, "") for one in stands], dtype=np.str_)
    if len(found) and not np.isin(stands, list(by_id)).any():
        raise IsomorphError(
            f'{where}: column "{electrode}" holds {stands[0]}, and no electrode has that id; '
            f"electrodes are called {next(iter(by_id), 'nothing')} and so on"
        )
    return found, np.zeros(len(found), dtype=bool)


def _electrode_table(units: h5py.Group, electrode: str | None) -> Any:
    if electrode is None:
        if "electrodes" not in units:
            return None
        target = units["electrodes"].attrs.get("table")
        if isinstance(target, h5py.Reference):
            return units.file[target]
    return units.file.get(ELECTRODES)


def _regions_of_electrodes(units: h5py.Group, regions: Array) -> tuple[Array, Array]:
    """Follow each unit to its electrodes; a unit across two regions belongs to neither."""
    rows = np.asarray(units["electrodes"][:], dtype=np.int64)
    if "electrodes_index" in units:
        ends = np.asarray(units["electrodes_index"][:], dtype=np.int64)
    else:
        ends = np.arange(1, len(rows) + 1)
    sizes = np.diff(ends, prepend=0)
    labels, codes = np.unique(regions, return_inverse=True)
    lowest = np.full(len(ends), -1)
    highest = np.full(len(ends), -1)
    placed = sizes > 0
    if placed.any():
        starts = (ends - sizes)[placed]
        lowest[placed] = np.minimum.reduceat(codes[rows], starts)
        highest[placed] = np.maximum.reduceat(codes[rows], starts)
    split = lowest != highest
    found = np.where(placed & ~split, labels[np.clip(lowest, 0, None)], "")
    return found, split


def passing(
    units: h5py.Group,
    criteria: Mapping[str, Criterion],
    where: str,
    electrode: str | None = None,
) -> dict[str, Array]:
    """Tell for each criterion which units satisfy it.

    Parameters
    ----------
    units : h5py.Group
        The units table.
    criteria : mapping of str to Criterion
        By column of the table, or else of the electrodes; a unit on several satisfies one when all
        of them do, and on none does not. NaN satisfies no bound.
    where : str
        File and table, for messages.
    electrode : str or None
        Column that holds the id of a unit's electrode, see `unit_regions`.

    Returns
    -------
    dict of str to ndarray (unit,) of bool

    Raises
    ------
    IsomorphError
        When a column is missing, or a bound is put on text.
    """
    electrodes = _electrode_table(units, electrode)
    found = {}
    for name, criterion in criteria.items():
        if name in units or electrodes is None or name not in electrodes:
            good = _satisfies(column(units, name, where), criterion, f'{where}: column "{name}"')
        else:
            beside = where.replace("units", "electrodes")
            place = f'{beside}: column "{name}"'
            good = _satisfies(column(electrodes, name, beside), criterion, place)
            if electrode is None:
                good = _of_all_electrodes(units, good)
            else:
                passed = row_ids(electrodes, beside)[good]
                good = np.isin(text(column(units, electrode, where)), passed)
        found[name] = good
    return found


def _of_all_electrodes(units: h5py.Group, good: Array) -> Array:
    """Tell which units have electrodes, all of them good ones."""
    rows = np.asarray(units["electrodes"][:], dtype=np.int64)
    if "electrodes_index" not in units:
        return np.asarray(good[rows])
    ends = np.asarray(units["electrodes_index"][:], dtype=np.int64)
    before = np.concatenate([[0], np.cumsum(good[rows])])
    starts = np.concatenate([[0], ends[:-1]])
    return np.asarray((ends > starts) & (before[ends] - before[starts] == ends - starts))


def _satisfies(values: Array, criterion: Criterion, where: str) -> Array:
    good = np.ones(len(values), dtype=bool)
    if criterion.allowed is not None:
        good &= np.isin(text(values), criterion.allowed)
    if criterion.min is None and criterion.max is None:
        return good
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        raise IsomorphError(
            f"{where} holds text, so min and max do not apply; name the allowed values instead"
        ) from None
    good &= ~np.isnan(numbers)
    if criterion.min is not None:
        good &= numbers >= criterion.min
    if criterion.max is not None:
        good &= numbers <= criterion.max
    return good


def kept(reasons: Mapping[str, Array], size: int) -> tuple[Array, dict[str, int]]:
    """Tell which units are left after all reasons, and how many each took.

    A unit is counted under the first reason that applies, so the counts and the units kept add up
    to the table.

    Parameters
    ----------
    reasons : mapping of str to ndarray (unit,) of bool
        Units to leave out, by reason.
    size : int
        Number of units.

    Returns
    -------
    keep : ndarray (unit,) of bool
    dropped : dict of str to int
    """
    keep = np.ones(size, dtype=bool)
    dropped = {}
    for reason, bad in reasons.items():
        dropped[reason] = int((keep & bad).sum())
        keep &= ~bad
    return keep, dropped


def refuse_none(keep: Array, dropped: Mapping[str, int], where: str) -> None:
    """Refuse a recording of which no unit is left.

    Raises
    ------
    IsomorphError
        Saying how many units were left out for which reason.
    """
    if not keep.any():
        said = ", ".join(f"{count} {reason}" for reason, count in dropped.items() if count)
        raise IsomorphError(f"{where}: none of the {len(keep)} units is left ({said})")
