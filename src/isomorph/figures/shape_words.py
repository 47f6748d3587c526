"""What is said of the shape of a population's activity, in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from isomorph.numerals import listed, number, p_said
from isomorph.saying import count
from isomorph.topology import LEVEL

KEYS = ["region", "subject", "session", "model", "layer"]
"""Columns that tell one shape from another within a dataset."""

SHAPES = {"ring": "a ring", "torus": "a torus", "sphere": "a sphere"}
OTHERS = {
    "none": "no ring, torus or sphere",
    "other": "another shape",
    "unclear": "no clear ring, torus or sphere",
}
"""Signatures with a name, as they stand in a sentence."""

COUNTED = {1: "one", 2: "two", 3: "three", 4: "four"}

Row = Mapping[Any, Any]


def rows_of_shape(table: pd.DataFrame, shape: Row) -> pd.DataFrame:
    """Return the rows of a table that are about a shape."""
    if table.empty:
        return table
    same = [table[key].astype(str) == str(shape[key]) for key in KEYS]
    return table[pd.concat(same, axis=1).all(axis=1)]


def whose(shape: Row, table: pd.DataFrame) -> str:
    """Return what a shape is of: no more of it than tells it from the others.

    Parameters
    ----------
    shape : mapping
        A row of `topology`.
    table : DataFrame
        All rows there are.
    """
    if shape["layer"] or shape["model"]:
        return " ".join(str(shape[key]) for key in ("model", "layer") if shape[key])
    more = [
        f"{key} {shape[key]}"
        for key in ("subject", "session")
        if shape[key] and table.loc[table["region"] != "", key].nunique() > 1
    ]
    return ", ".join([str(shape["region"]), *more])


def outlasting(shape: Row, bars: pd.DataFrame) -> str:
    """Say which loops and voids are longer than those of shuffles.

    Parameters
    ----------
    shape : mapping
        A row of `topology`.
    bars : DataFrame
        The rows of `bars` that are about it.
    """
    shuffles = count(int(shape["n_shuffles"]), "shuffle")
    found = {
        name: int(shape[f"n_{name}s"])
        for name in ("loop", "void")
        if math.isfinite(float(shape[f"n_{name}s"]))
    }
    there = [f"{COUNTED.get(n, n)} {name}{'s' * (n > 1)}" for name, n in found.items() if n]
    if not there:
        return f"no {' and no '.join(found)} is longer than in {shuffles}"
    one = sum(found.values()) == 1
    beyond = {
        name: int((bars.loc[bars["dimension"] == dimension, "length"]
                   > bars.loc[bars["dimension"] == dimension, "bound"]).sum())
        for dimension, name in ((1, "loop"), (2, "void"))
    }  # fmt: skip
    if all(beyond[name] >= n for name, n in found.items()):
        return f"{listed(there)} outlast{'s' * one} all of {shuffles}"
    return f"{listed(there)} {'is' if one else 'are'} longer than in most of {shuffles}"


def signature(shape: Row) -> str:
    """Return the name of a shape with its p: `a torus (corrected p = .010)`."""
    name, p = str(shape["signature"]), float(shape["p_corrected"])
    said = OTHERS.get(name) or SHAPES.get(name, name)
    return f"{said} ({p_said(p)})" if math.isfinite(p) else said


def sentence(shape: Row, table: pd.DataFrame, bars: pd.DataFrame) -> str:
    """Say what was found of one shape, or why nothing can be said.

    Parameters
    ----------
    shape, table
        See `whose`.
    bars : DataFrame
        All rows of `bars`.
    """
    of = whose(shape, table)
    if shape["status"] not in ("ok", "untested"):
        return f"{of}: left out, {shape['reason']}"
    units = count(int(shape["n_units"]), "unit" if shape["region"] else "feature")
    if shape["status"] == "untested":
        return f"{of}, {units}: not tested, {shape['reason']}"
    return f"{of}, {units}: {signature(shape)}: {outlasting(shape, rows_of_shape(bars, shape))}"


def decoding(decoded: pd.DataFrame) -> str:
    """Say which circles follow which variables; empty where none is known.

    Parameters
    ----------
    decoded : DataFrame
        Rows of `decoded` of one shape.
    """
    said = []
    for one in decoded.to_dict("records"):
        if math.isfinite(float(one["correlation"])) and float(one["p"]) <= LEVEL:
            said.append(
                f"circle {int(one['circle'])} follows {one['variable']} (circular correlation "
                f"{number(float(one['correlation']))}, median error {one['median_error']:.0f}°, "
                f"by chance {one['chance_error']:.0f}°)"
            )
    return listed(said)
