"""From RDMs one by one to one dataset of all."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.geometry import Floats
from isomorph.rdms.collection import LEVELS, available, distances_of, indexed, undefined_of
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.rdm_rows import LayerRdm, RdmRow, Status
from isomorph.responses.times import time_coordinates

NOTHING: Mapping[str, str] = MappingProxyType({})


def brain_rdms(
    rows: Sequence[RdmRow],
    stimuli: Sequence[str],
    *,
    times: Floats | None = None,
    left_out: Mapping[str, str] = NOTHING,
) -> xr.Dataset:
    """Return RDMs of brain regions as one dataset.

    Parameters
    ----------
    rows : sequence of RdmRow
        In any order; representations come in that of their first rows.
    stimuli : sequence of str
        Stimuli in the order of the pairs.
    times : array of shape (bin, 2) or (2,), optional
        Start and stop of every time bin, or of the one window, seconds from onset. One window
        makes no dimension.
    left_out : mapping of str to str, optional
        What has no RDM under any distance, and why.

    Returns
    -------
    Dataset
        A variable per distance, `(representation[, draw][, time], pair)`, NaN where there is no
        RDM; `<distance>_status`, `<distance>_reason` and `<distance>_note` without `pair`;
        `<distance>_half (halving, half, representation[, draw][, time], pair)` and
        `<distance>_half_norm` over `stimulus` where there are halves. What has no RDM under any
        distance is named in the attribute `left_out` alone, with the reason.

    Raises
    ------
    IsomorphError
        When two rows are of the same RDM.
    """
    keys = list(dict.fromkeys((row.region, row.subject, row.session) for row in rows))
    place = {key: number for number, key in enumerate(keys)}
    drawn = any(row.n_recorded is not None for row in rows)
    binned = times is not None and np.ndim(times) == 2
    sizes = {"representation": len(keys)}
    if drawn:
        sizes["draw"] = max(row.draw for row in rows) + 1
    if binned:
        sizes["time"] = len(np.asarray(times))
    places = [
        (
            place[row.region, row.subject, row.session],
            *([row.draw] if drawn else []),
            *([row.time] if binned else []),
        )
        for row in rows
    ]
    data = _variables(rows, places, sizes, len(stimuli))
    data |= _halves(rows, places, sizes, len(stimuli))
    by_session = any(session is not None for _, _, session in keys)
    coordinates: dict[str, Any] = {
        level: ("representation", np.array([key[at] or "" for key in keys], dtype=object))
        for at, level in enumerate(LEVELS[: 3 if by_session else 2])
    }
    for field in ("n_units", "n_recorded", "fold", "n_folds"):
        known = {at[0]: value for at, row in zip(places, rows, strict=True)
                 if (value := getattr(row, field)) not in (None, "")}  # fmt: skip
        if len(known) == len(keys):
            values = np.array([known[at] for at in range(len(keys))])
            kind = object if values.dtype.kind == "U" else np.int64
            coordinates[field] = ("representation", values.astype(kind))
    if times is not None:
        coordinates |= time_coordinates(times)
    whole = indexed(_dataset(data, coordinates, stimuli, left_out))
    return _without_empty(whole, "representation")


def model_rdms(
    model: str,
    rows: Sequence[LayerRdm],
    stimuli: Sequence[str],
    *,
    left_out: Mapping[str, str] = NOTHING,
) -> xr.Dataset:
    """Return RDMs of the layers of a model as one dataset.

    Parameters
    ----------
    model : str
    rows : sequence of LayerRdm
        In any order; layers come in that of their first rows.
    stimuli : sequence of str
        Stimuli in the order of the pairs.
    left_out : mapping of str to str, optional
        Layers that have no RDM under any distance, and why.

    Returns
    -------
    Dataset
        A variable per distance, `(layer, pair)`, with `<distance>_status` and
        `<distance>_reason (layer)`; `depth` and `n_units (layer)` where they are known.

    Raises
    ------
    IsomorphError
        When two rows are of the same RDM.
    """
    layers = {row.layer: row for row in reversed(rows)}
    names = list(dict.fromkeys(row.layer for row in rows))
    places = [(names.index(row.layer),) for row in rows]
    coordinates: dict[str, Any] = {"layer": np.array(names, dtype=object), "model": model}
    for field in ("depth", "n_units"):
        values = [getattr(layers[name], field) for name in names]
        if None not in values:
            coordinates[field] = ("layer", np.array(values, dtype=np.int64))
    data = _variables(rows, places, {"layer": len(names)}, len(stimuli))
    return _without_empty(_dataset(data, coordinates, stimuli, left_out), "layer")


def _dataset(
    data: Mapping[str, Any],
    coordinates: Mapping[str, Any],
    stimuli: Sequence[str],
    left_out: Mapping[str, str],
) -> xr.Dataset:
    first, second = np.triu_indices(len(stimuli), 1)
    names = np.asarray(stimuli, dtype=object)
    return xr.Dataset(
        data,
        coords={
            **coordinates,
            "stimulus": names,
            "stimulus_a": ("pair", names[first]),
            "stimulus_b": ("pair", names[second]),
        },
        attrs={"left_out": json.dumps(dict(left_out), ensure_ascii=False)},
    )


def _without_empty(data: xr.Dataset, dim: str) -> xr.Dataset:
    """Return only what has an RDM; why the rest has none is given under `left_out`."""
    there = np.zeros(data.sizes[dim], dtype=bool)
    for name in distances_of(data):
        there |= available(data, name).reshape(len(there), -1).any(axis=1)
    if there.all():
        return data
    lost = undefined_of(data.isel({dim: ~there}))
    kept = data.isel({dim: there})
    return kept.assign_attrs(left_out=json.dumps(lost, ensure_ascii=False))


def _variables(
    rows: Sequence[RdmRow | LayerRdm],
    places: Sequence[tuple[int, ...]],
    sizes: Mapping[str, int],
    n_stimuli: int,
) -> dict[str, Any]:
    """Return the RDMs of each distance, what there is of them, and why not more."""
    dims, shape = tuple(sizes), tuple(sizes.values())
    data: dict[str, Any] = {}
    for name in dict.fromkeys(row.distance for row in rows):
        rdm = np.full((*shape, n_stimuli * (n_stimuli - 1) // 2), np.nan)
        status = np.full(shape, str(Status.ABSENT), dtype=object)
        text = {kind: np.full(shape, "", dtype=object) for kind in ("reason", "note")}
        seen: set[Hashable] = set()
        for at, row in zip(places, rows, strict=True):
            if row.distance != name:
                continue
            if at in seen:
                raise IsomorphError(f"two {name} RDMs are of {_named(row)}, expected one")
            seen.add(at)
            status[at] = str(row.status)
            for kind, values in text.items():
                values[at] = getattr(row, kind, "")
            if row.rdm is not None:
                rdm[at] = row.rdm
        data[name] = ((*dims, "pair"), rdm, _said(name))
        data[f"{name}_status"] = (dims, status)
        data[f"{name}_reason"] = (dims, text["reason"])
        if (text["note"] != "").any():
            data[f"{name}_note"] = (dims, text["note"])
    return data


def _halves(
    rows: Sequence[RdmRow],
    places: Sequence[tuple[int, ...]],
    sizes: Mapping[str, int],
    n_stimuli: int,
) -> dict[str, Any]:
    """Return the RDMs of halves, NaN where an RDM has fewer halvings, and their norms."""
    most = max((len(row.halves) for row in rows if row.halves is not None), default=0)
    dims, shape = tuple(sizes), tuple(sizes.values())
    n_pairs = n_stimuli * (n_stimuli - 1) // 2
    data: dict[str, Any] = {}
    for at, row in zip(places, rows, strict=True):
        if row.halves is None:
            continue
        name = row.distance
        if f"{name}_half" not in data:
            halves = np.full((most, 2, *shape, n_pairs), np.nan, dtype=np.float32)
            norms = np.ones((*shape, n_stimuli), dtype=np.float32)
            data[f"{name}_half"] = (("halving", "half", *dims, "pair"), halves)
            data[f"{name}_half_norm"] = ((*dims, "stimulus"), norms)
        data[f"{name}_half"][1][(slice(len(row.halves)), slice(None), *at)] = row.halves
        if row.half_norm is not None:
            data[f"{name}_half_norm"][1][at] = row.half_norm
    return data


def _said(name: str) -> dict[str, str]:
    """Return what a distance is, and in which unit."""
    if name not in DISTANCES:
        return {}
    return {"title": DISTANCES[name].title, "units": DISTANCES[name].units}


def _named(row: RdmRow | LayerRdm) -> str:
    if isinstance(row, LayerRdm):
        return f"layer {row.layer}"
    parts = [row.region, row.subject, *([row.session] if row.session is not None else [])]
    return " | ".join(parts)
