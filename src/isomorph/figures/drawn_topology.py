"""Figures of topology: barcodes, circular coordinates, tori cut open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from isomorph.catalogue import CATALOGUE
from isomorph.figures.barcodes import draw_barcodes, shown_bars
from isomorph.figures.circles import JOINED, MOST_DOTS, dots, draw_coordinates, draw_torus
from isomorph.figures.drawable import Drawable, Drawing
from isomorph.figures.shape_words import decoding, rows_of_shape, sentence, whose
from isomorph.numerals import number
from isomorph.saying import count

MOST_SHAPES = 6
"""Shapes that are drawn, those with the smallest p; the others stand in the tables."""

MOST_PANELS = 3
"""Pairs of a coordinate and a variable that are drawn, those with the highest correlation."""

FEWEST_POINTS = 10
"""Points with a variable that make a picture of it."""


def _shapes(data: Drawable) -> list[dict[Any, Any]]:
    """Return the shapes that are drawn, in the order of the table."""
    table = data.results.table("topology")
    if table.empty:
        return []
    known = table[table["status"].isin(["ok", "untested"])]
    kept = known.sort_values("p", kind="stable").head(MOST_SHAPES).index
    return known.loc[sorted(kept)].to_dict("records")


def barcodes(data: Drawable) -> Iterator[Drawing]:
    """Draw loops and voids with the bound of the shuffles."""
    table, every = data.results.table("topology"), data.results.table("bars")
    for shape in _shapes(data):
        bars = shown_bars(rows_of_shape(every, shape))
        if len(bars):
            of = whose(shape, table)
            facts = {"of": of, "shuffles": count(int(shape["n_shuffles"]), "shuffle")}
            found = f"{sentence(shape, table, every)}."
            yield Drawing("barcodes", draw_barcodes(bars), facts, bars, found, part=of)


def coordinates(data: Drawable) -> Iterator[Drawing]:
    """Draw the circles that were found over the variables of the stimuli."""
    table = data.results.table("topology")
    for shape in _shapes(data):
        points = rows_of_shape(data.results.table("coordinates"), shape)
        decoded = rows_of_shape(data.results.table("decoded"), shape)
        if points.empty or decoded.empty:
            continue
        best = decoded.sort_values("correlation", ascending=False, kind="stable")
        pairs = [
            (f"circle_{int(one['circle'])}", str(one["variable"]), _title(one))
            for one in best.to_dict("records")
            if all(_drawable(points, name) for name in str(one["variable"]).split(JOINED))
        ][:MOST_PANELS]
        if not pairs:
            continue
        of = whose(shape, table)
        names = list(dict.fromkeys(
            name for circle, variable, _ in pairs for name in (circle, *variable.split(JOINED))
        ))  # fmt: skip
        said = decoding(decoded) or "no circle follows a variable"
        figure = draw_coordinates(points, pairs)
        facts = {"of": of, "dots": MOST_DOTS}
        yield Drawing("coordinates", figure, facts, points[names], f"{of}: {said}.", part=of)


def tori(data: Drawable) -> Iterator[Drawing]:
    """Draw tori cut open."""
    table = data.results.table("topology")
    for shape in _shapes(data):
        points = rows_of_shape(data.results.table("coordinates"), shape)
        if "circle_2" not in points or points["circle_2"].notna().sum() < FEWEST_POINTS:
            continue
        whole = points.dropna(subset=["circle_1", "circle_2"])
        variables = [name for name in variables_of(whole) if _drawable(whole, name)][:2]
        of = whose(shape, table)
        found = f"{sentence(shape, table, data.results.table('bars'))}."
        said = f" Colour: {' and '.join(variables)}." if variables else ""
        figure = draw_torus(whole, variables)
        drawn = dots(whole)[["circle_1", "circle_2", *variables]]
        yield Drawing("torus", figure, {"of": of, "coloured": said}, drawn, found, part=of)


def variables_of(points: pd.DataFrame) -> list[str]:
    """Return the columns of a table of coordinates that hold variables of the stimuli."""
    own = {one.name for one in CATALOGUE["coordinates"].columns}
    return [
        str(name)
        for name in points.columns
        if name not in own and pd.api.types.is_numeric_dtype(points[name])
    ]


def _drawable(points: pd.DataFrame, variable: str) -> bool:
    return variable in points and int(points[variable].notna().sum()) >= FEWEST_POINTS


def _title(one: dict[Any, Any]) -> str:
    return (
        f"circle {int(one['circle'])}: r = {number(float(one['correlation']))}, "
        f"median error {float(one['median_error']):.0f}°"
    )
