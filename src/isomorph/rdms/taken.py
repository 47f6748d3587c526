"""Responses as others hold them: arrays with and without names, made recordings of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.geometry import Floats
from isomorph.rdms.checked_numbers import numbers
from isomorph.rdms.named import first_twice, index_labels, labels
from isomorph.responses.stacks import TOLERANCE

ROWS = ("presentation", "stimulus")
"""What rows of an array may be called: presentations, which may repeat a stimulus, or stimuli."""

APART = ("run", "session")
"""Coordinates of rows that say what was recorded apart."""

MINIMUM_STIMULI = 4
"""With fewer, the geometry left after removing what is additive has no dimension."""

REGION = "brain"
"""The region of units of which nobody said it."""

EXPECTED = "(stimulus, unit) or (repetition, stimulus, unit)"


@dataclass(frozen=True)
class Taken:
    """Numbers of responses with what is known of their axes.

    Attributes
    ----------
    values : array of shape (row, unit) or (repetition, stimulus, unit)
    names : list of str or None
        Stimulus of every row, or of every place along the second axis; None where nobody said it.
    region : list of str or None
        Of every unit.
    apart : mapping of str to list of str
        `run` and `session` of every row, repetition after repetition.
    """

    values: Floats
    names: list[str] | None
    region: list[str] | None = None
    apart: Mapping[str, list[str]] = field(default_factory=dict)


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
    if isinstance(x, xr.DataArray):
        return _of_dimensions(x, what)
    names = index_labels(x.index, f"{what}: index") if isinstance(x, pd.DataFrame) else None
    return Taken(_numbers(x, what), names)


def _of_dimensions(x: xr.DataArray, what: str) -> Taken:
    """Return an array with its dimensions in the order that their names ask for."""
    dims = list(map(str, x.dims))
    if _nameless(dims):
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
    names = _stimuli(x, row, what)
    region = None
    if "region" in x.coords and x["region"].dims in ((), (units[0],)):
        region = labels(x["region"].broadcast_like(x[units[0]]), f"{what}: region")
    apart = {
        name: labels(x[name].broadcast_like(x.isel({units[0]: 0})).transpose(*outer, row).values
                     .ravel(), f"{what}: {name}")
        for name in APART
        if name in x.coords and x[name].dims and set(x[name].dims) <= {*outer, row}
    }  # fmt: skip
    return Taken(_numbers(x.values, what), names, region, apart)


def _nameless(dims: Sequence[str]) -> bool:
    return all(name == f"dim_{place}" for place, name in enumerate(dims))


def _stimuli(x: xr.DataArray, row: str, what: str) -> list[str] | None:
    """Return the stimulus of every row, None where nobody said it."""
    if "stimulus" in x.coords and x["stimulus"].dims == (row,):
        return labels(x["stimulus"], f"{what}: stimulus")
    if row == "presentation":
        raise IsomorphError(
            f"{what}: nothing says which stimulus a presentation showed; add the coordinate "
            '"stimulus"'
        )
    return None


def features(x: Any, what: str) -> tuple[Floats, list[str] | None]:
    """Return the features of one layer, stimuli along the first axis, and their names if known.

    Parameters
    ----------
    x
        An array of shape (stimulus, ...), a table with stimuli as rows, or an `xarray.DataArray`
        with the dimension `stimulus`.
    what : str
        What they are called in messages.

    Raises
    ------
    IsomorphError
        When these are not numbers, some is not finite, or a stimulus comes twice.
    """
    names = None
    if isinstance(x, xr.DataArray) and not _nameless(list(map(str, x.dims))):
        row = next((name for name in ROWS if name in x.dims), "")
        if not row or "repetition" in x.dims:
            raise IsomorphError(
                f"{what}: its dimensions are ({', '.join(map(str, x.dims))}), expected "
                "(stimulus, ...); features have no repetitions"
            )
        x = x.transpose(row, ...)
        names = _stimuli(x, row, what)
        x = x.values
    elif isinstance(x, pd.DataFrame):
        names = index_labels(x.index, f"{what}: index")
    values = numbers(x, what, "features as an array of numbers, (stimulus, ...)")
    if values.ndim < 2 or 0 in values.shape:
        raise IsomorphError(f"{what}: is of shape {values.shape}, expected (stimulus, ...)")
    if not np.isfinite(values).all():
        place = np.argwhere(~np.isfinite(values))[0].tolist()
        raise IsomorphError(f"{what}: {place} is {values[tuple(place)]}, expected numbers alone")
    if twice := first_twice(names or ()):
        raise IsomorphError(f'{what}: the stimulus "{twice}" comes twice, expected each once')
    return values, names


def recording(
    x: Taken, what: str, region: str | Sequence[str] | None, run: Sequence[Any] | None
) -> xr.Dataset:
    """Return responses as one session of a recording.

    Parameters
    ----------
    x : Taken
        Names that come again are those of repetitions. Rows without any number were not shown.
    what : str
        What they are called in messages.
    region : str or sequence of str, optional
        Of all units, or of every unit; where it is not given, as the array says, or "brain".
    run : sequence, optional
        Of every row, in place of what the array says.

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
    region = (x.region or REGION) if region is None else region
    coordinates: dict[str, Any] = {
        "stimulus": ("presentation", stimulus[shown]),
        "repetition": ("presentation", _again(stimulus)[shown]),
        "unit": np.array([str(number) for number in range(n_units)], dtype=object),
        "region": ("unit", _regions(region, n_units, what)),
    }
    apart = dict(x.apart) if run is None else {"run": labels(run, f"{what}: run")}
    for name, label in apart.items():
        if len(label) != len(rows):
            raise IsomorphError(
                f"{what}: {name} names {len(label)} {name}s for {len(rows)} rows, expected one for "
                "each"
            )
        coordinates[name] = ("presentation", np.array(label, dtype=object)[shown])
    return xr.Dataset(
        {"response": (("presentation", "unit"), rows[shown])}, coordinates, {"session": "1"}
    )


def _again(stimulus: NDArray[np.object_]) -> NDArray[np.intp]:
    """Return how often the stimulus of every row was shown before."""
    return np.asarray(pd.Series(stimulus).groupby(stimulus).cumcount(), dtype=np.intp)


def _regions(region: str | Sequence[str], n_units: int, what: str) -> NDArray[np.object_]:
    names = [region] * n_units if isinstance(region, str) else labels(region, f"{what}: region")
    if len(names) != n_units:
        raise IsomorphError(
            f"{what}: region names {len(names)} units, and there are {n_units}; expected one name, "
            "or one for each unit"
        )
    return np.array(names, dtype=object)


def _numbers(x: Any, what: str) -> Floats:
    return numbers(x, what, f"responses as an array of numbers, {EXPECTED}")


def refuse_rdm(values: Floats, what: str) -> None:
    """Refuse responses, or features, that are RDMs already.

    Raises
    ------
    IsomorphError
    """
    if _is_rdm(values):
        raise IsomorphError(
            f"{what}: is symmetric with 0 on its diagonal, so it is an RDM already; give it to "
            "isomorph.compare as it is"
        )


def _is_rdm(values: Floats) -> bool:
    """Whether matrices, one or several, have what every RDM has, and next to no responses."""
    if values.ndim not in (2, 3) or values.shape[-2] != values.shape[-1] or not values.size:
        return False
    if not np.isfinite(values).all():
        return False
    allowed = TOLERANCE * float(np.abs(values).max())
    asymmetry = np.abs(values - values.swapaxes(-1, -2)).max()
    diagonal = np.abs(np.diagonal(values, axis1=-2, axis2=-1)).max()
    return bool(max(asymmetry, diagonal) <= allowed)
