"""Columns of the stimulus table as variables: numbers that are finite, and their periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.saying import say

Floats = NDArray[np.float64]

OWN = ("stimulus", "file", "sha256")
"""Columns that describe no stimulus."""
OF_PERIOD = "_period"
"""Ends the name of the column that holds the period of another."""
PART = 0.05
"""Of its period, that values cover at least where unit and period fit."""
ROUNDING = 1e-6
"""Of a period, by which values may go beyond it."""


def column_of(table: pd.DataFrame, name: str, where: str) -> pd.Series:
    """Return a column of the stimulus table.

    Raises
    ------
    IsomorphError
        When there is none of the name.
    """
    known = [str(one) for one in table.columns if one not in OWN]
    if name not in known:
        raise IsomorphError(
            f'{where}: the stimulus table has no "{name}", {did_you_mean(name, known)}'
        )
    return table[name]


def values_of(table: pd.DataFrame, name: str, where: str) -> Floats:
    """Return a column of numbers, which differ between stimuli.

    Parameters
    ----------
    table : DataFrame
        The stimulus table.
    name : str
    where : str
        Model and option, for errors.

    Returns
    -------
    array of shape (stimulus,)

    Raises
    ------
    IsomorphError
        When there is no such column, it holds text or nothing for some stimuli, or one value for
        all.
    """
    column = column_of(table, name, where)
    empty = column.isna() | (column.astype(str).str.strip() == "")
    numbers = pd.to_numeric(column.where(~empty), errors="coerce").astype(float)
    if len(odd := column[numbers.isna() & ~empty]):
        raise IsomorphError(
            f'{where}: {name} holds "{odd.iloc[0]}", which is not a number; words make a tree '
            "(geometry/tree) or labels (baseline/category)"
        )
    values = np.asarray(numbers, dtype=np.float64)
    if len(absent := np.flatnonzero(~np.isfinite(values))):
        stimulus = table["stimulus"].iloc[absent[0]]
        raise IsomorphError(
            f"{where}: {name} has no finite number for {len(absent)} of {len(table)} stimuli, "
            f'"{stimulus}" for one; leave these stimuli out, or the model for this dataset'
        )
    if np.ptp(values) == 0:
        raise IsomorphError(
            f"{where}: {name} is {values[0]:g} for every stimulus, which has no geometry"
        )
    return values


def variables_of(table: pd.DataFrame) -> dict[str, bool]:
    """Return the variables that stimuli are values of, and whether each has a period.

    They are the columns beside which a column says their period, empty where they have none.
    """
    return {
        name: bool(_filled(table[name + OF_PERIOD]).any())
        for name in map(str, table.columns)
        if name + OF_PERIOD in table
    }


def chosen(
    table: pd.DataFrame,
    given: Sequence[str],
    where: str,
    *,
    periodic: bool | None,
    least: int,
    most: int | None,
) -> list[str]:
    """Return the columns that are given, else the variables of the table that can be meant.

    Parameters
    ----------
    table : DataFrame
        The stimulus table.
    given : sequence of str
        Names of columns; empty for those of the table's variables that fit.
    where : str
        Model and option, for errors.
    periodic : bool or None
        Whether the variables are those that have a period; None for all.
    least, most : int, int or None
        How many columns there must be.

    Raises
    ------
    IsomorphError
        When there are fewer, or more.
    """
    variables = variables_of(table)
    found = list(given) or [
        name for name, has in variables.items() if periodic is None or has == periodic
    ]
    if len(found) >= least and (most is None or len(found) <= most):
        return found
    number = f"{least}" if most == least else f"{least} or more"
    if given:
        raise IsomorphError(f"{where}: names {', '.join(given)}, expected {number}")
    kind = {None: "variables", True: "variables with a period", False: "variables without a period"}
    known = [str(one) for one in table.columns if one not in OWN]
    raise IsomorphError(
        f"{where}: {number} expected, and the stimulus table does not say which: its "
        f"{kind[periodic]} are {', '.join(found) or 'none'}; columns known: "
        f"{', '.join(known) or 'none'}"
    )


def period_of(
    table: pd.DataFrame,
    name: str,
    given: float | Mapping[str, float] | None,
    where: str,
) -> float | None:
    """Return the period of a column: as it is given, else as the stimulus table says, else None.

    Parameters
    ----------
    table : DataFrame
        The stimulus table, in which `<name>_period` is a column.
    name : str
    given : float or mapping of str to float, optional
        That of all columns, or of each by name.
    where : str
        The model, for errors.

    Raises
    ------
    IsomorphError
        When the table says several, or something that is no number above 0.
    """
    if isinstance(given, Mapping):
        if name in given:
            return given[name]
    elif given is not None:
        return given
    if name + OF_PERIOD not in table:
        return None
    column = table[name + OF_PERIOD]
    said = column[_filled(column)]
    if said.empty:
        return None
    numbers = pd.to_numeric(said, errors="coerce").to_numpy(dtype=np.float64)
    if not (np.isfinite(numbers) & (numbers > 0)).all() or np.ptp(numbers) > 0 or (
        len(said) < len(table)
    ):  # fmt: skip
        raise IsomorphError(
            f"{where}: {name}{OF_PERIOD} of the stimulus table must be one number above 0 for "
            "every stimulus; write options.period"
        )
    return float(numbers[0])


def refuse_stray(given: float | Mapping[str, float] | None, names: Sequence[str],
                 where: str) -> None:  # fmt: skip
    """Refuse the period of a column that is none of those of the model.

    Raises
    ------
    IsomorphError
    """
    for name in given if isinstance(given, Mapping) else ():
        if name not in names:
            raise IsomorphError(f'{where}: options.period: "{name}" is no column of the model, '
                                f"{did_you_mean(name, names)}")  # fmt: skip


def angles_of(
    table: pd.DataFrame,
    name: str,
    given: float | Mapping[str, float] | None,
    where: str,
    key: str = "column",
) -> Floats:
    """Return a column as angles, of which a full turn is its period.

    Parameters
    ----------
    table : DataFrame
        The stimulus table.
    name : str
    given : float or mapping of str to float, optional
        Its period, as options give it.
    where : str
        The model, for errors.
    key : str, optional
        Option that names the column.

    Returns
    -------
    array of shape (stimulus,)
        Radians.

    Raises
    ------
    IsomorphError
        When there is no such column of numbers, it has no period, or goes beyond it.
    """
    values = values_of(table, name, f"{where}: options.{key}")
    period = period_of(table, name, given, where)
    if period is None:
        raise IsomorphError(
            f"{where}: options.period: is required, as the stimulus table does not say after which "
            f"{name} comes back ({name}{OF_PERIOD}); a variable that never does is a line"
        )
    within_period(values, period, name, where)
    return 2 * np.pi * values / period


def within_period(values: Floats, period: float, name: str, where: str) -> None:
    """Refuse values that go beyond their period, and say where they cover little of it.

    Raises
    ------
    IsomorphError
    """
    span = float(np.ptp(values))
    if span > period * (1 + ROUNDING):
        raise IsomorphError(
            f"{where}: options.period: {name} runs from {values.min():g} to {values.max():g}, more "
            f"than its period of {period:g}; is that in the unit of the column?"
        )
    if span < PART * period:
        say(
            f"{where}: {name} covers {span / period:.1%} of its period of {period:g}; is that in "
            "the unit of the column?"
        )


def _filled(column: pd.Series) -> pd.Series:
    return column.notna() & (column.astype(str).str.strip() != "")
