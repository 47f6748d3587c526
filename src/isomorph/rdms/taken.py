"""Responses as others hold them: arrays with and without names, made recordings of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.geometry import Floats

ROWS = ("presentation", "stimulus")
"""What rows of an array may be called: presentations, which may repeat a stimulus, or stimuli."""

EXPECTED = "(stimulus, unit) or (repetition, stimulus, unit)"


@dataclass(frozen=True)
class Taken:
    """Numbers of responses with what is known of their axes.

    Attributes
    ----------
    values : array of shape (row, unit) or (repetition, stimulus, unit)
    names : list of str or None
        Stimulus of every row, or of every place along the second axis; None where nobody said it.
    """

    values: Floats
    names: list[str] | None


def taken(x: Any, what: str) -> Taken:
    """Return responses with the axes in their order, whatever holds them.

    Parameters
    ----------
    x
        An array, a table with stimuli as rows, or an `xarray.DataArray` whose dimensions say what
        they are.
    what : str
        What they are called in messages.

    Raises
    ------
    IsomorphError
        When these are not numbers, or the names of the dimensions are not known.
    """
    names = None
    if isinstance(x, pd.DataFrame):
        if not isinstance(x.index, pd.RangeIndex):
            names = list(map(str, x.index))
        x = x.to_numpy()
    elif isinstance(x, xr.DataArray):
        return _of_dimensions(x, what)
    return Taken(_numbers(x, what), names)


def _of_dimensions(x: xr.DataArray, what: str) -> Taken:
    """Return an array with its dimensions in the order that their names ask for."""
    dims = list(map(str, x.dims))
    if all(name == f"dim_{place}" for place, name in enumerate(dims)):
        return Taken(_numbers(x.values, what), None)
    row = next((name for name in ROWS if name in dims), "")
    outer = ["repetition"] if "repetition" in dims and row == "stimulus" else []
    units = [name for name in dims if name not in (row, *outer)]
    if not row or len(units) != 1:
        raise IsomorphError(
            f"{what}: its dimensions are ({', '.join(dims)}), expected (stimulus, unit), "
            "(repetition, stimulus, unit) or (presentation, unit)"
        )
    x = x.transpose(*outer, row, *units)
    names = None
    if "stimulus" in x.coords and x["stimulus"].dims == (row,):
        names = list(map(str, x["stimulus"].values.tolist()))
    elif row == "presentation":
        raise IsomorphError(
            f"{what}: nothing says which stimulus a presentation showed; add the coordinate "
            '"stimulus"'
        )
    return Taken(_numbers(x.values, what), names)


def recording(
    x: Taken, what: str, region: str | Sequence[str], run: Sequence[Any] | None
) -> xr.Dataset:
    """Return responses as one session of a recording.

    Parameters
    ----------
    x : Taken
        Names that come again are those of repetitions. Rows without any number were not shown.
    what : str
        What they are called in messages.
    region : str or sequence of str
        Of all units, or of every unit.
    run : sequence, optional
        Of every row.

    Returns
    -------
    Dataset
        `response (presentation, unit)` with `stimulus`, `repetition`, and `run` where it is known.

    Raises
    ------
    IsomorphError
        When the shape is not that of responses, or single numbers are missing.
    """
    values = x.values
    if values.ndim not in (2, 3) or 0 in values.shape:
        raise IsomorphError(f"{what}: is of shape {values.shape}, expected {EXPECTED}")
    repetitions, n_rows, n_units = values.shape if values.ndim == 3 else (1, *values.shape)
    names = x.names
    if names is None or len(names) != n_rows:
        raise IsomorphError(
            f"{what}: {len(names or ())} stimuli are named, and it has {n_rows} rows of {n_units} "
            f"units; expected {EXPECTED}"
        )
    if repetitions > 1 and len(set(names)) < len(names):
        raise IsomorphError(f"{what}: a stimulus is named twice, expected each once")
    stimulus = np.tile(np.array(names, dtype=object), repetitions)
    rows = values.reshape(-1, n_units)
    shown = ~np.isnan(rows).all(axis=1) if n_units else np.zeros(0, dtype=bool)
    bad = np.argwhere(~np.isfinite(rows[shown]))
    if len(bad):
        at, unit = np.flatnonzero(shown)[bad[0][0]], bad[0][1]
        place = (at // n_rows, at % n_rows, unit) if values.ndim == 3 else (at, unit)
        told = ", ".join(map(str, np.asarray(place).tolist()))
        raise IsomorphError(
            f"{what}: [{told}] is {rows[at, unit]}, and {len(bad) - 1} other values are not finite "
            "either; leave those units out, or the stimuli of those rows"
            if len(bad) > 1
            else f"{what}: [{told}] is {rows[at, unit]}; leave the unit out, or the stimulus"
        )
    coordinates: dict[str, Any] = {
        "stimulus": ("presentation", stimulus[shown]),
        "repetition": ("presentation", _again(stimulus)[shown]),
        "unit": np.array([str(number) for number in range(n_units)], dtype=object),
        "region": ("unit", _regions(region, n_units, what)),
    }
    if run is not None:
        label = np.array([str(one) for one in run], dtype=object)
        if len(label) != len(rows):
            raise IsomorphError(
                f"{what}: run names {len(label)} runs for {len(rows)} rows, expected one for each"
            )
        coordinates["run"] = ("presentation", label[shown])
    return xr.Dataset(
        {"response": (("presentation", "unit"), rows[shown])}, coordinates, {"session": "1"}
    )


def _again(stimulus: NDArray[np.object_]) -> NDArray[np.intp]:
    """Return how often the stimulus of every row was shown before."""
    return np.asarray(pd.Series(stimulus).groupby(stimulus).cumcount(), dtype=np.intp)


def _regions(region: str | Sequence[str], n_units: int, what: str) -> NDArray[np.object_]:
    names = [region] * n_units if isinstance(region, str) else [str(one) for one in region]
    if len(names) != n_units:
        raise IsomorphError(
            f"{what}: region names {len(names)} units, and there are {n_units}; expected one name, "
            "or one for each unit"
        )
    return np.array(names, dtype=object)


def _numbers(x: Any, what: str) -> Floats:
    try:
        values = np.asarray(x)
    except (TypeError, ValueError, RuntimeError):
        values = np.empty(0, dtype=object)
    if values.dtype.kind not in "iufb":
        raise IsomorphError(
            f"{what}: is {type(x).__name__}, expected responses as an array of numbers, {EXPECTED}"
        )
    return values.astype(float)
