"""Units: the region each stands in, and the quality it must have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.responses.columns import column, text
from isomorph.study.responses import Criterion

Array = npt.NDArray


def unit_ids(units: Any, where: str) -> Array:
    """Return a unique id per unit: its `unit_name` where all differ, else the table's id.

    Parameters
    ----------
    units : pynwb.misc.Units
        The units table.
    where : str
        File and table, for messages.

    Returns
    -------
    ndarray (unit,) of str
    """
    if "unit_name" in units.colnames:
        names = text(column(units, "unit_name", where))
        if np.unique(names).size == names.size and "" not in names:
            return names
    ids = text(units.id[:])
    if np.unique(ids).size != ids.size:
        raise IsomorphError(f"{where}: two units share an id, expected each to have its own")
    return ids


def unit_regions(units: Any, name: str, where: str) -> tuple[Array, Array]:
    """Return the region of each unit, from the units table or else from its electrodes.

    Parameters
    ----------
    units : pynwb.misc.Units
        The units table.
    name : str
        Column that names the region.
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
        When neither table has the column.
    """
    if name in units.colnames:
        regions = text(column(units, name, where))
        return regions, np.zeros(len(regions), dtype=bool)
    electrodes = _electrode_table(units)
    known = list(units.colnames) + (list(electrodes.colnames) if electrodes is not None else [])
    if electrodes is None or name not in electrodes.colnames:
        raise IsomorphError(
            f'{where}: no column "{name}" that names the region, neither there nor in the '
            f"electrodes of the units; {did_you_mean(name, known)}"
        )
    regions = text(column(electrodes, name, where.replace("units", "electrodes")))
    return _regions_of_electrodes(units["electrodes"], regions)


def _electrode_table(units: Any) -> Any:
    if "electrodes" not in units.colnames:
        return None
    found = units["electrodes"]
    return getattr(found, "target", found).table  # an index points at the region, it at the table


def _regions_of_electrodes(reference: Any, regions: Array) -> tuple[Array, Array]:
    """Follow each unit to its electrodes; a unit across two regions belongs to neither."""
    if hasattr(reference, "target"):
        rows = np.asarray(reference.target.data[:], dtype=np.int64)
        ends = np.asarray(reference.data[:], dtype=np.int64)
    else:
        rows = np.asarray(reference.data[:], dtype=np.int64)
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


def passing(units: Any, criteria: Mapping[str, Criterion], where: str) -> dict[str, Array]:
    """Tell for each criterion which units satisfy it.

    Parameters
    ----------
    units : pynwb.misc.Units
        The units table.
    criteria : mapping of str to Criterion
        By column. NaN satisfies no bound.
    where : str
        File and table, for messages.

    Returns
    -------
    dict of str to ndarray (unit,) of bool

    Raises
    ------
    IsomorphError
        When a column is missing, or a bound is put on text.
    """
    return {
        name: _satisfies(column(units, name, where), criterion, f'{where}: column "{name}"')
        for name, criterion in criteria.items()
    }


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
