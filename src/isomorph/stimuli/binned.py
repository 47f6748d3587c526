"""Columns of a stimulus table that say which bins of variables its stimuli are."""

from __future__ import annotations

import math

import pandas as pd


def variables_in(table: pd.DataFrame) -> list[str]:
    """Return the variables whose bins stimuli are, in the order of the table.

    Parameters
    ----------
    table : DataFrame
        A row per stimulus; of a variable `<name>`, `<name>_start` and `<name>_stop` are columns.
    """
    known = {*table.columns}
    return [str(name) for name in table.columns if {f"{name}_start", f"{name}_stop"} <= known]


def period_in(table: pd.DataFrame, name: str) -> float | None:
    """Return after which a variable comes back to where it was, None where it never does.

    Parameters
    ----------
    table : DataFrame
        See `variables_in`; `<name>_period` is the same in all rows, and empty where there is none.
    name : str
    """
    if f"{name}_period" not in table or table.empty:
        return None
    found = float(pd.to_numeric(table[f"{name}_period"], errors="coerce").iloc[0])
    return found if math.isfinite(found) else None
