"""Time bins: the coordinates that say when responses were measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError

Array = npt.NDArray

EDGES = ("time_start", "time_stop")


def time_coordinates(times: npt.ArrayLike) -> dict[str, Any]:
    """Return the coordinates of time bins.

    Parameters
    ----------
    times : array of shape (bin, 2) or (2,)
        Start and stop of every time bin, or of the one window, seconds from onset.

    Returns
    -------
    dict
        `time_start` and `time_stop`, over the dimension `time` or scalars.
    """
    edges = np.asarray(times, dtype=float)
    dims = ("time",) if edges.ndim == 2 else ()
    return {name: (dims, edges[..., at], {"units": "s"}) for at, name in enumerate(EDGES)}


def times_of(data: xr.Dataset) -> Array | None:
    """Return what `time_coordinates` was given, None where no window is known."""
    if not set(EDGES) <= set(data.coords):
        return None
    return np.stack([data[name].values for name in EDGES], axis=-1)


def bins_of(data: xr.Dataset) -> list[xr.Dataset]:
    """Return a dataset bin by bin, itself alone where it has no dimension `time`."""
    if "time" not in data.dims:
        return [data]
    return [data.isel(time=place) for place in range(data.sizes["time"])]


def common_times(sessions: Mapping[str, xr.Dataset]) -> Array | None:
    """Return the time bins of all sessions, or their one window, as `times_of` does.

    Raises
    ------
    IsomorphError
        When sessions differ in them.
    """
    every = {name: times_of(data) for name, data in sessions.items()}
    first, times = next(iter(every.items()))
    for name, other in every.items():
        here, there = (np.array(one, dtype=float) for one in (times, other))  # NaN: not known
        if not np.array_equal(here, there, equal_nan=True):
            raise IsomorphError(
                f"{name}: its time bins are not those of {first}; RDMs are of the same bins in "
                "every subject and session"
            )
    return times
