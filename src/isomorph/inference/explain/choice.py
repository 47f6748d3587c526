"""The layer a model stands for itself with: chosen on some stimuli, and anew in every resample.

On the stimuli as they are, either half of a halving chooses the layer that the other scores. Where
several layers are about equally good, other stimuli would choose others, whose partial similarities
and shares of variance may differ a lot. So every resample is halved too, each half chooses, and
what the resample says is the mean of what it says of the two layers. The estimate is a mean over
several halvings; its spread is nevertheless taken to be that of one. That of several is smaller,
but resamples do not tell it: where the stimuli at hand happen to favour one layer by two standard
errors, resamples hardly waver between it and its equals, and intervals covered .85 in simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from isomorph.inference.bootstrap import Resampled
from isomorph.inference.explain.material import TOO_FEW, Material
from isomorph.inference.explain.splits import Indices, most_frequent
from isomorph.inference.ties import rounded
from isomorph.measures import Floats, Measure

NONE = -1
"""In place of a layer, where a half has none with a number."""


@dataclass(frozen=True)
class Choice:
    """The layers of one model that were chosen for one region.

    Attributes
    ----------
    halves : (half,)
        For each half to score.
    drawn : (resample, half)
        In halves of every resample; `NONE` where a resample cannot tell.
    by_drawn : (resample, half) or None
        Likewise, by the subjects each resample drew; None where subjects are not resampled.
    by_subjects : (resample, half) or None
        In the first halving of the stimuli as they are, by the subjects each resample drew.
    alone : bool
        Whether the model has one layer only.
    """

    halves: Indices
    drawn: Indices
    by_drawn: Indices | None
    by_subjects: Indices | None
    alone: bool

    @property
    def favourite(self) -> tuple[int, float]:
        """The layer chosen most often, and how often."""
        return most_frequent(self.halves.tolist())

    @property
    def ever(self) -> Indices:
        """Every layer that was chosen anywhere."""
        kinds = (self.halves, self.drawn, self.by_drawn, self.by_subjects)
        found = np.unique(np.concatenate([one.ravel() for one in kinds if one is not None]))
        return found[found != NONE]


@dataclass(frozen=True)
class Alike:
    """All subjects and all candidates on the stimuli that choose, set against chance.

    Attributes
    ----------
    material : Material
    halves : (half, subject, candidate)
    drawn : (resample, half, subject, candidate)
    """

    material: Material
    halves: Floats
    drawn: Floats

    def choose(self, region: str, candidates: Indices) -> Choice | str:
        """Return the choice of a model's layer.

        Parameters
        ----------
        region : str
        candidates : (candidate,)
            The model's layers. One alone needs no choice and no halves.

        Returns
        -------
        Choice or str
            Why there is none.
        """
        draws, n = self.material.subject_draws[region], len(self.drawn)
        if len(candidates) == 1:
            alone = np.broadcast_to(candidates, (n, 2))
            halves = np.broadcast_to(candidates, max(1, len(self.halves)))
            by_subjects = None if draws is None else alone
            return Choice(halves, alone, by_subjects, by_subjects, True)
        if not len(self.halves):
            return TOO_FEW
        own = self.material.rows[region]
        whole, drawn = (
            values[..., own, :][..., candidates] for values in (self.halves, self.drawn)
        )
        equal = np.full((n, whole.shape[1]), 1 / whole.shape[1])
        chosen, on_drawn = (
            _best(values, weights, candidates)
            for values, weights in ((whole[None], equal[:1]), (drawn, equal))
        )
        if draws is None:
            return Choice(chosen[0], on_drawn, None, None, False)
        weights = draws / draws.sum(axis=1, keepdims=True)
        first = np.broadcast_to(whole[:2], (n, 2, *whole.shape[1:]))
        by_drawn, by_subjects = (_best(values, weights, candidates) for values in (drawn, first))
        return Choice(chosen[0], on_drawn, by_drawn, by_subjects, False)


def alike_under(material: Material, measure: Measure) -> Alike:
    """Compare everything on the stimuli that choose, under one measure.

    Parameters
    ----------
    material : Material
    measure : Measure
    """
    subjects, rdms = material.subjects, material.candidates.rdms
    halves = [
        measure.calibrated(subjects[:, pairs], rdms[:, pairs])[1]
        for pairs, _ in material.half_pairs
    ]
    shape = (len(subjects), len(rdms))
    flat = material.redrawn.reshape(-1, material.n_stimuli)
    drawn, some = np.full((len(flat), *shape), np.nan), flat.any(axis=1)
    if halves and some.any():
        drawn[some] = measure.calibrated(subjects, rdms, flat[some])[1]
    return Alike(
        material,
        np.array(halves).reshape(-1, *shape),
        drawn.reshape(-1, 2, *shape),
    )


def _best(values: Floats, weights: Floats, candidates: Indices) -> Indices:
    """Return the candidate `(resample, ...)` that is most like the subjects on average.

    Parameters
    ----------
    values : (resample, ..., subject, candidate)
    weights : (resample, subject)
        Adding up to 1.
    candidates : (candidate,)
    """
    mean = np.einsum("r...sl,rs->r...l", values, weights)
    known = np.isfinite(mean)
    found = candidates[rounded(np.where(known, mean, -np.inf)).argmax(axis=-1)]
    return np.where(known.any(axis=-1), found, NONE)


def of_choices(
    material: Material,
    region: str,
    choices: Sequence[Choice],
    drawn: Callable[[Indices], Floats],
    whole: Callable[[Indices], Floats],
) -> Resampled:
    """Return statistics of the chosen layers under every kind of draw.

    Parameters
    ----------
    material : Material
    region : str
    choices : sequence of Choice
        Of the models a statistic is about.
    drawn, whole : callable
        Of layers `(resample, model)`, statistics `(resample, subject, statistic)`, in the resample
        of the stimuli or on the stimuli as they are.
    """
    n_halves = 1 if all(choice.alone for choice in choices) else 2

    def of(how: Callable[[Indices], Floats], kind: str) -> Floats:
        layers = np.stack([getattr(choice, kind) for choice in choices], axis=-1)
        return np.mean([how(layers[:, half]) for half in range(n_halves)], axis=0)

    values, draws = of(drawn, "drawn"), material.subject_draws[region]
    if draws is None:
        return material.resampled(region, values)
    return material.resampled(region, values, of(drawn, "by_drawn"), of(whole, "by_subjects"))
