"""Tables of intervals in a recording, and numbers in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.nwb import Nwb
from isomorph.stimuli.rows import chosen, columns_of

Array = npt.NDArray


def intervals(
    nwb: Nwb, table: str, where: Mapping[str, Sequence[str]], columns: Sequence[str] = ()
) -> pd.DataFrame:
    """Return when the intervals of a table start and stop that have the values asked for.

    Parameters
    ----------
    nwb : Nwb
    table : str
        Intervals table.
    where : mapping of str to sequence of str
        Values a column may have.
    columns : sequence of str
        Further columns to return, as text.

    Raises
    ------
    IsomorphError
        When there is no such table or column, no interval has such values, or one ends before it
        starts.
    """
    edges = ("start_time", "stop_time")
    every = tuple(dict.fromkeys((*edges, *columns, *where)))
    rows = columns_of(nwb, table, every)
    here = f"{nwb.path}: {table}"
    found = chosen(rows, every, where)
    if not len(found):
        for name, allowed in where.items():
            known = sorted(set(rows[name]))
            if absent := [one for one in allowed if one not in known]:
                raise IsomorphError(
                    f'{here}: no interval has {name} "{absent[0]}", '
                    f"{did_you_mean(absent[0], known)}"
                )
        raise IsomorphError(f"{here}: no interval has what is asked of {', '.join(where) or 'it'}")
    found = found.assign(
        **{edge: numbers(found[edge], f'{here}: column "{edge}"') for edge in edges}
    )
    found = found[np.isfinite(found["start_time"]) & np.isfinite(found["stop_time"])]
    backwards = found["stop_time"] < found["start_time"]
    if backwards.any():
        one = found[backwards].iloc[0]
        raise IsomorphError(
            f"{here}: an interval starts at {one['start_time']:g} s and ends before, at "
            f"{one['stop_time']:g} s"
        )
    return found


def numbers(cells: pd.Series[Any], where: str) -> Array:
    """Return text cells as numbers (row,), NaN where a cell is empty.

    Raises
    ------
    IsomorphError
        Naming the first cell that is none.
    """
    found = pd.to_numeric(cells.replace("", "nan"), errors="coerce").to_numpy(np.float64)
    wrong = np.isnan(found) & ~cells.str.casefold().isin(["", "nan"]).to_numpy(dtype=bool)
    if wrong.any():
        raise IsomorphError(
            f'{where} holds "{cells[wrong].iloc[0]}", expected numbers; what has a name and no '
            "value is a condition (stimuli of kind conditions)"
        )
    return found
