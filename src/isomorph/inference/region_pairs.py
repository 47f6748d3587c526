"""Regions against each other, each measured apart from the other's noise.

Regions recorded together share noise: the state of the animal, the motion of the head. It makes
their RDMs similar where nothing else does (Henriksson et al. 2015,
https://doi.org/10.1016/j.neuroimage.2015.04.026). So one region is taken from one half of the
runs or repetitions, the other region from the other half; or, without these, from other subjects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.inference.crossings import (
    CROSSINGS,
    OWN,
    TOGETHER,
    Crossing,
    pairs_at_one_time,
    way_of,
)
from isomorph.inference.estimated import estimated, unsure_of
from isomorph.inference.families import Hypotheses
from isomorph.inference.gather import Region
from isomorph.inference.independence import against_independence
from isomorph.inference.permutation import BLOCK, Null, shuffled
from isomorph.inference.setting import Draws, Setting
from isomorph.inference.spread import spread_over_stimuli
from isomorph.measures import Counts, Floats, Measure
from isomorph.measures.pairs import blocks

SHARED = "one subject without halves of the repetitions, so shared noise may be all there is"

Pairs = Sequence[tuple[int, int]]
"""Places of the two regions of every comparison."""


def compare_regions(regions: Sequence[Region], draws: Draws, setting: Setting) -> list[Hypotheses]:
    """Compare every two regions of a dataset under one distance and measure.

    The RDM of a region, or of a half of it, is pooled over its subjects as for the ceilings, each
    with the same weight whatever the scale of its distances. Subjects are not resampled, so the
    interval is about stimuli alone. Of time bins those at the same time are compared. Estimate,
    interval and p are all of the mean over halvings, both ways round, and over draws of units where
    these are equalised. Of one subject without halves the estimate is given, and nothing that takes
    it for more than shared noise.

    Parameters
    ----------
    regions : sequence of Region
    draws : Draws
    setting : Setting
    """
    pairs = pairs_at_one_time(regions)
    if not pairs:
        return []
    ways = [way_of(regions[first], regions[second], setting.measure) for first, second in pairs]
    values = _Values(len(pairs), draws, setting.measure)
    for way in dict.fromkeys(ways):
        places = [place for place, own in enumerate(ways) if own == way]
        members = sorted({region for place in places for region in pairs[place]})
        inside = np.searchsorted(members, [pairs[place] for place in places])
        measured = list(zip(*(regions[m].measured for m in members), strict=True))
        for draw in measured:
            crossing = CROSSINGS[way[0]](draw, way[1], setting.measure)
            crossing = replace(crossing, facts=_of_stimuli(draw))
            values.add(crossing, places, inside, way[0], setting.measure, 1 / len(measured))
    return [_hypotheses(regions, pairs, [kind for kind, _ in ways], values, setting)]


class _Values:
    """Estimates, resamples and shuffles of every pair, means over draws of units.

    Parameters
    ----------
    n_pairs : int
    draws : Draws
    measure : Measure
    """

    def __init__(self, n_pairs: int, draws: Draws, measure: Measure) -> None:
        self.draws = draws
        self.observed = np.zeros(n_pairs)
        self.resampled = np.zeros((len(draws.stimuli), n_pairs))
        self.orders = draws.orders_for(measure)
        self.shuffled = np.zeros((len(self.orders), n_pairs))

    def add(
        self,
        crossing: Crossing,
        places: list[int],
        pairs: Counts,
        kind: str,
        measure: Measure,
        share: float,
    ) -> None:
        """Add the pairs `(pair, 2)` of one crossing, all at once, as a share of the mean.

        What takes noise that regions share for more is NaN.
        """
        first, second = pairs.T
        n_regions = crossing.rdms.shape[2]
        observed = np.zeros((n_regions, n_regions))
        resampled = np.zeros((len(self.draws.stimuli), n_regions, n_regions))
        for time, sides in enumerate(crossing.rdms):
            one, other = map(crossing.stack, sides)
            observed += crossing.mean(time, measure.compare(one, other))
            if kind != TOGETHER:
                drawn = measure.resampled(one, other, self.draws.stimuli)
                resampled += crossing.mean(time, drawn)
        self.observed[places] += share * observed[first, second]
        if kind == TOGETHER:
            self.resampled[:, places] = self.shuffled[:, places] = np.nan
            return
        self.resampled[:, places] += share * resampled[:, first, second]
        self.shuffled[:, places] += share * _shuffled(crossing, pairs, self.orders, measure)


def _shuffled(crossing: Crossing, pairs: Counts, orders: Counts, measure: Measure) -> Floats:
    """Return the comparison of every pair, the stimuli of its second region in other orders.

    Either half of a region is shuffled once for all regions it is compared with.

    Returns
    -------
    array of shape (order, pair)
    """
    found = np.zeros((len(orders), len(pairs)))
    rdms = crossing.rdms if measure.embed is None else _embedded(crossing.rdms, measure)
    n_times, _, n_regions, size = rdms.shape
    for moved in np.unique(pairs[:, 1]):
        asked = np.flatnonzero(pairs[:, 1] == moved)
        still = pairs[asked, 0]
        for part in blocks(len(orders), BLOCK // (2 * size)):
            for time in range(n_times):
                halves = shuffled(rdms[time, :, moved], orders[part])
                values = np.zeros((halves.shape[0], n_regions, n_regions))
                for side, (rows, columns) in enumerate([(moved, still), (still, moved)]):
                    other = rdms[time, 1 - side, still]
                    values[:, rows, columns] = (
                        halves[:, side] @ other.T
                        if measure.embed is not None
                        else measure.compare(
                            crossing.stack(halves[:, side], orders[part]), crossing.stack(other)
                        )
                    )
                found[part, asked] += crossing.mean(time, values)[:, still, moved]
    return found


def _embedded(rdms: Floats, measure: Measure) -> Floats:
    assert measure.embed is not None
    return measure.embed(rdms.reshape(-1, rdms.shape[-1])).reshape(rdms.shape)


def _of_stimuli(regions: Sequence[Region]) -> dict[str, NDArray[Any]]:
    """Return what the measure must know of the stimuli, the same for all regions."""
    return {name: np.asarray(found[0]) for name, found in regions[0].facts.items()}


def _hypotheses(
    regions: Sequence[Region], pairs: Pairs, kinds: list[str], values: _Values, setting: Setting
) -> Hypotheses:
    """Return a row per pair, and what it is corrected by."""
    draws, limits, inference = values.draws, setting.measure.range, setting.inference
    apart = np.array(kinds) != TOGETHER
    _, unsure = unsure_of(values.resampled, draws.unsure)
    told = estimated(
        values.observed,
        spread_over_stimuli(values.resampled, draws.n_groups, limits),
        inference.interval,
        limits,
        unsure=np.where(apart, unsure, SHARED),
        untested=draws.untested(setting.measure),
        no_value=setting.measure.no_value,
    )
    one, other = ([regions[pair[side]] for pair in pairs] for side in (0, 1))
    crossing = [
        f"halves of the {first.folds}" if kind == OWN else kind
        for kind, first in zip(kinds, one, strict=True)
    ]
    rows = pd.DataFrame(
        {
            **setting.columns,
            "region_a": [region.name for region in one],
            "region_b": [region.name for region in other],
            "time_start": [region.time_start for region in one],
            "time_stop": [region.time_stop for region in one],
            "crossing": crossing,
            "estimate": values.observed,
            **told,
            "n_stimuli": draws.stimuli.shape[1],
            "n_subjects_a": [len(region.subjects) for region in one],
            "n_subjects_b": [len(region.subjects) for region in other],
        }
    )
    null = Null(np.where(apart, values.observed, np.nan), values.shuffled)
    return against_independence(rows, null, inference)
