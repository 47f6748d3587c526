"""Rows of RDMs and the file they make."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from isomorph.geometry import Floats
from isomorph.rdms.distances import DISTANCES


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
    half_norm: Floats | None = None
    half_status: str = ""
    area: str = ""
    time_start: float = math.nan
    time_stop: float = math.nan
    draw: int = -1
    n_recorded: int = -1
    fold: str = ""
    n_folds: int = -1


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
    if any(row.fold for row in rows):
        coordinates["fold"] = ("representation", np.array([row.fold for row in rows], dtype=str))
        numbers["n_folds"] = ("representation", np.array([row.n_folds for row in rows]))
    if any(row.half_status for row in rows):
        coordinates["half_status"] = (
            "representation", np.array([row.half_status for row in rows], dtype=str),
        )  # fmt: skip
    if any(row.halves is not None for row in rows):
        data["rdm_half"] = (("halving", "half", "representation", "pair"), _halves(rows))
        norms = np.ones((len(rows), len(stimuli)))
        for place, row in enumerate(rows):
            norms[place] = 1.0 if row.half_norm is None else row.half_norm
        data["half_norm"] = (("representation", "stimulus"), norms)
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
        attrs={
            "left_out": json.dumps(dict(left_out), ensure_ascii=False),
            "distances": json.dumps(_said({row.distance for row in rows}), ensure_ascii=False),
        },
    )


def _said(distances: Collection[str]) -> dict[str, str]:
    """Return what each distance is and in which unit, by name."""
    return {
        name: f"{DISTANCES[name].title}, in {DISTANCES[name].units}"
        for name in sorted(distances)
        if name in DISTANCES
    }


def _halves(rows: Sequence[RdmRow]) -> Floats:
    """Return `(halving, half, representation, pair)`, NaN where a row has fewer halvings."""
    most = max(len(row.halves) for row in rows if row.halves is not None)
    halves = np.full((most, 2, len(rows), len(rows[0].rdm)), np.nan, dtype=np.float32)
    for place, row in enumerate(rows):
        if row.halves is not None:
            halves[: len(row.halves), :, place] = row.halves
    return halves
