"""Whether a file holds what the catalogue says: dimensions, coordinates, columns, attributes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.catalogue import CATALOGUE, ArraySchema
from isomorph.errors import IsomorphError
from isomorph.registry import Registry
from isomorph.shown import is_plain

TABLES: Registry[tuple[str, ...]] = Registry(
    "table", {name: one.required for name, one in CATALOGUE.items() if one.columns}
)
"""Required columns by table. `status` is `ok` or says in words why the row has no number."""


def check_array(data: xr.Dataset, schema: ArraySchema, where: str) -> None:
    """Refuse a dataset that does not hold what its schema promises.

    Raises
    ------
    IsomorphError
        Naming the file, the variable, what it is and what it should be.
    """
    for one in schema.holds:
        if one.name not in data.variables:
            if one.optional:
                continue
            raise IsomorphError(f'{where}: no "{one.name}" {_dims(one.dims)}')
        if data[one.name].dims != one.dims:
            raise IsomorphError(
                f'{where}: "{one.name}" is {_dims(data[one.name].dims)}, expected {_dims(one.dims)}'
            )
    for name in schema.attributes:
        if name not in data.attrs:
            raise IsomorphError(f'{where}: no attribute "{name}"')
    for name in schema.finite:
        bad = int(np.size(data[name]) - np.isfinite(data[name].values).sum())
        if bad:
            raise IsomorphError(f'{where}: "{name}" holds {bad} values that are not finite')
    _refuse_unseen(data, where)


def _refuse_unseen(data: xr.Dataset, where: str) -> None:
    """Refuse names with control characters: they come from files of others, and steer terminals."""
    for key, variable in data.variables.items():
        if variable.dtype.kind in "OU":
            for name in pd.unique(variable.values.ravel()):
                if isinstance(name, str) and not is_plain(name):
                    raise IsomorphError(
                        f'{where}: the {key} "{name}" holds a character that cannot be seen, which '
                        "no name may; rename it in the file it comes from"
                    )


def check_table(table: pd.DataFrame, kind: str, where: str) -> None:
    """Refuse a table that lacks a column.

    Raises
    ------
    IsomorphError
        Naming the file and the missing columns.
    """
    missing = [column for column in TABLES[kind] if column not in table.columns]
    if missing:
        raise IsomorphError(f"{where}: no column {', '.join(missing)} in the {kind} table")


def _dims(dims: tuple[object, ...]) -> str:
    return "(" + ", ".join(str(dim) for dim in dims) + ")"
