"""Models as they are compared: alone or as families of seeds, each at its chosen layer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isomorph.inference.nested import ChosenLayers
from isomorph.inference.spread import Spread, satterthwaite
from isomorph.measures import Floats


@dataclass(frozen=True)
class ModelFamily:
    """A model, or several that differ only in their seed.

    Attributes
    ----------
    name : str
    instances : tuple of str
        Names under which it appears among the candidates.
    seeded : bool
        Whether its instances are draws from many that could have been.
    control_of : str or None
        The trained model this one is the untrained control of.
    """

    name: str
    instances: tuple[str, ...]
    seeded: bool = False
    control_of: str | None = None


def among(families: Sequence[ModelFamily], compared: Collection[str]) -> list[ModelFamily]:
    """Return families with those of their instances that are compared, as far as any is."""
    kept = [
        replace(one, instances=tuple(name for name in one.instances if name in compared))
        for one in families
    ]
    return [one for one in kept if one.instances]


@dataclass(frozen=True)
class Member:
    """A family in one region: its score and how that varies over seeds."""

    family: ModelFamily
    score: float
    seeds: Floats
    layer: str
    share: float


def scored(
    families: Sequence[ModelFamily], chosen: ChosenLayers, layers: Sequence[str]
) -> list[Member]:
    """Return the families all of whose instances have a score.

    Parameters
    ----------
    families : sequence of ModelFamily
    chosen : ChosenLayers
    layers : sequence of str
        Layer of every candidate.
    """
    known = chosen.known()
    return [_member(one, chosen, layers) for one in families if set(one.instances) <= set(known)]


def _member(family: ModelFamily, chosen: ChosenLayers, layers: Sequence[str]) -> Member:
    known = chosen.known()
    choices = [known[name] for name in family.instances]
    scores = np.array([choice.score for choice in choices])
    place, share = choices[0].favourite
    seeds = scores if family.seeded else scores[:1]
    return Member(family, float(scores.mean()), seeds, layers[place], share)


def with_seeds(
    spread: Spread, pairs: Sequence[tuple[Member, Member]]
) -> tuple[Spread, NDArray[np.bool_]]:
    """Add that other seeds would have scored otherwise.

    The mean over n seeds varies by a 1/n of the seeds' variance. Were training without effect, a
    trained network would be one more draw from its controls, so against them it counts once more in
    full. Degrees of freedom of all variances together by Satterthwaite's formula. With one seed
    of a family the variance is unknown, and so is what the difference means.

    Returns
    -------
    spread : Spread
    unknown : array of shape (pair,)
        Where a family has one seed.
    """
    sampling = spread.standard_error**2
    total, parts = sampling.copy(), sampling**2 / spread.degrees_of_freedom
    unknown = np.zeros(len(pairs), dtype=bool)
    for at, (first, second) in enumerate(pairs):
        for member, other in ((first, second), (second, first)):
            n_seeds = len(member.seeds)
            if n_seeds < 2:
                unknown[at] |= member.family.seeded
                continue
            is_draw = member.family.control_of == other.family.name and len(other.seeds) < 2
            variance = member.seeds.var(ddof=1) * (is_draw + 1 / n_seeds)
            total[at] += variance
            parts[at] += variance**2 / (n_seeds - 1)
    freedom = satterthwaite(total, parts, spread.degrees_of_freedom)
    error = np.where(unknown, np.nan, np.sqrt(total))
    return replace(spread, standard_error=error, degrees_of_freedom=freedom), unknown
