"""Rows of RDMs and the file they make."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from isomorph.rdms.geometry import Floats


@dataclass(frozen=True)
class RdmRow:
    """One RDM with what it is the RDM of; see `isomorph.artefacts.schemas.RDMS`."""

    representation: str
    distance: str
    rdm: Floats
    region: str = ""
    subject: str = ""
    session: str = ""
    model: str = ""
    layer: str = ""
    depth: int = -1
    n_units: int = -1
    halves: Floats | None = None
    area: str = ""
    time_start: float = math.nan
    time_stop: float = math.nan
    draw: int = -1
    n_recorded: int = -1


def rdm_dataset(
    rows: Sequence[RdmRow], stimuli: Sequence[str], left_out: Mapping[str, str]
) -> xr.Dataset:
    """Return rows as one dataset `(representation, pair)`, as it stands on disk.

    Parameters
    ----------
    rows : sequence of RdmRow
    stimuli : sequence of str
        Stimuli in the order of the pairs.
    left_out : mapping of str to str
        What has no RDM, and why.
    """
    first, second = np.triu_indices(len(stimuli), 1)
    names = np.asarray(stimuli, dtype=str)
    text = ("representation", "distance", "region", "subject", "session", "model", "layer")
    coordinates = {
        field: ("representation", np.array([str(getattr(row, field)) for row in rows], dtype=str))
        for field in text
    }
    drawn = ("draw", "n_recorded") if any(row.draw >= 0 for row in rows) else ()
    numbers = {
        field: ("representation", np.array([getattr(row, field) for row in rows], dtype=np.int64))
        for field in ("depth", "n_units", *drawn)
    }
    timed: dict[str, tuple[str, Floats, dict[str, str]]] = {}
    data: dict[str, tuple[tuple[str, ...], Floats]] = {
        "rdm": (("representation", "pair"), np.stack([row.rdm for row in rows]))
    }
    if any(row.area for row in rows):
        area = np.array([row.area for row in rows], dtype=str)
        coordinates["area"] = ("representation", area)
        for field in ("time_start", "time_stop"):
            seconds = np.array([getattr(row, field) for row in rows], dtype=float)
            timed[field] = ("representation", seconds, {"units": "s"})
    if any(row.halves is not None for row in rows):
        nothing = np.full((2, len(first)), np.nan)
        halves = [nothing if row.halves is None else row.halves for row in rows]
        data["rdm_half"] = (("half", "representation", "pair"), np.stack(halves, axis=1))
    return xr.Dataset(
        data,
        coords={
            **coordinates,
            **numbers,
            **timed,
            "stimulus": names,
            "stimulus_a": ("pair", names[first]),
            "stimulus_b": ("pair", names[second]),
        },
        attrs={"left_out": json.dumps(dict(left_out), ensure_ascii=False)},
    )
