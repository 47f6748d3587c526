"""The whole chain: from rates to bars, their null, a signature, coordinates and variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.study.topology import Topology
from isomorph.topology.coordinates import Graph, circular_coordinates, extended, in_blocks
from isomorph.topology.decoding import decoded
from isomorph.topology.found import Bar, Coordinates, Result
from isomorph.topology.null import (
    LEVEL,
    Null,
    fewest_shuffles,
    independent,
    null_of,
    shifted,
    stretches,
)
from isomorph.topology.persistence import METRICS, Metric, Persistence, lengths, persistence, ratios
from isomorph.topology.points import Floats, Whole, away, kept, principal, standardised
from isomorph.topology.sampling import SAMPLINGS
from isomorph.topology.signature import CLEAR_LENGTH, CLEAR_RATIO, UNTESTED, signature_of

FEWEST = 20
"""Points with fewer than which nothing is looked for."""


@dataclass(frozen=True)
class Cloud:
    """Points of one population, or of its shuffle.

    Attributes
    ----------
    scores : array of shape (point, component)
    variance : float
        Share that the components hold.
    off : array of int
        Points that are not left out for lying at the mean.
    chosen : array of int
        Points that stand for all.
    distances : array of shape (chosen, chosen)
    """

    scores: Floats
    variance: float
    off: Whole
    chosen: Whole
    distances: Floats

    @classmethod
    def of(cls, values: Floats, settings: Topology) -> Cloud:
        """Return the points of values `(point, unit)`."""
        metric = METRICS[settings.metric]
        scores, variance = principal(standardised(values), settings.components)
        off = away(scores) if metric.angular else np.arange(len(scores))
        sampling = SAMPLINGS[settings.sampling]
        chosen = off[sampling(metric.space(scores[off]), settings.points)]
        return cls(scores, variance, off, chosen, metric.between(scores[chosen]))

    def bars(self, settings: Topology, cocycles: bool = False) -> Persistence:
        """Return the bars of the points that were chosen."""
        return persistence(self.distances, settings.dimensions, settings.coefficient, cocycles)


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

    Circles are tested against variables where points are moments of time; stimuli have none.

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
        Where responses to neighbours are alike, what outlasts permutations says no more than that
        units have to do with one another.
    rng : Generator
        Of the shuffles.

    Raises
    ------
    IsomorphError
        When there are too few units or points, values are not what they must be, or ripser is not
        installed.
    """
    rates = np.asarray(rates, dtype=float)
    used = kept(rates, root=settings.of == "time")
    _refuse_few(used.values, settings)
    parts = [slice(len(used.points))]
    if segments is not None:
        if np.shape(segments) != (len(rates),):
            raise IsomorphError(
                f"segments have shape {np.shape(segments)}, expected a number for each of "
                f"{len(rates)} points"
            )
        parts = stretches(np.asarray(segments)[used.points])

    def shuffled() -> Persistence:
        shuffle = independent(used.values, rng) if permuted else shifted(used.values, parts, rng)
        return Cloud.of(shuffle, settings).bars(settings)

    cloud = Cloud.of(used.values, settings)
    found = cloud.bars(settings, cocycles=True)
    null = null_of(shuffled, settings.shuffles, settings.dimensions)
    p = [null.p(one, dimension) for dimension, one in enumerate(found.bars)]
    corrected = [null.corrected(one, found.longest()) for one in p]
    # few stimuli leave large holes whatever they lie on
    clear = None if permuted or not settings.shuffles else _clear(found.bars[1], null)
    signature = signature_of(corrected, settings.shuffles, clear)

    coordinates, reason = None, _untested(settings)
    if signature.name != UNTESTED:
        loops = np.flatnonzero(corrected[1] <= LEVEL)
        try:
            phases, scale = phases_of(cloud, found, loops, settings)
        except IsomorphError as error:
            reason = str(error)
        else:
            every = _placed(phases, used.points[cloud.off], len(rates))
            coordinates, reason = Coordinates(every, scale, tuple(loops.tolist())), ""
    shifts = settings.shuffles if settings.of == "time" else 0
    return Result(
        bars=tuple(
            Bar(dimension, *row)
            for dimension, (one, own, over) in enumerate(zip(found.bars, p, corrected, strict=True))
            for row in np.column_stack([one, own, over]).tolist()
        ),
        null=null,
        signature=signature,
        coordinates=coordinates,
        no_coordinates=reason,
        decoded=(
            decoded(coordinates.phases, variables, periods or {}, shifts, rng)
            if coordinates and variables
            else ()
        ),
        chosen=used.points[cloud.chosen],
        scores=_placed(cloud.scores, used.points, len(rates)),
        variance=cloud.variance,
        units=len(used.units),
        points=len(cloud.off),
        units_constant=used.units_constant,
        units_unknown=used.units_unknown,
        points_unknown=used.points_unknown,
        points_zero=len(cloud.scores) - len(cloud.off),
    )


def _clear(loops: Floats, null: Null) -> NDArray[np.bool_]:
    """Return which loops are far beyond those of shuffles: `(loop,)`."""
    longer = lengths(loops) >= CLEAR_LENGTH * null.longest[:, 1].max()
    clear: NDArray[np.bool_] = longer & (ratios(loops) >= CLEAR_RATIO * null.widest[:, 1].max())
    return clear


def phases_of(
    cloud: Cloud, found: Persistence, loops: Sequence[int] | Whole, settings: Topology
) -> tuple[Floats, float]:
    """Return phases of all points that are off the mean, on loops, and the scale.

    Parameters
    ----------
    cloud : Cloud
    found : Persistence
        Its bars, with cocycles.
    loops : sequence of int
        Which bars of dimension 1.
    settings : Topology

    Returns
    -------
    phases : array of shape (point, loop)
        Radians in [0, 2π).
    scale : float
        Distance up to which points were neighbours.

    Raises
    ------
    IsomorphError
        Without loops, or when they have no coordinates.
    """
    graph = Graph.of(cloud.distances, found.bars[1][loops])
    own = circular_coordinates(graph, [found.cocycles[at] for at in loops], settings.coefficient)
    metric: Metric = METRICS[settings.metric]
    chosen = cloud.scores[cloud.chosen]
    phases = [
        extended(metric.distances(part, chosen), own, graph)
        for part in in_blocks(cloud.scores[cloud.off], len(chosen))
    ]
    return np.concatenate(phases), graph.scale


def _placed(values: Floats, at: Whole, n: int) -> Floats:
    """Return values in the rows they belong to, NaN in others: `(n, column)`."""
    every = np.full((n, values.shape[1]), np.nan)
    every[at] = values
    return every


def _untested(settings: Topology) -> str:
    return (
        f"shuffles: {settings.shuffles} are too few to say which loops are beyond chance, and only "
        f"those have coordinates; at least {fewest_shuffles(settings.dimensions)} are needed"
    )


def _refuse_few(values: Floats, settings: Topology) -> None:
    points, units = values.shape
    if points < FEWEST:
        raise IsomorphError(f"topology: {points} points have activity, expected at least {FEWEST}")
    if units < settings.components:
        raise IsomorphError(
            f"topology: {units} units vary, fewer than the {settings.components} dimensions they "
            "are reduced to; set components to no more than that, or ask for more units"
        )
