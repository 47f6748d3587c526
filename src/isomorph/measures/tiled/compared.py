"""Regions against layers without their RDMs: values, how they vary with stimuli, and by chance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.measures._measure import Measure
from isomorph.measures.first_order import Signs
from isomorph.measures.tiled.kinds import RANKS, Kind, kind_of, pools_of
from isomorph.measures.tiled.roots import Representation
from isomorph.measures.tiled.runs import Run, TiledComparison
from isomorph.measures.tiled.sums import Sums, orders_of, sums_of
from isomorph.measures.tiled.values import Constant, Own, Values, rows_for, tiles


def compared(
    layers: Sequence[Representation],
    regions: Sequence[Sequence[Representation]],
    measures: Sequence[Measure],
    signs: Signs,
) -> dict[str, TiledComparison]:
    """Compare all subjects of all regions with all layers under some measures of one distance.

    Distances are computed in passes that all measures share: for the sums of all pairs, for ranks,
    for products. Nothing is held that grows with the square of the stimuli, but for one matrix at a
    time that goes into moments over all orders.

    Parameters
    ----------
    layers : sequence of Representation
    regions : sequence of sequence of Representation
        By subject.
    measures : sequence of Measure
        Those that have a kind, see `kind_of`.
    signs : Signs

    Returns
    -------
    dict of str to TiledComparison
        By measure.

    Raises
    ------
    IsomorphError
        When a measure takes whole RDMs, or representations are of different stimuli.
    """
    subjects = [one for region in regions for one in region]
    together = [*layers, *subjects]
    counts = sorted({len(one) for one in together})
    if len(counts) > 1:
        raise IsomorphError(
            f"{counts[0]} stimuli cannot be compared with {counts[-1]}, they must be the same"
        )
    kinds = {measure.name: _known_kind(measure) for measure in measures}
    values = {Own(at, kind.root) for kind in kinds.values() for at in range(len(together))}
    sums: dict[Values, Sums] = sums_of(
        together, [*sorted(values, key=lambda one: (one.at, one.root)), Constant()]
    )
    ranked = [Own(at) for at in range(len(together))] if RANKS in kinds.values() else []
    orders = orders_of(together, {one: sums[one] for one in ranked})
    ends = list(accumulate((len(region) for region in regions), initial=len(layers)))
    places = [range(start, stop) for start, stop in pairwise(ends)]
    pools = {
        kind: [pools_of(kind, own, sums, orders) for own in places]
        for kind in dict.fromkeys(kinds.values())
    }
    of_pools = [one for by_region in pools.values() for own in by_region for one in own]
    if of_pools:
        sums |= sums_of(together, of_pools)
        orders |= orders_of(
            together, {one: sums[one] for own in pools.get(RANKS, []) for one in own}
        )
    runs = {
        kind: Run(kind, len(layers), places, pools[kind], sums, orders)
        for kind in dict.fromkeys(kinds.values())
    }
    n, most = len(together[0]), max(len(run.seen) for run in runs.values())
    for tile in tiles(together, rows_for(n, len(together) + 2 * most)):
        own_signs = signs.rows(tile.some).astype(np.float32)
        for run in runs.values():
            run.add(tile, own_signs)
    graphs = {kind: run.of_layers(together) for kind, run in runs.items()}
    return {
        measure.name: runs[kinds[measure.name]].found(
            measure, together, graphs[kinds[measure.name]]
        )
        for measure in measures
    }


def _known_kind(measure: Measure) -> Kind:
    kind = kind_of(measure)
    if kind is None:
        raise IsomorphError(f"{measure.name} takes whole RDMs, which so many stimuli do not have")
    return kind
