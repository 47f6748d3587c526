"""Figures of dynamics: distances between the laws of regions."""

from __future__ import annotations

from collections.abc import Iterator

from isomorph.figures.drawable import Drawable, Drawing
from isomorph.figures.law_words import named, seen, summary
from isomorph.figures.laws import draw_matrix, draw_pairs
from isomorph.saying import count

MOST_PAIRS = 30
"""Pairs up to which each has a row of dots; more are a matrix."""


def dynamics(data: Drawable) -> Iterator[Drawing]:
    """Draw the distances between the laws of regions."""
    table = data.results.table("dynamics")
    if table.empty or (known := named(seen(table))).empty:
        return
    kind, draw = (
        ("dynamics", draw_pairs)
        if known["pair"].nunique() <= MOST_PAIRS
        else ("dynamics_matrix", draw_matrix)
    )
    facts = {"shuffles": count(int(known["n_shuffles"].max()), "shuffle")}
    yield Drawing(kind, draw(known), facts, known, summary(known))
