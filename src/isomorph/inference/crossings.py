"""Crossings: regions measured twice, so that two can be compared apart from noise they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.inference.gather import Region
from isomorph.measures import Floats, Measure, Stack
from isomorph.rdms.halvings import draw_halvings

OWN = "halves of the repetitions"
OTHERS = "halves of the subjects"
APART = "different subjects"
TOGETHER = "none"

HALVINGS = 4
"""Most halvings that are averaged: each costs as much again, and adds less than the one before."""
SLOW_HALVINGS = 1
"""Under measures that are not inner products and are computed again for every order of stimuli."""

Way = tuple[str, tuple[Any, ...]]
"""How two regions are measured apart, and in which halvings or among which subjects."""


@dataclass(frozen=True)
class Crossing:
    """Every region measured twice, with noise that is independent between the two, several times.

    Attributes
    ----------
    rdms : array of shape (time, half, region, pair)
    known : array of bool of shape (time, half, region)
        What is not known is 0.
    facts : mapping of str to array of shape (stimulus,)
        What the measure must know of the stimuli.
    """

    rdms: Floats
    known: NDArray[np.bool_]
    facts: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def stacks(self) -> Iterator[tuple[Stack, Stack]]:
        """The first and the second half of every region, time by time."""
        for one, other in self.rdms:
            yield self.stack(one), self.stack(other)

    def stack(self, rdms: Floats, orders: NDArray[Any] | None = None) -> Stack:
        """Return RDMs as the measure is given them.

        Parameters
        ----------
        rdms : array of shape (rdm, pair)
        orders : array of shape (rdm, stimulus), optional
            In which order each has the stimuli.
        """
        return Stack(
            rdms,
            facts={
                name: [values] * len(rdms) if orders is None else list(values[orders])
                for name, values in self.facts.items()
            },
        )

    def mean(self, time: int, values: Floats) -> Floats:
        """Return the part of one time in the mean over times and both ways round.

        Parameters
        ----------
        time : int
        values : (..., region, region)
            First halves against second ones.
        """
        both = self.known[time, 0, :, None] & self.known[time, 1, None, :]
        own = np.where(both, values / self.counts, 0.0)
        return own + np.swapaxes(own, -1, -2)

    @property
    def counts(self) -> NDArray[np.intp]:
        """How many comparisons of two regions there are: `(region, region)`, at least 1."""
        both = (self.known[:, 0, :, None] & self.known[:, 1, None, :]).sum(axis=0)
        return np.maximum(both + both.T, 1)

    def vectors(self, measure: Measure) -> Floats:
        """Return every RDM as the vector whose inner products are the measure; the unknown are 0.

        The last part of a region is the other half of its first, and so on, so that parts are
        crossed with those of another region in reverse.

        Returns
        -------
        array of shape (region, part, pair)
        """
        assert measure.embed is not None
        n_times, _, n_regions, n_pairs = self.rdms.shape
        times, halves = np.arange(n_times), np.repeat([0, 1], n_times)
        times = np.concatenate([times, times[::-1]])
        found = np.empty((n_regions, 2 * n_times, n_pairs))
        for region, own in enumerate(found):
            own[:] = measure.embed(self.rdms[times, halves, region])
            own[~self.known[times, halves, region]] = 0.0
        return found


def pairs_at_one_time(regions: Sequence[Region]) -> list[tuple[int, int]]:
    """Return the places of every two regions; of time bins, of those at the same time."""
    return [
        (a, b)
        for a, b in combinations(range(len(regions)), 2)
        if regions[a].at_the_time_of(regions[b])
    ]


def way_of(one: Region, other: Region, measure: Measure) -> Way:
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
