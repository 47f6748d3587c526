"""Kinds of measures: what is computed alike, what it sees, and how it pools subjects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures.dependence import RootForm
from isomorph.measures.linear import LinearForm
from isomorph.measures.ranks import RankForm
from isomorph.measures.tiled.seen import SeenLinear, SeenRanks
from isomorph.measures.tiled.sums import Order, Sums
from isomorph.measures.tiled.values import Mean, Own, Values

Pooling = Literal["spread", "rms", "length", "ranks"]


@dataclass(frozen=True)
class Kind:
    """What is computed alike for measures.

    Attributes
    ----------
    linear : LinearForm or None
        None for ranks.
    root : bool
        Whether roots of the distances are compared.
    pooling : str
        What subjects have alike when their RDMs are averaged.
    """

    linear: LinearForm | None
    root: bool
    pooling: Pooling


def kind_of(measure: Measure) -> Kind | None:
    """Return what is computed for a measure, None where it takes whole RDMs."""
    form = measure.form
    if isinstance(form, RankForm):
        return Kind(None, False, "ranks")
    linear = form.linear if isinstance(form, RootForm) else form
    if not isinstance(linear, LinearForm):
        return None
    root = isinstance(form, RootForm)
    if measure.pool == linear.pool:
        return Kind(linear, root, "length")
    return Kind(linear, root, "spread" if linear.centre and not root else "rms")


RANKS = Kind(None, False, "ranks")


def seen_of(
    kind: Kind, values: Values, sums: Mapping[Values, Sums], orders: Mapping[Values, Order]
) -> SeenLinear | SeenRanks:
    """Return what a kind sees of values whose sums, or order, are known."""
    if kind.linear is None:
        return SeenRanks(values, orders[values])
    return SeenLinear(values, kind.linear, sums[values])


def pools_of(
    kind: Kind, places: range, sums: Mapping[Values, Sums], orders: Mapping[Values, Order]
) -> list[Values]:
    """Return for each subject the others pooled, then everyone; nothing of one subject."""
    if len(places) == 1:
        return []
    parts: list[Values] = []
    weights: list[float] = []
    for at in places:
        own = Own(at, kind.root)
        if kind.linear is None:
            seen = SeenRanks(own, orders[own])
            parts.append(seen)
            weights.append(seen.order.length)
        else:
            parts.append(own)
            length = _length(kind, SeenLinear(own, kind.linear, sums[own]))
            weights.append(1 / length if length > sums[own].same else 0.0)
    every = range(len(places))
    chosen = [*([k for k in every if k != left] for left in every), list(every)]
    return [Mean(tuple(parts[k] for k in some), tuple(weights[k] for k in some)) for some in chosen]


def _length(kind: Kind, seen: SeenLinear) -> float:
    """Return what subjects have alike when they are pooled, by pair."""
    sums = seen.sums
    squares = {
        "spread": sums.squares,
        "rms": sums.squares + sums.n_pairs * sums.mean**2,
        "length": seen.squares,
    }[kind.pooling]
    return float(np.sqrt(max(squares, 0.0) / sums.n_pairs))
