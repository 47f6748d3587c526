"""RDMs of many representations as one `xarray.Dataset`, in memory and on disk.

Brain RDMs have the dimension `representation`, indexed by `region`, `subject` and, where RDMs come
by session, `session`; model RDMs have the dimension `layer`. Each distance is a variable over that
dimension and `pair`. Time bins and draws of units are dimensions of their own.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.geometry import Floats
from isomorph.rdms.distances import DISTANCES
from isomorph.responses.times import time_coordinates
from isomorph.study.windows import in_milliseconds

LEVELS = ("region", "subject", "session")
"""What tells the RDMs of brains apart; `session` only where they come by session."""

NOTHING: Mapping[str, str] = MappingProxyType({})


class Status(StrEnum):
    """What there is of one RDM; the sentence beside it says why."""

    OK = "ok"
    """An RDM, and RDMs of halves where its repetitions were known."""
    NO_HALVES = "no_halves"
    """An RDM, but no two halves of the repetitions have one each."""
    UNDEFINED = "undefined"
    """No RDM: the distance does not exist for these responses, or tells no stimuli apart."""
    ABSENT = "absent"
    """No RDM: none of this distance is published of this representation."""

    @property
    def has_rdm(self) -> bool:
        """Whether there is an RDM."""
        return self in (Status.OK, Status.NO_HALVES)


@dataclass(frozen=True)
class RdmRow:
    """One RDM of a region in a subject, or why there is none.

    Attributes
    ----------
    region, subject : str
    distance : str
        Name in `DISTANCES`.
    rdm : array of shape (pair,) or None
        Upper triangle, row by row.
    session : str or None
        Where RDMs come by session.
    time, draw : int
        Place of the time bin, and number of the draw of units; 0 where there is one.
    halves : array of shape (halving, half, pair) or None
        RDMs of halves of the repetitions; NaN for a halving of which a half has none.
    half_norm : array of shape (stimulus,) or None
        What brings `1 - halves` to the scale of the whole, see `isomorph.rdms.halves`.
    status : Status
    reason : str
        Why there is no RDM, or no halves.
    note : str
        What a reader must know of an RDM that there is.
    n_units : int or None
        Units the RDM is of, None where that is not known.
    n_recorded : int or None
        Units that were recorded, where equally many are drawn of them.
    fold : str
        What cross-validation crosses and halves divide: `run`, `session` or `repetition`.
    n_folds : int or None
        How many there are, in the session with the fewest.
    """

    region: str
    subject: str
    distance: str
    rdm: Floats | None = None
    session: str | None = None
    time: int = 0
    draw: int = 0
    halves: Floats | None = None
    half_norm: Floats | None = None
    status: Status = Status.OK
    reason: str = ""
    note: str = ""
    n_units: int | None = None
    n_recorded: int | None = None
    fold: str = ""
    n_folds: int | None = None


@dataclass(frozen=True)
class LayerRdm:
    """One RDM of a layer, or why there is none.

    Attributes
    ----------
    layer, distance : str
    rdm : array of shape (pair,) or None
    depth : int or None
        Place of the layer in execution order.
    n_units : int or None
    reason : str
        Why there is no RDM.
    """

    layer: str
    distance: str
    rdm: Floats | None = None
    depth: int | None = None
    n_units: int | None = None
    reason: str = ""

    @property
    def status(self) -> Status:
        """Whether there is an RDM."""
        return Status.OK if self.rdm is not None else Status.UNDEFINED


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

    Distances stay in double precision. Two that are equal but for their last bits can be rounded to
    different numbers in single precision, and then ranks and permutations no longer find them tied:
    of the categories of eight stimuli a p of .004 became one of .001.
    """
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
