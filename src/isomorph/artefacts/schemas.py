"""Whether a file holds what the catalogue says: dimensions, coordinates, columns, attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isomorph.catalogue import TABLES, ArraySchema
from isomorph.errors import IsomorphError
from isomorph.shown import is_plain

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


HAS_RDM = ("ok", "no_halves")
"""What the status of an RDM that there is can be."""


def check_array(data: xr.Dataset, schema: ArraySchema, where: str) -> None:
    """Refuse a dataset that does not hold what its schema promises.

    Raises
    ------
    IsomorphError
        Naming the file, the variable, what it is and what it should be.
    """
    for one in schema.holds:
        if not one.optional and one.name not in data.variables:
            raise IsomorphError(f'{where}: no "{one.name}" {_dims(one.dims)}')
    known = {one.name: one.dims for one in schema.holds}
    for name, dims in (known | _of_distances(data, schema, where)).items():
        if name in data.variables and data[name].dims != _there(dims, data[name].dims):
            raise IsomorphError(
                f'{where}: "{name}" is {_dims(data[name].dims)}, expected {_dims(dims)}'
            )
    for name in schema.attributes:
        if name not in data.attrs:
            raise IsomorphError(f'{where}: no attribute "{name}"')
    for name in filter(data.variables.__contains__, schema.finite):
        bad = int(np.size(data[name]) - np.isfinite(data[name].values).sum())
        if bad:
            raise IsomorphError(f'{where}: "{name}" holds {bad} values that are not finite')
    _refuse_unseen(data, where)


def _there(dims: tuple[str, ...], found: tuple[object, ...]) -> tuple[str, ...]:
    """Return the dimensions promised, without those that may be absent and are."""
    return tuple(name.rstrip("?") for name in dims if name[-1] != "?" or name[:-1] in found)


def _of_distances(data: xr.Dataset, schema: ArraySchema, where: str) -> dict[str, tuple[str, ...]]:
    """Return the dimensions of all that is said of distances, refusing RDMs that are so in part."""
    if not schema.each:
        return {}
    for name in ("region", "subject") if "representation" in data.dims else ("layer",):
        if name not in data.coords:
            raise IsomorphError(f'{where}: no coordinate "{name}" that tells RDMs apart')
    names = [str(name) for name, one in data.data_vars.items()
             if "pair" in one.dims and not str(name).endswith("_half")]  # fmt: skip
    for name in names:
        for of in ("_status", "_reason"):
            if f"{name}{of}" not in data:
                raise IsomorphError(f'{where}: no "{name}{of}" {_dims(schema.each[of])}')
        finite = np.isfinite(data[name].values)
        given = np.isin(data[f"{name}_status"].values.astype(str), HAS_RDM)
        bad = int((finite != given[..., None]).any(axis=-1).sum())
        if bad:
            raise IsomorphError(
                f'{where}: in {bad} of {given.size} RDMs "{name}" is not what its status says, '
                "expected numbers alone, or none where there is no RDM"
            )
    return {f"{name}{of}": dims for name in names for of, dims in schema.each.items()}


def _refuse_unseen(data: xr.Dataset, where: str) -> None:
    """Refuse names with control characters: they come from files of others, and steer terminals."""
    import pandas as pd

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
