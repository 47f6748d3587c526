"""The whole chain: from rates to bars, their null, a signature, coordinates and variables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.study.topology import Topology
from isomorph.topology.found import Bar, Result
from isomorph.topology.null import LEVEL, independent, null_of, shifted, stretches
from isomorph.topology.persistence import METRICS, Persistence, persistence
from isomorph.topology.points import Floats, Whole, kept, principal, standardised
from isomorph.topology.sampling import SAMPLINGS
from isomorph.topology.signature import signature_of

FEWEST = 20
"""Points with fewer than which nothing is looked for."""


def topology_of(
    rates: Floats,
    settings: Topology,
    *,
    segments: Whole | None = None,
    variables: Mapping[str, Floats] | None = None,
    periods: Mapping[str, float | None] | None = None,
    permuted: bool = False,
    rng: np.random.Generator,
) -> Result:
    """Return the loops and voids of a population's activity, against independent units.

    Parameters
    ----------
    rates : array of shape (point, unit)
        Activity at each moment, or the mean response to each stimulus; NaN where unknown.
    settings : Topology
    segments : array of int of shape (point,), optional
        The number of the contiguous stretch that each moment belongs to.
    variables : mapping of str to array of shape (point,), optional
        That circles are held against; NaN where unknown.
    periods : mapping of str to float or None, optional
        After which a variable comes back to where it was.
    permuted : bool, optional
        Whether the values of each unit are permuted over points in place of shifted: those of
        stimuli, which follow one another in no order. Along a variable that comes back to where
        it was, shifted tuning is tuning still, so that nothing would ever outlast the shuffles.
    rng : Generator
        Of the shuffles.

    Raises
    ------
    IsomorphError
        When there are too few units or points, or values are not what they must be.
    """
    used = kept(rates, root=settings.of == "time")
    _refuse_few(used.values, settings)
    if segments is None:
        segments = np.zeros(len(rates), dtype=np.intp)
    parts = stretches(np.asarray(segments)[used.points])
    scores, variance = principal(standardised(used.values), settings.components)
    chosen, found = _persistence(scores, settings, cocycles=True)

    def longest(shuffled: Floats) -> Floats:
        own = principal(standardised(shuffled), settings.components)[0]
        return _persistence(own, settings)[1].longest()

    null = null_of(
        used.values,
        independent if permuted else lambda values, own: shifted(values, parts, own),
        longest,
        settings.shuffles,
        settings.dimensions,
        rng,
    )
    bars, corrected = [], []
    for dimension, pairs in enumerate(found.bars):
        lengths = pairs[:, 1] - pairs[:, 0]
        p = np.where(np.isinf(lengths), np.nan, null.p(lengths, dimension))
        adjusted = np.where(np.isnan(p), np.nan, null.corrected(p, found.longest()))
        corrected.append(adjusted)
        bars += [
            Bar(dimension, float(birth), float(death), float(own), float(over))
            for (birth, death), own, over in zip(pairs, p, adjusted, strict=True)
        ]
    every = np.full((len(rates), settings.components), np.nan)
    every[used.points] = scores
    return Result(
        bars=tuple(bars),
        null=null,
        signature=signature_of(corrected, LEVEL, settings.shuffles),
        coordinates=None,
        no_coordinates="",
        decoded=(),
        chosen=used.points[chosen],
        scores=every,
        variance=variance,
        units=len(used.units),
        points=len(used.points),
        units_constant=used.units_constant,
        units_unknown=used.units_unknown,
        points_unknown=used.points_unknown,
        points_zero=0,
    )


def _persistence(
    scores: Floats, settings: Topology, cocycles: bool = False
) -> tuple[Whole, Persistence]:
    """Return the points that are chosen, and their bars."""
    metric = METRICS[settings.metric]
    chosen = SAMPLINGS[settings.sampling](metric.space(scores), settings.points)
    distances = metric.distances(scores[chosen])
    return chosen, persistence(distances, settings.dimensions, settings.coefficient, cocycles)


def _refuse_few(values: Floats, settings: Topology) -> None:
    points, units = values.shape
    if points < FEWEST:
        raise IsomorphError(f"topology: {points} points have activity, expected at least {FEWEST}")
    if units < settings.components:
        raise IsomorphError(
            f"topology: {units} units vary, fewer than the {settings.components} dimensions they "
            "are reduced to; set components to no more than that, or ask for more units"
        )
