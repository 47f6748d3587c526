"""Regions against each other, each measured apart from the other's noise.

Regions recorded together share noise: the state of the animal, the motion of the head. It makes
their RDMs alike where nothing else does (Henriksson et al. 2015,
https://doi.org/10.1016/j.neuroimage.2015.04.026). So one region is taken from one half of the
repetitions, the other region from the other half; or, without repetitions, from other subjects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.inference.bootstrap import spread_over_stimuli
from isomorph.inference.families import Questions
from isomorph.inference.gather import Region
from isomorph.inference.independence import against_independence
from isomorph.inference.permutation import BLOCK, Null, shuffled
from isomorph.inference.setting import Draws, Setting
from isomorph.measures import Counts, Floats, Measure
from isomorph.measures.pairs import blocks
from isomorph.rdms.halves import draw_halvings

OWN = "halves of the repetitions"
OTHERS = "halves of the subjects"
APART = "different subjects"
TOGETHER = "none"

SHARED = "one subject without halves of the repetitions, so shared noise may be all there is"
DEGENERATE = "half of the resamples or more are degenerate"

HALVINGS = 4
"""Halvings that are averaged: all are of the same repetitions, and each costs as much again."""
SLOW_HALVINGS = 1
"""Under measures that are no inner products and are computed anew for every order of stimuli."""

Pairs = Sequence[tuple[int, int]]
"""Places of the two regions of every comparison."""

Way = tuple[str, tuple[Any, ...]]
"""How two regions are measured apart, and in which halvings or among which subjects."""


@dataclass(frozen=True)
class Crossing:
    """Every region measured twice, with noise that is independent between the two, several times.

    Attributes
    ----------
    rdms : (time, half, region, pair)
    known : (time, half, region) of bool
        What is not known is 0.
    """

    rdms: Floats
    known: NDArray[np.bool_]

    def mean(self, time: int, values: Floats) -> Floats:
        """Return the part of one time in the mean over times and both ways round.

        Parameters
        ----------
        time : int
        values : (..., region, region)
            First halves against second ones.
        """
        both = self.known[:, 0, :, None] & self.known[:, 1, None, :]
        counts = both.sum(axis=0)
        counts = counts + counts.T
        own = np.where(both[time], values / np.where(both[time], counts, 1), 0.0)
        return own + np.swapaxes(own, -1, -2)


def compare_regions(regions: Sequence[Region], draws: Draws, setting: Setting) -> list[Questions]:
    """Compare every two regions of a dataset under one distance and measure.

    The RDM of a region, or of a half of it, is pooled over its subjects as for the ceilings, each
    with the same weight whatever the scale of its distances. Subjects are not resampled, so the
    interval is about stimuli alone. Of time bins those at the same time are compared. Estimate,
    interval and p are all of the mean over halvings, both ways round. Of one subject without
    halves the estimate is told, and nothing that takes it for more than shared noise.

    Parameters
    ----------
    regions : sequence of Region
    draws : Draws
    setting : Setting
    """
    pairs = [
        (first, second)
        for first, second in combinations(range(len(regions)), 2)
        if _same_time(regions[first], regions[second])
    ]
    if not pairs:
        return []
    ways = [_way(regions[first], regions[second], setting.measure) for first, second in pairs]
    values = _Values(len(pairs), draws)
    for way in dict.fromkeys(ways):
        places = [place for place, own in enumerate(ways) if own == way]
        members = sorted({region for place in places for region in pairs[place]})
        crossing = CROSSINGS[way[0]]([regions[m] for m in members], way[1], setting.measure)
        inside = np.searchsorted(members, [pairs[place] for place in places])
        values.add(crossing, places, inside, way[0], setting.measure)
    return [_questions(regions, pairs, [kind for kind, _ in ways], values, setting)]


def _same_time(first: Region, second: Region) -> bool:
    return not np.isfinite(first.time_start) or first.time_start == second.time_start


def _way(one: Region, other: Region, measure: Measure) -> Way:
    """Return how two regions can be measured apart."""
    if not set(one.subjects) & set(other.subjects):
        return APART, ()
    halvings = np.intersect1d(one.halvings, other.halvings)
    if len(halvings):
        return OWN, tuple(halvings[: _times(measure)].tolist())
    subjects = sorted({*one.subjects, *other.subjects})
    return (OTHERS, tuple(subjects)) if len(subjects) > 1 else (TOGETHER, ())


def _by_repetitions(
    regions: Sequence[Region], halvings: tuple[Any, ...], measure: Measure
) -> Crossing:
    """Cross halves of the repetitions."""
    halves = [region.halves for region in regions]
    sides = [
        [[None if own is None else own[time, half] for own in halves] for half in (0, 1)]
        for time in halvings
    ]
    return _pooled(sides, measure)


def _by_subjects(
    regions: Sequence[Region], subjects: tuple[Any, ...], measure: Measure
) -> Crossing:
    """Cross halves of the subjects."""
    everyone = np.ones((len(subjects), 1), dtype=bool)
    drawn = draw_halvings([everyone], _times(measure), np.random.default_rng(len(subjects)))
    sides = [
        [
            [_of_subjects(region, np.array(subjects)[side]) for region in regions]
            for side in (first, ~first)
        ]
        for (first,) in drawn
    ]
    return _pooled(sides, measure)


def _of_subjects(region: Region, names: NDArray[np.str_]) -> Floats | None:
    """Return the RDMs of some subjects, None where a region has none of them."""
    chosen = np.isin(region.subjects, names)
    return region.rdms[chosen] if chosen.any() else None


def _as_they_are(regions: Sequence[Region], _: tuple[Any, ...], measure: Measure) -> Crossing:
    """Compare regions as they are."""
    whole = [region.rdms for region in regions]
    return _pooled([[whole, whole]], measure)


CROSSINGS = {
    OWN: _by_repetitions,
    OTHERS: _by_subjects,
    APART: _as_they_are,
    TOGETHER: _as_they_are,
}


def _times(measure: Measure) -> int:
    return SLOW_HALVINGS if measure.embed is None else HALVINGS


def _pooled(sides: Sequence[Sequence[Sequence[Floats | None]]], measure: Measure) -> Crossing:
    """Pool RDMs `(subject, pair)` by time, half and region over subjects."""
    known = np.array([[[one is not None for one in half] for half in time] for time in sides])
    n_pairs = {one.shape[1] for time in sides for half in time for one in half if one is not None}
    rdms = np.zeros((*known.shape, *n_pairs))
    for time, half, region in np.argwhere(known):
        rdms[time, half, region] = measure.pool(np.asarray(sides[time][half][region], dtype=float))
    return Crossing(rdms, known)


class _Values:
    """Estimates, resamples and shuffles of every pair.

    Parameters
    ----------
    n_pairs : int
    draws : Draws
    """

    def __init__(self, n_pairs: int, draws: Draws) -> None:
        self.draws = draws
        self.observed = np.full(n_pairs, np.nan)
        self.resampled = np.full((len(draws.stimuli), n_pairs), np.nan)
        self.shuffled = np.full((len(draws.orders), n_pairs), np.nan)

    def add(
        self, crossing: Crossing, places: list[int], pairs: Counts, kind: str, measure: Measure
    ) -> None:
        """Add the pairs `(pair, 2)` of one crossing, all at once."""
        first, second = pairs.T
        n_regions = crossing.rdms.shape[2]
        observed = np.zeros((n_regions, n_regions))
        resampled = np.zeros((len(self.draws.stimuli), n_regions, n_regions))
        for time, (one, other) in enumerate(crossing.rdms):
            observed += crossing.mean(time, measure.compare(one, other))
            if kind != TOGETHER:
                drawn = measure.resampled(one, other, self.draws.stimuli)
                resampled += crossing.mean(time, drawn)
        self.observed[places] = observed[first, second]
        if kind != TOGETHER:
            self.resampled[:, places] = resampled[:, first, second]
            self.shuffled[:, places] = _shuffled(crossing, pairs, self.draws.orders, measure)


def _shuffled(crossing: Crossing, pairs: Counts, orders: Counts, measure: Measure) -> Floats:
    """Return the comparison of every pair, the stimuli of its second region in other orders.

    Either half of a region is shuffled once for all regions it is compared with.

    Returns
    -------
    (order, pair)
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
                values[:, still, moved] = _against(halves[:, 1], rdms[time, 0, still], measure)
                values[:, moved, still] = _against(halves[:, 0], rdms[time, 1, still], measure)
                found[part, asked] += crossing.mean(time, values)[:, still, moved]
    return found


def _embedded(rdms: Floats, measure: Measure) -> Floats:
    assert measure.embed is not None
    return measure.embed(rdms.reshape(-1, rdms.shape[-1])).reshape(rdms.shape)


def _against(rdms: Floats, others: Floats, measure: Measure) -> Floats:
    """Return the measure between RDMs, embedded if it has an embedding."""
    return rdms @ others.T if measure.embed is not None else measure.compare(rdms, others)


def _questions(
    regions: Sequence[Region], pairs: Pairs, kinds: list[str], values: _Values, setting: Setting
) -> Questions:
    """Return a row per pair, and what it is corrected by."""
    inference, draws = setting.inference, values.draws
    apart = np.array(kinds) != TOGETHER
    usable = np.isfinite(values.resampled).sum(axis=0)
    sound = (2 * usable > len(values.resampled)) & (not draws.unsure)
    spread = spread_over_stimuli(values.resampled, draws.n_groups, setting.measure.range)
    error = np.where(sound, spread.standard_error, np.nan)
    low, high = replace(spread, standard_error=error).interval(
        values.observed, inference.interval, setting.measure.range
    )
    one, other = ([regions[pair[side]] for pair in pairs] for side in (0, 1))
    rows = pd.DataFrame(
        {
            **setting.columns,
            "region_a": [region.name for region in one],
            "region_b": [region.name for region in other],
            "crossing": kinds,
            "estimate": values.observed,
            "standard_error": error,
            "interval_low": np.where(apart, low, np.nan),
            "interval_high": np.where(apart, high, np.nan),
            "scheme": spread.scheme,
            "n_stimuli": draws.stimuli.shape[1],
            "n_subjects_a": [len(region.subjects) for region in one],
            "n_subjects_b": [len(region.subjects) for region in other],
            "status": np.where(
                ~apart,
                SHARED,
                np.where(sound, draws.untested or "ok", draws.unsure or DEGENERATE),
            ),
        }
    )
    null = Null(np.where(apart, values.observed, np.nan), values.shuffled)
    return against_independence(rows, null, inference)
