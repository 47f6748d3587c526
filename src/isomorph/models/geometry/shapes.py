"""From the stimulus table to layers: which columns, in which unit, around which shape."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.models.geometry import codes
from isomorph.models.geometry.columns import (
    angles_of,
    chosen,
    column_of,
    period_of,
    refuse_stray,
    values_of,
    within_period,
)
from isomorph.study.geometries import (
    GridOptions,
    LineOptions,
    PlaceOptions,
    PlaneOptions,
    RingOptions,
    SphereOptions,
    TorusOptions,
    TreeOptions,
)

Features = dict[str, NDArray[np.float64]]
"""Features `(stimulus, feature)` by layer."""

MOST_FIELDS = 2**15
"""Fields of one layer above which their width is refused."""


def line(table: pd.DataFrame, said: LineOptions, where: str) -> Features:
    """Return a variable with two ends: as it is, its logarithm where it is above 0, its ranks.

    Parameters
    ----------
    table : DataFrame
        The stimulus table, a row per stimulus.
    said : LineOptions
    where : str
        The model, for errors.

    Returns
    -------
    dict of str to array of shape (stimulus, 1)
        `linear`, `log`, `ranks`.
    """
    given = [said.column] if said.column else []
    (name,) = chosen(table, given, f"{where}: options.column", periodic=False, least=1, most=1)
    values = values_of(table, name, f"{where}: options.column")
    found = {"linear": values}
    if values.min() > 0:
        found["log"] = np.log(values)
    found["ranks"] = np.unique(values, return_inverse=True)[1].astype(np.float64)
    return {layer: one[:, None] for layer, one in found.items()}


def ring(table: pd.DataFrame, said: RingOptions, where: str) -> Features:
    """Return a variable that comes back to where it began, on a circle; see `line`.

    Returns
    -------
    dict of str to array of shape (stimulus, 2)
        `ring`, `harmonic2` and so on.
    """
    given = [said.column] if said.column else []
    (name,) = chosen(table, given, f"{where}: options.column", periodic=True, least=1, most=1)
    angles = angles_of(table, name, said.period, where)
    return {
        "ring" if turns == 1 else f"harmonic{turns}": codes.circle(angles, turns)
        for turns in said.harmonics
    }


def torus(table: pd.DataFrame, said: TorusOptions, where: str) -> Features:
    """Return variables that have a period each, or a plane wound around by a lattice; see `line`.

    Returns
    -------
    dict of str to array of shape (stimulus, feature)
        `torus`, and the ring of each variable by its name; with `spacing`, `lattice <spacing>` of
        each.
    """
    if said.spacing:
        if said.period is not None:
            raise IsomorphError(
                f"{where}: options.period: goes with columns that have one; with spacing leave it "
                "out"
            )
        return _by_spacing(table, said, where, "lattice", codes.lattice)
    names = chosen(
        table, said.columns, f"{where}: options.columns", periodic=True, least=2, most=None
    )
    refuse_stray(said.period, names, where)
    rings = {
        name: codes.circle(angles_of(table, name, said.period, where, "columns")) for name in names
    }
    return {"torus": np.concatenate(list(rings.values()), axis=1), **rings}


def grid(table: pd.DataFrame, said: GridOptions, where: str) -> Features:
    """Return a plane as it is, and as ideal modules of grid cells see it; see `line`.

    Returns
    -------
    dict of str to array of shape (stimulus, feature)
        `plane`; with `spacing`, `module <spacing>` of each, and `modules`, all of them together.
    """
    found = {"plane": _plane(table, said, where)}
    modules = _by_spacing(table, said, where, "module", codes.module)
    if len(modules) > 1:
        modules["modules"] = np.concatenate(list(modules.values()), axis=1)
    return found | modules


def sphere(table: pd.DataFrame, said: SphereOptions, where: str) -> Features:
    """Return an azimuth and an elevation as points of a sphere; see `line`.

    Returns
    -------
    dict of str to array of shape (stimulus, 3)
        `sphere`.
    """
    key, (azimuth, elevation) = "columns", said.columns
    around = angles_of(table, azimuth, said.period, where, key)
    up = values_of(table, elevation, f"{where}: options.{key}")
    period = period_of(table, azimuth, said.period, where)
    assert period is not None, "the azimuth was refused without one"
    up = 2 * np.pi * up / period
    if np.abs(up).max() > np.pi / 2 * (1 + 1e-6):
        raise IsomorphError(
            f"{where}: options.columns: {elevation} goes beyond {period / 4:g}, a quarter of the "
            f"period of {azimuth}; an elevation goes from {-period / 4:g} to {period / 4:g}"
        )
    return {"sphere": codes.sphere(around, up)}


def place(table: pd.DataFrame, said: PlaceOptions, where: str) -> Features:
    """Return the answers of fields that cover the columns, as place cells would give; see `line`.

    Returns
    -------
    dict of str to array of shape (stimulus, field)
        `width <width>` of each.
    """
    key = f"{where}: options.columns"
    names = chosen(table, said.columns, key, periodic=None, least=1, most=None)
    refuse_stray(said.period, names, where)
    values = np.stack([values_of(table, name, key) for name in names], axis=1)
    periods = [period_of(table, name, said.period, where) for name in names]
    for name, period, column in zip(names, periods, values.T, strict=True):
        if period is not None:
            within_period(column, period, name, where)
    found: Features = {}
    for width in said.widths:
        each = width if isinstance(width, tuple) else (width,) * len(names)
        if len(each) != len(names):
            raise IsomorphError(
                f"{where}: options.widths: {list(each)} gives {len(each)}, and there are "
                f"{len(names)} columns, {', '.join(names)}"
            )
        said_as = " ".join(f"{one:g}" for one in dict.fromkeys(each))
        if (n := codes.n_fields(values, each, periods)) > MOST_FIELDS:
            raise IsomorphError(
                f"{where}: options.widths: {said_as} makes {n:,} fields over {', '.join(names)}, "
                f"and at most {MOST_FIELDS:,} are computed; are widths in the unit of the columns?"
            )
        found[f"width {said_as}"] = codes.fields(values, each, periods)
    return found


def tree(table: pd.DataFrame, said: TreeOptions, where: str) -> Features:
    """Return words that lie within words, as a tree; see `line`.

    Returns
    -------
    dict of str to array of shape (stimulus, branch)
        `tree`, and each level: called as its column is, or `level1` and so on of paths.
    """
    key = f"{where}: options.columns"
    cells = [column_of(table, name, key) for name in said.columns]
    texts = [one.astype(str).where(one.notna(), "").str.strip().tolist() for one in cells]
    if len(texts) == 1:
        paths = [
            tuple(part for part in map(str.strip, text.split(said.separator)) if part)
            for text in texts[0]
        ]
    else:
        paths = [_without_end(row) for row in zip(*texts, strict=True)]
    for stimulus, path in zip(table["stimulus"], paths, strict=True):
        if not path or "" in path:
            raise IsomorphError(
                f'{key}: "{stimulus}" has no {said.columns[path.index("") if path else 0]}; every '
                "stimulus grows on a branch, and a path ends where columns are empty"
            )
    levels = codes.branches(paths)
    if len(levels) == 1 and levels[0].shape[1] == 1:
        raise IsomorphError(
            f'{key}: {said.columns[0]} is "{paths[0][0]}" for every stimulus, which has no geometry'
        )
    names = said.columns if len(texts) > 1 else [f"level{n}" for n in range(1, len(levels) + 1)]
    found = {"tree": np.concatenate(levels, axis=1)}
    for name, level in zip(names, levels, strict=False):
        if np.ptp(level, axis=0).any():  # a trunk that all stimuli share has no distances
            found["tree " + name if name == "tree" else name] = level
    return found if len(levels) > 1 else {"tree": levels[0]}


def _without_end(row: tuple[str, ...]) -> tuple[str, ...]:
    """Return a path without the empty cells at its end."""
    length = max((place + 1 for place, text in enumerate(row) if text), default=0)
    return row[:length]


def _plane(table: pd.DataFrame, said: PlaneOptions, where: str) -> NDArray[np.float64]:
    """Return two coordinates of a plane: array of shape (stimulus, 2)."""
    key = f"{where}: options.columns"
    names = chosen(table, said.columns, key, periodic=False, least=2, most=2)
    return np.stack([values_of(table, name, key) for name in names], axis=1)


def _by_spacing(
    table: pd.DataFrame, said: PlaneOptions, where: str, noun: str, code: codes.OfPlane
) -> Features:
    plane = _plane(table, said, where)
    return {
        f"{noun} {spacing:g}": code(plane, spacing, np.deg2rad(said.orientation))
        for spacing in said.spacing
    }
