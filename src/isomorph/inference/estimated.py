"""Rows of tables: an estimate, how sure it is, and why it has no number where it has none."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isomorph.inference.spread import UNLIMITED, Spread
from isomorph.measures import Floats, Measure
from isomorph.responses.times import EDGES

Row = dict[str, Any]

PLACE = ("region", *EDGES)
"""Columns that say where and when: the time bin in seconds from onset, nothing without bins."""

DEGENERATE = "half of the resamples or more are degenerate"
NO_NUMBER = "the measure is undefined here"
NO_CHANCE = (
    "the chance level of this measure is not known, so values are not set against each other"
)


class RowStatus(StrEnum):
    """What a row has; its `reason` is the sentence that says why it has no more."""

    OK = "ok"
    """All of it."""
    LIMITED = "limited"
    """All of it, under a condition that is not met in full."""
    UNTESTED = "untested"
    """An estimate and its interval, no p."""
    UNSURE = "unsure"
    """An estimate alone."""
    UNDEFINED = "undefined"
    """Nothing."""


def no_chance(measure: Measure) -> str:
    """Return why values under a measure are not set against each other; empty where they are."""
    return "" if measure.known_chance else NO_CHANCE


def status_of(
    estimate: Floats, unsure: ArrayLike = "", untested: ArrayLike = "", no_value: str = ""
) -> Row:
    """Return the columns `status` and `reason`.

    Parameters
    ----------
    estimate : array of shape (thing,)
    unsure, untested : str, or array of str of shape (thing,)
        Why there is no interval, why there is no p; empty where there is.
    no_value : str
        Why there may be no estimate, in place of why there is then no interval.
    """
    shape = np.shape(estimate)
    why, no_p = (np.broadcast_to(np.asarray(a, dtype=object), shape) for a in (unsure, untested))
    undefined = ~np.isfinite(np.asarray(estimate, dtype=float))
    # Why there is no interval or no p is not why there is no estimate.
    reason = np.where(why != "", why, no_p)
    reason = np.where(undefined & np.isin(why, ["", DEGENERATE]), NO_NUMBER, reason)
    if no_value:
        reason = np.where(undefined, no_value, reason)
    status = np.select(
        [undefined, why != "", no_p != ""],
        [RowStatus.UNDEFINED, RowStatus.UNSURE, RowStatus.UNTESTED],
        RowStatus.OK,
    )
    return {"status": status.astype(object), "reason": reason}


def estimated(
    estimate: Floats,
    spread: Spread,
    coverage: float,
    limits: tuple[float, float] = UNLIMITED,
    *,
    unsure: ArrayLike = "",
    untested: ArrayLike = "",
    no_value: str = "",
) -> Row:
    """Return the columns that say how sure estimates are.

    Parameters
    ----------
    estimate : array of shape (thing,)
    spread : Spread
    coverage : float
        Of the interval.
    limits : tuple of float
        What an estimate can be.
    unsure, untested : str, or array of str of shape (thing,)
        Why there is no interval, why there is no p; empty where there is.
    no_value : str
        Why there may be no estimate.

    Returns
    -------
    dict
        `standard_error`, `interval_low`, `interval_high`, `scheme`, `status`, `reason`.
    """
    status = status_of(estimate, unsure, untested, no_value)
    sound = ~np.isin(status["status"], [RowStatus.UNDEFINED, RowStatus.UNSURE])
    error = np.where(sound, spread.standard_error, np.nan)
    low, high = replace(spread, standard_error=error).interval(estimate, coverage, limits)
    return {
        "standard_error": error,
        "interval_low": low,
        "interval_high": high,
        "scheme": spread.scheme,
        **status,
    }


def unsure_of(resampled: Floats, unsure: str = "") -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Return in how many resamples things are defined, and why these do not tell how they vary.

    Parameters
    ----------
    resampled : array of shape (resample, thing)
    unsure : str
        Why no resample tells anything; empty where they do.
    """
    usable = np.asarray(np.isfinite(resampled).sum(axis=0))
    why = np.where(2 * usable > len(resampled), unsure, unsure or DEGENERATE)
    return usable, why.astype(object)


def said(reason: str = "", status: RowStatus = RowStatus.UNDEFINED) -> Row:
    """Return the columns `status` and `reason` of one row: `ok` without a reason."""
    return {"status": status if reason else RowStatus.OK, "reason": reason}


def without(reason: str) -> Row:
    """Return what a row of an estimate says that has no number, and why."""
    return {"scheme": "", **said(reason)}


def records(columns: Row, n: int) -> list[Row]:
    """Return columns, each `(thing,)` or the same for all things, as a row per thing."""
    wide = {name: np.broadcast_to(np.asarray(one), n).tolist() for name, one in columns.items()}
    return [dict(zip(wide, each, strict=True)) for each in zip(*wide.values(), strict=True)]
