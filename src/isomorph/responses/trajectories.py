"""Trajectories: the mean response of a region to each stimulus, from time bin to time bin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError


def trajectories(
    data: xr.Dataset, region: str | None = None, stimuli: Sequence[str] | None = None
) -> npt.NDArray[np.float64]:
    """Return the mean response to each stimulus in every time bin.

    Parameters
    ----------
    data : Dataset
        `response (presentation, unit, time)` of one recording, as `isomorph.read_nwb` gives it with
        `bins`.
    region : str, optional
        All units unless given.
    stimuli : sequence of str, optional
        Which, in order; all that were shown, sorted, unless given.

    Returns
    -------
    array of shape (stimulus, time, unit)

    Raises
    ------
    IsomorphError
        When responses have no time bins, no unit is in the region, or a stimulus was not shown.
    """
    if "time" not in data.dims:
        raise IsomorphError(
            "trajectories: the responses have no time bins, so nothing follows from anything; set "
            "responses.bins"
        )
    response = data["response"].transpose("presentation", "time", "unit").values
    if region is not None:
        inside = data["region"].values.astype(str) == region
        if not inside.any():
            raise IsomorphError(f'trajectories: no unit is in "{region}"')
        response = response[:, :, inside]
    shown = data["stimulus"].values.astype(str)
    wanted = sorted(set(shown.tolist())) if stimuli is None else [*stimuli]
    if missing := sorted(set(wanted) - set(shown.tolist())):
        raise IsomorphError(f'trajectories: "{missing[0]}" was not shown')
    return np.stack([response[shown == name].mean(axis=0, dtype=np.float64) for name in wanted])
