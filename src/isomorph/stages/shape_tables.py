"""Tables of topology: rows of one population, as a file holds them, and gathered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.catalogue import WORDS, ordered
from isomorph.catalogue.topological import HELD, TABLES_OF_SHAPES
from isomorph.inference.families import LEVEL, by_p_alone, corrected, multiplier
from isomorph.stages.topology_asked import few_shuffles
from isomorph.study import Inference
from isomorph.study.topology import Topology
from isomorph.topology import Result
from isomorph.topology.signature import CLEAR_LENGTH, CLEAR_RATIO, UNCLEAR, UNTESTED

Tables = dict[str, pd.DataFrame]

MOST_BARS = 50
"""Bars of a dimension that tables hold, the longest."""

WHOSE = ["dataset", "subject", "region", "session", "model", "layer"]
"""Columns by which bars belong to a population."""

WORDED = {
    f"{name}_{one.name}"
    for name, columns in TABLES_OF_SHAPES.items()
    for one in columns
    if one.unit == WORDS
}
"""Variables of words."""

REQUIRED = {one.name for one in HELD.holds if not one.optional}
"""Variables that every file has."""


def found(
    result: Result, keys: Mapping[str, str], points: Mapping[str, Any], settings: Topology
) -> Tables:
    """Return the rows of a population that was looked at.

    Parameters
    ----------
    result : Result
    keys : mapping of str to str
        `region`, `session` and `layer`.
    points : mapping of str to array of shape (point,)
        `time` or `stimulus`, and the variables, of every point.
    settings : Topology
    """
    tested = result.signature.name != UNTESTED
    dimensions = range(settings.dimensions + 1)
    bounds = dict(zip(dimensions, np.asarray(result.null.maximum).tolist(), strict=True))
    ratios = [np.nan, *(one.max() if len(one) else np.nan for one in result.null.widest.T[1:])]
    counts = dict(zip(dimensions, result.signature.betti, strict=False))
    shape = {
        "of": settings.of,
        "signature": result.signature.name,
        "p": result.signature.p,
        "n_pieces": counts.get(0) if tested else np.nan,
        "n_loops": counts.get(1) if tested else np.nan,
        "n_voids": counts.get(2, np.nan) if tested else np.nan,
        "loop_bound": bounds.get(1),
        "void_bound": bounds.get(2, np.nan),
        "n_units": result.units,
        "n_units_left_out": result.units_constant + result.units_unknown,
        "n_samples": result.points,
        "n_samples_left_out": result.points_unknown + result.points_zero,
        "n_points": len(result.chosen),
        "n_components": settings.components,
        "variance": result.variance,
        "n_shuffles": settings.shuffles,
        "status": "ok" if tested else "untested",
        "no_coordinates": result.no_coordinates,
        "reason": "" if tested else few_shuffles(settings),
    }
    bars = [
        {"dimension": dimension, "rank": rank, "birth": bar.birth, "death": bar.death,
         "length": bar.length, "bound": bounds[dimension],
         "ratio": bar.ratio if dimension else np.nan, "ratio_bound": ratios[dimension],
         "p": bar.p, "p_corrected": bar.p_corrected}
        for dimension in dimensions
        for rank, bar in enumerate(
            [one for one in result.of(dimension) if np.isfinite(one.death)][:MOST_BARS], 1
        )
    ]  # fmt: skip
    decoded = [
        {"circle": one.circle + 1, "variable": one.variable, "correlation": one.correlation,
         "median_error": one.error, "chance_error": one.chance, "p": one.p,
         "n_samples": one.points}
        for one in result.decoded
    ]  # fmt: skip
    tables = {
        "topology": pd.DataFrame([shape]),
        "bars": pd.DataFrame(bars),
        "coordinates": _coordinates(result, points),
        "decoded": pd.DataFrame(decoded),
    }
    return {kind: table.assign(**keys) for kind, table in tables.items()}


def _coordinates(result: Result, points: Mapping[str, Any]) -> pd.DataFrame:
    """Return where each point is on the circles; no row where there are none."""
    if result.coordinates is None:
        return pd.DataFrame()
    phases = result.coordinates.phases
    circles = {f"circle_{n + 1}": phases[:, n] for n in range(phases.shape[1])}
    table = pd.DataFrame({**points, **circles})
    return table.iloc[np.flatnonzero(np.isfinite(phases).any(axis=1))]


def left_out(keys: Mapping[str, str], n_units: int, reason: str, settings: Topology) -> Tables:
    """Return the row of a population that was not looked at, with the reason.

    Parameters
    ----------
    keys, settings
        See `found`.
    n_units : int
    reason : str
    """
    row = {"of": settings.of, "signature": "", "n_units": n_units, "n_shuffles": settings.shuffles,
           "status": "undefined", "reason": reason, **keys}  # fmt: skip
    return {"topology": pd.DataFrame([row])}


def packed(parts: Sequence[Tables], regions: Sequence[str]) -> xr.Dataset:
    """Return rows of populations as one file holds them.

    Parameters
    ----------
    parts : sequence of dict of str to DataFrame
        Of each population, see `found`.
    regions : sequence of str
        Those there are, asked about or not.
    """
    variables: dict[str, Any] = {}
    for kind, columns in TABLES_OF_SHAPES.items():
        own = [part[kind] for part in parts if kind in part and len(part[kind])]
        table = pd.concat(own, ignore_index=True) if own else pd.DataFrame()
        required = [one.name for one in columns if f"{kind}_{one.name}" in REQUIRED]
        for name in dict.fromkeys([*required, *table.columns]):
            values = table[name] if name in table else pd.Series(np.nan, table.index)
            variables[f"{kind}_{name}"] = (kind, _column(f"{kind}_{name}", values))
    return xr.Dataset(variables, attrs={"regions": json.dumps(list(regions))})


def _column(name: str, values: pd.Series) -> np.ndarray:
    if name in WORDED:
        return np.array(["" if pd.isna(one) else str(one) for one in values], dtype=str)
    return values.to_numpy(dtype=float)


def unpacked(data: xr.Dataset) -> Tables:
    """Return the tables that `packed` made a file of."""
    tables = {}
    for kind in TABLES_OF_SHAPES:
        own = {
            str(name).removeprefix(f"{kind}_"): one.values.astype(str)
            if str(name) in WORDED
            else one.values
            for name, one in data.variables.items()
            if one.dims == (kind,)
        }
        tables[kind] = pd.DataFrame(own)
    return tables


def gathered(
    parts: Sequence[tuple[Mapping[str, Any], Tables]], inference: Inference, settings: Topology
) -> Tables:
    """Return the tables of a dataset, with p corrected over its regions, and over its layers.

    Parameters
    ----------
    parts : sequence of (mapping, dict of str to DataFrame)
        What a part is of: `dataset`, `simulated`, `subject`, `model`; and its tables.
    inference : Inference
    settings : Topology
    """
    tables = {}
    for kind in TABLES_OF_SHAPES:
        own = [part[kind].assign(**of) for of, part in parts if len(part[kind])]
        tables[kind] = pd.concat(own, ignore_index=True) if own else pd.DataFrame()
    tables["topology"] = _doubted(
        _corrected(tables["topology"], inference, settings), tables["bars"]
    )
    return {kind: _counted(ordered(table, kind), kind) for kind, table in tables.items()}


def _counted(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return a table whose counts are whole numbers, also beside cells without one."""
    counts = [one.name for one in TABLES_OF_SHAPES[kind] if one.unit == "count"]
    return table.astype({name: "Int64" for name in counts if name in table})


def _corrected(table: pd.DataFrame, inference: Inference, settings: Topology) -> pd.DataFrame:
    correction = by_p_alone(inference.correction)
    if table.empty:
        return table
    table = table.assign(
        p_corrected=np.nan, correction=correction, family="dataset", family_size=0, p_note=""
    )
    of_region = table["region"] != ""
    for rows in (table.index[of_region], table.index[~of_region]):
        p = table.loc[rows, "p"].astype(float)
        size = int(p.notna().sum())
        if not size:
            continue
        shuffles = int(table.loc[rows, "n_shuffles"].max())
        table.loc[rows, "p_corrected"] = corrected(p.to_numpy(), correction)
        table.loc[rows, "family_size"] = size
        table.loc[rows[p.notna()], "p_note"] = too_few(
            shuffles, size, correction, settings.dimensions
        )
    return table


def _doubted(table: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """Return rows that say where a loop is no longer than chance holes in a plane."""
    if table.empty or bars.empty:
        return table
    loops = bars[(bars["dimension"] == 1) & (bars["p_corrected"] <= LEVEL)]
    beyond = pd.DataFrame({
        "length": loops["length"] / loops["bound"], "ratio": loops["ratio"] / loops["ratio_bound"]
    }).groupby([loops[name] for name in WHOSE]).min()  # fmt: skip
    beyond = beyond.reindex(pd.MultiIndex.from_frame(table[WHOSE]))
    doubted = (table["signature"] == UNCLEAR).to_numpy()
    said = [
        f"a loop is {one.length:.1f} times the longest of the shuffles, and {one.ratio:.1f} times "
        "as wide as theirs; what has no hole, such as places in a plane, reaches about as much; "
        f"{CLEAR_LENGTH:g} and {CLEAR_RATIO:g} times would be clear"
        for one in beyond[doubted].itertuples()
    ]
    notes = table["p_note"].to_numpy(dtype=object, copy=True)
    notes[doubted] = [
        "; ".join(filter(None, two)) for two in zip(said, notes[doubted], strict=True)
    ]
    return table.assign(p_note=notes)


def too_few(shuffles: int, size: int, correction: str, dimensions: int) -> str:
    """Say that shuffles hardly make a shape significant among so many; '' if they can.

    A p is corrected over dimensions first: the longest of all loops is equalled by the shuffle
    that is longest in each dimension it does not claim.

    Examples
    --------
    >>> too_few(100, 1, "holm", 2)
    ''
    >>> too_few(100, 4, "holm", 2)
    '100 shuffles hardly give one of 4 populations a corrected p below .05: ask for at least 240'
    """
    by = (dimensions + 1) * multiplier(size, by_p_alone(correction)) if size else 0.0
    if by / (1 + shuffles) < LEVEL - 1e-9:
        return ""
    return (
        f"{shuffles} shuffles hardly give one of {size} populations a corrected p below .05: ask "
        f"for at least {int(by / LEVEL + 1e-9)}"
    )
