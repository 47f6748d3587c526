"""Units: the region each stands in, and the quality it must have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.nwb import (
    Nwb,
    NwbContainer,
    column,
    column_names,
    paths,
    ragged,
    row_ids,
    rows_of,
    split,
    text,
)
from isomorph.responses.region_names import placed
from isomorph.study.recorded import Criterion

Array = npt.NDArray

ELECTRODES = "general/extracellular_ephys/electrodes"
"""Where the NWB schema keeps the table of electrodes."""
POINTER = "electrodes"
"""Column of the units table that points at rows of that table."""


def unit_ids(units: NwbContainer, where: str) -> Array:
    """Return a unique id per unit: its `unit_name` where all differ, else the table's id.

    Parameters
    ----------
    units : Units
        The units table.
    where : str
        File and table, for messages.

    Returns
    -------
    array of str of shape (unit,)
    """
    if "unit_name" in column_names(units):
        names = text(column(units, "unit_name", where))
        if np.unique(names).size == names.size and "" not in names:
            return names
    return row_ids(units, where)


def unit_regions(
    nwb: Nwb, units: NwbContainer, name: str, electrode: str | None, where: str
) -> tuple[Array, Array]:
    """Return the region of each unit, from the units table or else from its electrodes.

    Parameters
    ----------
    nwb : Nwb
        The recording.
    units : Units
        Its units table.
    name : str
        Column that names the region, see `isomorph.foreign.nwb.column`:
        `electrode_group.location` follows each unit to its group.
    electrode : str or None
        Column of the units table that holds the id of a unit's electrode, where the table does not
        point at electrodes.
    where : str
        File and table, for messages.

    Returns
    -------
    regions : array of str of shape (unit,)
        '' where no region is known.
    split : array of bool of shape (unit,)
        Units whose electrodes stand in different regions; their region is ''.

    Raises
    ------
    IsomorphError
        When neither table has the column, or there is no table of electrodes.
    """
    own, beyond = split(units, name)
    if own == POINTER and beyond:
        name = beyond
    elif own is not None and electrode is None:
        regions = placed(text(column(units, name, where)))
        return regions, np.zeros(len(regions), dtype=bool)
    electrodes = _electrode_table(nwb, units, electrode)
    if electrodes is None or split(electrodes, name)[0] is None:
        known = [*paths(units, where), *([] if electrodes is None else paths(electrodes, where))]
        raise IsomorphError(
            f'{where}: no column "{name}" that names the region, neither there nor in the '
            f"electrodes of the units; {did_you_mean(name, known)}"
        )
    beside = where.replace("units", "electrodes")
    regions = placed(text(column(electrodes, name, beside)))
    if electrode is None:
        return _regions_of_electrodes(regions, *_electrodes_of(units, where))
    by_id = dict(zip(row_ids(electrodes, beside), regions, strict=True))
    stands = text(column(units, electrode, where))
    found = np.array([by_id.get(one, "") for one in stands], dtype=np.str_)
    if len(found) and not np.isin(stands, list(by_id)).any():
        raise IsomorphError(
            f'{where}: column "{electrode}" holds {stands[0]}, and no electrode has that id; '
            f"electrodes are called {next(iter(by_id), 'nothing')} and so on"
        )
    return found, np.zeros(len(found), dtype=bool)


def _electrode_table(nwb: Nwb, units: NwbContainer, electrode: str | None) -> NwbContainer:
    """Return the table of electrodes that units point at, else the file's; None without one."""
    if electrode is None:
        if POINTER not in column_names(units):
            return None
        found = units[POINTER]
        table = getattr(getattr(found, "target", found), "table", None)
        if table is not None:
            return table
    return nwb.container(ELECTRODES) if nwb.has(ELECTRODES) else None


def _electrodes_of(units: NwbContainer, where: str) -> tuple[Array, Array]:
    """Return the rows of all units' electrodes one after another, and where each unit's end."""
    values, ends = ragged(units, POINTER, where)
    return rows_of(values, f"{where}: {POINTER}"), ends


def _regions_of_electrodes(regions: Array, rows: Array, ends: Array) -> tuple[Array, Array]:
    """Follow each unit to its electrodes; a unit across two regions belongs to neither."""
    sizes = np.diff(ends, prepend=0)
    labels, codes = np.unique(regions, return_inverse=True)
    lowest = np.full(len(ends), -1)
    highest = np.full(len(ends), -1)
    has_any = sizes > 0
    if has_any.any():
        starts = (ends - sizes)[has_any]
        lowest[has_any] = np.minimum.reduceat(codes[rows], starts)
        highest[has_any] = np.maximum.reduceat(codes[rows], starts)
    across = lowest != highest
    found = np.where(has_any & ~across, labels[np.clip(lowest, 0, None)], "")
    return found, across


def passing(
    table: NwbContainer,
    criteria: Mapping[str, Criterion],
    where: str,
    nwb: Nwb | None = None,
    electrode: str | None = None,
) -> dict[str, Array]:
    """Tell for each criterion which units satisfy it.

    Parameters
    ----------
    table : DynamicTable
        The units table, or that of ROIs.
    criteria : mapping of str to Criterion
        By column of the table, or else of the electrodes; a unit on several satisfies one when all
        of them do, and on none does not. NaN satisfies no bound.
    where : str
        File and table, for messages.
    nwb : Nwb, optional
        The recording, where units have electrodes.
    electrode : str or None
        Column that holds the id of a unit's electrode, see `unit_regions`.

    Returns
    -------
    dict of str to array of bool of shape (unit,)

    Raises
    ------
    IsomorphError
        When a column is missing, or a bound is put on text.
    """
    electrodes = None if nwb is None else _electrode_table(nwb, table, electrode)
    found = {}
    for name, criterion in criteria.items():
        on_table = split(table, name)[0] is not None
        if on_table or electrodes is None or split(electrodes, name)[0] is None:
            good = _satisfies(column(table, name, where), criterion, f'{where}: column "{name}"')
        else:
            beside = where.replace("units", "electrodes")
            place = f'{beside}: column "{name}"'
            good = _satisfies(column(electrodes, name, beside), criterion, place)
            if electrode is None:
                good = _of_all_electrodes(good, *_electrodes_of(table, where))
            else:
                passed = row_ids(electrodes, beside)[good]
                good = np.isin(text(column(table, electrode, where)), passed)
        found[name] = good
    return found


def _of_all_electrodes(good: Array, rows: Array, ends: Array) -> Array:
    """Tell which units have electrodes, all of them good ones."""
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
    reasons : mapping of str to array of bool of shape (unit,)
        Units to leave out, by reason.
    size : int
        Number of units.

    Returns
    -------
    keep : array of bool of shape (unit,)
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
