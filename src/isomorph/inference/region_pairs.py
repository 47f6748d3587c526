"""Regions against each other, each measured apart from the other's noise.

Regions recorded together share noise: the state of the animal, the motion of the head. It makes
their RDMs similar where nothing else does (Henriksson et al. 2015,
https://doi.org/10.1016/j.neuroimage.2015.04.026). So one region is taken from one half of the
runs or repetitions, the other region from the other half; or, without these, from other subjects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from isomorph.inference.bootstrap import OfPairs, Resampled, by_groups
from isomorph.inference.crossings import (
    CROSSINGS,
    HALVINGS,
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
from isomorph.inference.moments import Moments, moments, signatures
from isomorph.inference.permutation import BLOCK, Null, shuffled
from isomorph.inference.setting import Draws, Setting
from isomorph.inference.shuffles import compared_in_orders
from isomorph.measures import Counts, Floats, Measure
from isomorph.measures.pairs import blocks

SHARED = "one subject without halves of the repetitions, so shared noise may be all there is"

MOST_PARTS = 2 * HALVINGS
"""Halves of all halvings and draws of units up to which p comes from moments."""

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
        alike = [place for place, own in enumerate(ways) if own == way]
        for places in _connected(alike, pairs, len(regions)):
            members = sorted({region for place in places for region in pairs[place]})
            inside = np.searchsorted(members, [pairs[place] for place in places])
            measured = list(zip(*(regions[m].measured for m in members), strict=True))
            crossed = (
                replace(CROSSINGS[way[0]](draw, way[1], setting.measure), facts=_of_stimuli(draw))
                for draw in measured
            )
            add = values.embedded if setting.measure.embed is not None else values.add
            if way[0] == TOGETHER:
                add = values.unshuffled
            add(crossed, places, inside, 1 / len(measured))
    return [_hypotheses(regions, pairs, [kind for kind, _ in ways], values, setting)]


def _connected(places: list[int], pairs: Pairs, n_regions: int) -> list[list[int]]:
    """Return places of pairs apart that have no region in common, as those of other time bins."""
    one, other = np.array([pairs[place] for place in places]).T
    links = coo_matrix((np.ones(len(one)), (one, other)), shape=(n_regions, n_regions))
    group = connected_components(links, directed=False)[1][one]
    return [
        [place for place, own in zip(places, group, strict=True) if own == number]
        for number in dict.fromkeys(group.tolist())
    ]


class _Values:
    """Estimates, resamples and shuffles of every pair, means over draws of units.

    Parameters
    ----------
    n_pairs : int
    draws : Draws
    measure : Measure
    """

    def __init__(self, n_pairs: int, draws: Draws, measure: Measure) -> None:
        self.draws, self.measure = draws, measure
        self.observed = np.zeros(n_pairs)
        self.resampled = np.zeros((len(draws.stimuli), n_pairs))
        self.of_pairs: Floats | None = None
        if draws.signs is not None and measure.to_first_order:
            self.of_pairs = np.zeros((draws.n_groups, n_pairs))
        self.orders = draws.orders_for(measure)
        self.shuffled = np.zeros((len(self.orders), n_pairs))
        # A variance of 0 stands for moments that are not known.
        self.mean, self.variance, self.third = np.zeros((3, n_pairs))

    def unshuffled(
        self, crossings: Iterable[Crossing], places: list[int], pairs: Counts, share: float
    ) -> None:
        """Add pairs of which values take noise that regions share for more, hence no others.

        Parameters
        ----------
        crossings : iterable of Crossing
            One for each draw of units.
        places : list of int
            Places of the pairs among all.
        pairs : array of shape (pair, 2)
            Places of their regions in the crossings.
        share : float
            Of each crossing in the mean.
        """
        for crossing in crossings:
            self._observe(crossing, places, pairs, share)
        self.resampled[:, places] = self.shuffled[:, places] = np.nan

    def add(
        self, crossings: Iterable[Crossing], places: list[int], pairs: Counts, share: float
    ) -> None:
        """Add pairs under a measure that is computed again for every order; see `unshuffled`."""
        for crossing in crossings:
            self._observe(crossing, places, pairs, share)
            self._resample(crossing, places, pairs, share)
            shuffles = _shuffled(crossing, pairs, self.orders, self.measure, self.draws.lag)
            self.shuffled[:, places] += share * shuffles

    def embedded(
        self, crossings: Iterable[Crossing], places: list[int], pairs: Counts, share: float
    ) -> None:
        """Add pairs under a measure that is an inner product: all are shuffled at once."""
        still, moved = pairs.T
        parts, counts = list[Floats](), list[Counts]()
        for crossing in crossings:
            self._resample(crossing, places, pairs, share)
            vectors = crossing.vectors(self.measure)
            other = vectors[:, ::-1]
            observed = np.zeros((len(vectors), len(vectors)))
            for part in range(vectors.shape[1]):
                observed += vectors[:, part] @ other[:, part].T
            shuffles = compared_in_orders(
                vectors, other, self.orders, observed, self.draws.lag,
                centred="gram" in self.measure.needs,
            )  # fmt: skip
            counts.append(crossing.counts[moved, still])
            self.observed[places] += share * observed[moved, still] / counts[-1]
            self.shuffled[:, places] += share * shuffles[:, moved, still] / counts[-1]
            # Every two parts are multiplied, so many draws of units are too many.
            if vectors.shape[1] <= share * MOST_PARTS:
                parts.append(vectors)
        alike = all((own == counts[0]).all() for own in counts)
        if parts and alike and self.draws.exact_for(self.measure):
            known = moments_of_crossed(parts).some((moved, still)).over(counts[0] / share)
            self.mean[places] = known.mean
            self.variance[places] = known.variance
            self.third[places] = known.third

    def over_stimuli(self) -> Resampled:
        """Return the values of all pairs under draws of stimuli."""
        of_pairs = None if self.of_pairs is None else OfPairs(self.of_pairs)
        return Resampled(self.resampled, None, None, self.draws.n_groups, 1, of_pairs=of_pairs)

    @property
    def moments(self) -> Moments | None:
        """Moments of every pair over all orders of the stimuli; None where none are known."""
        if not self.draws.exact_for(self.measure):
            return None
        return Moments(self.mean, self.variance, self.third, self.orders.shape[1])

    def _observe(self, crossing: Crossing, places: list[int], pairs: Counts, share: float) -> None:
        for time, (one, other) in enumerate(crossing.stacks):
            values = crossing.mean(time, self.measure.compare(one, other))
            self.observed[places] += share * values[pairs[:, 0], pairs[:, 1]]

    def _resample(self, crossing: Crossing, places: list[int], pairs: Counts, share: float) -> None:
        def averaged(time: int, values: Floats) -> Floats:
            own: Floats = crossing.mean(time, values)[:, pairs[:, 0], pairs[:, 1]]
            return share * own

        draws = self.draws
        for time, (one, other) in enumerate(crossing.stacks):
            if self.of_pairs is None or draws.signs is None:
                drawn = self.measure.resampled(one, other, draws.stimuli)
            else:
                found, _ = self.measure.first_order(one, other, draws.signs)
                drawn = found.resampled(draws.stimuli)
                self.of_pairs[:, places] += averaged(time, by_groups(found.of_pairs, draws.groups))
            self.resampled[:, places] += averaged(time, drawn)


def moments_of_crossed(vectors: Sequence[Floats]) -> Moments:
    """Return moments of every two regions, each part crossed with its counterpart of the other.

    Parameters
    ----------
    vectors : sequence of arrays of shape (region, part, pair)
        Whose parts are crossed in reverse, see `Crossing.vectors`.

    Returns
    -------
    Moments
        Of arrays `(region, region)`, the stimuli of the first in all orders.
    """
    own = signatures(np.concatenate(vectors, axis=1) if len(vectors) > 1 else vectors[0])
    n_parts = [one.shape[1] for one in vectors]
    start = np.cumsum([0, *n_parts[:-1]])
    crossed = [at + n - 1 - part for at, n in zip(start, n_parts, strict=True) for part in range(n)]
    return moments(own, own.parts(crossed))


def _shuffled(
    crossing: Crossing,
    pairs: Counts,
    orders: Counts,
    measure: Measure,
    lag: NDArray[np.intp] | None = None,
) -> Floats:
    """Return the comparison of every pair, the stimuli of its second region in other orders.

    Either half of a region is shuffled once for all regions it is compared with.

    Returns
    -------
    array of shape (order, pair)
    """
    found = np.zeros((len(orders), len(pairs)))
    n_times, _, n_regions, size = crossing.rdms.shape
    for moved in np.unique(pairs[:, 1]):
        asked = np.flatnonzero(pairs[:, 1] == moved)
        still = pairs[asked, 0]
        for part in blocks(len(orders), BLOCK // (2 * size)):
            for time in range(n_times):
                halves = shuffled(crossing.rdms[time, :, moved], orders[part], lag)
                values = np.zeros((halves.shape[0], n_regions, n_regions))
                for side, (rows, columns) in enumerate([(moved, still), (still, moved)]):
                    values[:, rows, columns] = measure.compare(
                        crossing.stack(halves[:, side], orders[part]),
                        crossing.stack(crossing.rdms[time, 1 - side, still]),
                    )
                found[part, asked] += crossing.mean(time, values)[:, still, moved]
    return found


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
        values.over_stimuli().spread(limits),
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
            **setting.columns_of_regions,
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
    observed = np.where(apart, values.observed, np.nan)
    null = Null(observed, values.shuffled, values.moments)
    return against_independence(rows, null, inference)
