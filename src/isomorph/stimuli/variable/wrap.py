"""Periods: values wrapped into one, where it fits them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.study.variable import TURN, Variable

Array = npt.NDArray

FITS = 1.01
"""Periods that values may span which are not unwrapped: trackers round, and filters overshoot."""

NARROW = 0.25
"""Share of a period that values in all recordings must reach over for it to be theirs."""

UNITS = {
    TURN: ("radians", "radian", "rad"),
    360.0: ("degrees", "degree", "deg", "°"),
}
"""What units of angles are called, the first their own name, by a full turn in them."""


ALIKE = (*UNITS.values(), ("meters", "meter", "metres", "metre", "m"),
         ("centimeters", "centimeter", "centimetres", "centimetre", "cm"))  # fmt: skip


def plain_unit(unit: str) -> str:
    """Return a unit by the one name that all its names share."""
    name = unit.strip().casefold()
    return next((names[0] for names in ALIKE if name in names), name)


def wrapped(values: Array, variable: Variable) -> Array:
    """Return values of a variable in one period (sample,), or as they are where it has none."""
    period, start = variable.period, variable.begins
    if period is None:
        return values
    inside = (values - start) % period
    # Rounding makes a period of what is just below 0.
    return start + np.where(inside >= period, 0.0, inside)


def refuse_unfit(values: Array, variable: Variable, unit: str, where: str) -> None:
    """Refuse a period that is not that of the values of a variable.

    Parameters
    ----------
    values : array of shape (sample,)
        As they are found, before they are wrapped.
    variable : Variable
        Its settings.
    unit : str
        Of the values, empty where nobody says it.
    where : str
        File and place, for messages.

    Raises
    ------
    IsomorphError
        When the period is one of another unit, or values span more than it.
    """
    period = variable.period
    if period is None:
        return
    turn = next((one for one, names in UNITS.items() if plain_unit(unit) == names[0]), None)
    if turn is not None and not _divides(turn, period):
        raise IsomorphError(
            f"{where}: is in {unit}, of which a full turn has {turn:g}, so period: {period:g} does "
            f"not fit; expected {turn:g}, or a part of it where turned figures look the same"
        )
    known = values[np.isfinite(values)]
    span = float(np.ptp(known)) if known.size else 0.0
    if span > FITS * period and not variable.unwrapped:
        raise IsomorphError(
            f"{where}: its values lie between {known.min():g} and {known.max():g}, further apart "
            f"than period: {period:g}; {_instead(span)}"
        )


def _divides(turn: float, period: float) -> bool:
    """Tell whether a period is a full turn, or a whole part of one."""
    parts = turn / period
    return round(parts) >= 1 and math.isclose(parts, round(parts), rel_tol=1e-3)


def _instead(span: float) -> str:
    near = next((turn for turn in UNITS if 0.7 * turn < span <= FITS * turn), None)
    if near is not None:
        return f"are they {UNITS[near][0]} (period: {near:.7g})?"
    return "say the period in their own unit, or unwrapped: true where they count on through turns"


def refuse_narrow(reached: Array, variable: Variable, name: str, where: str) -> None:
    """Refuse a period of which values in all recordings reach over a small part alone.

    Parameters
    ----------
    reached : array of bool of shape (part,)
        Which of many equal parts of the period hold a value.
    variable : Variable
        Its settings.
    name : str
        What it is called.
    where : str
        The dataset's file, for messages.

    Raises
    ------
    IsomorphError
        Saying how far they reach.
    """
    period = variable.period
    places = np.flatnonzero(reached)
    if period is None or not len(places):
        return
    empty = np.diff(np.append(places, places[0] + len(reached))).max() - 1
    share = 1 - empty / len(reached)
    if share < NARROW:
        near = next((turn for turn in UNITS if turn < period and share * period > 0.7 * turn), None)
        hint = f", or are they in {UNITS[near][0]} (period: {near:.7g})" if near is not None else ""
        raise IsomorphError(
            f"{where}: stimuli: {name}: in all recordings its values reach over "
            f"{share * period:.3g} of period: {period:g}; does the period fit them{hint}? A "
            "variable that never comes round has none"
        )
