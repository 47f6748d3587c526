"""RDMs of many representations as one `xarray.Dataset`, in memory and on disk.

Brain RDMs have the dimension `representation`, indexed by `region`, `subject` and, where RDMs come
by session, `session`; model RDMs have the dimension `layer`. Each distance is a variable over that
dimension and `pair`. Time bins and draws of units are dimensions of their own.
"""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.geometry import Floats
from isomorph.rdms.rdm_rows import Status
from isomorph.study.windows import in_milliseconds

FINE = 400
"""Stimuli up to which distances are kept in float64."""

LEVELS = ("region", "subject", "session")
"""What tells the RDMs of brains apart; `session` only where they come by session."""


def indexed(data: xr.Dataset) -> xr.Dataset:
    """Return RDMs as they are worked with: indexed by their levels, distances in float64.

    Parameters
    ----------
    data : Dataset
        As it stands in a file, or indexed already.
    """
    data = data.assign(
        {name: data[name].variable.astype(np.float64, copy=False) for name in distances_of(data)}
    )
    if "representation" in data.dims and "representation" not in data.indexes:
        data = data.set_index(representation=[name for name in LEVELS if name in data.coords])
    return data


def flat(data: xr.Dataset) -> xr.Dataset:
    """Return RDMs as they stand in a file: levels as plain coordinates.

    Distances of few stimuli stay in double precision. Two that are equal but for their last bits
    can be rounded to different numbers in single precision, and then ranks and permutations no
    longer find them tied: of the categories of eight stimuli a p of .004 became one of .001. Of
    more than `FINE` stimuli such a pair is one of 80,000, and files are half as large: distances
    are in single precision there, which moves correlations of RDMs by 1e-8 at most.
    """
    if data.sizes["stimulus"] > FINE:
        data = data.assign(
            {name: data[name].variable.astype(np.float32) for name in distances_of(data)}
        )
    return data.reset_index("representation") if "representation" in data.indexes else data


def distances_of(data: xr.Dataset) -> list[str]:
    """Return the names of the distances a dataset has RDMs of."""
    return [
        str(name)
        for name, variable in data.data_vars.items()
        if "pair" in variable.dims and "half" not in variable.dims
    ]


def available(data: xr.Dataset, distance: str) -> NDArray[np.bool_]:
    """Return which RDMs of a distance there are: its shape without `pair`."""
    return np.isfinite(data[distance].isel(pair=0).values)


def each_rdm(data: xr.Dataset, distance: str) -> list[tuple[dict[str, Any], Floats]]:
    """Return the RDMs that there are of a distance one by one, with what tells them apart.

    Returns
    -------
    list of (dict, array of shape (pair,))
        Coordinates: `region`, `subject`, `time_start`, …, or `model` and `layer`; `draw` counts
        draws of units.
    """
    rdms = data[distance]
    if "draw" in rdms.dims:
        rdms = rdms.assign_coords(draw=np.arange(rdms.sizes["draw"]))
    keys = [str(key) for key, one in rdms.coords.items()
            if "pair" not in one.dims and key != "representation"]  # fmt: skip
    found = []
    for place in np.argwhere(available(data, distance)).tolist():
        one = rdms[tuple(place)]
        found.append(({key: one[key].item() for key in keys}, one.values))
    return found


def undefined_of(data: xr.Dataset) -> dict[str, str]:
    """Return what has no RDM, and why: of each distance, and under any.

    Returns
    -------
    dict of str to str
        By what it is in words, `IT | s1 | crossnobis`, with the time bin behind where there are
        bins. What is absent because nobody published it is not among them.
    """
    found = dict(json.loads(data.attrs.get("left_out", "{}")))
    return found | _sentences(data, "reason", lambda status: status == Status.UNDEFINED)


def notes_of(data: xr.Dataset) -> dict[str, str]:
    """Return what a reader must know of the RDMs that there are, named as in `undefined_of`."""
    return _sentences(data, "note", lambda status: Status(status).has_rdm)


def _sentences(data: xr.Dataset, kind: str, of: Any) -> dict[str, str]:
    """Return the sentences of a kind by what they are about, draws of units taken together."""
    found: dict[str, str] = {}
    for name in distances_of(data):
        if f"{name}_{kind}" not in data:
            continue
        status, said = data[f"{name}_status"], data[f"{name}_{kind}"]
        for at in product(*map(range, said.shape)):
            if not (said.values[at] and of(status.values[at])):
                continue
            one = said[at]
            levels = [str(one[level].item()) for level in (*LEVELS, "layer") if level in one.coords]
            if "time" in said.dims:
                bin_ = (float(one["time_start"]), float(one["time_stop"]))
                levels.append(in_milliseconds(*bin_))
            found.setdefault(" | ".join([*levels, name]), str(one.item()))
    return found
