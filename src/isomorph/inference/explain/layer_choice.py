"""The layer a model stands for itself with: chosen on some stimuli, and again in every resample.

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

from isomorph.inference.stimulus_splits import TOO_FEW
from isomorph.inference.ties import NONE, Indices, best, most_frequent
from isomorph.measures import Counts, Floats, Measure


@dataclass(frozen=True)
class LayerChoice:
    """The layers of one model that were chosen for one region.

    Attributes
    ----------
    halves : array of shape (half,)
        For each half to score.
    drawn : array of shape (resample, half)
        In halves of every resample; `NONE` where a resample cannot tell.
    by_drawn : array of shape (resample, half) or None
        Likewise, by the subjects each resample drew; None where subjects are not resampled.
    by_subjects : array of shape (resample, half) or None
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
        return most_frequent(self.halves)

    @property
    def ever(self) -> Indices:
        """Every layer that was chosen anywhere."""
        kinds = (self.halves, self.drawn, self.by_drawn, self.by_subjects)
        found = np.unique(np.concatenate([one.ravel() for one in kinds if one is not None]))
        return found[found != NONE]


@dataclass(frozen=True)
class ChoosingScores:
    """What layers are chosen by: values against chance on the stimuli that choose.

    Attributes
    ----------
    halves : array of shape (half, subject, candidate)
    drawn : array of shape (resample, half, subject, candidate)
    """

    halves: Floats
    drawn: Floats

    def choose(
        self, subjects: slice, candidates: Indices, subject_draws: Counts | None
    ) -> LayerChoice | str:
        """Return the choice of a model's layer, or why there is none.

        Parameters
        ----------
        subjects : slice
            Those of the region.
        candidates : array of shape (candidate,)
            The model's layers. One alone needs no choice and no halves.
        subject_draws : array of shape (resample, subject) or None
        """
        draws, n = subject_draws, len(self.drawn)
        if len(candidates) == 1:
            alone = np.broadcast_to(candidates, (n, 2))
            halves = np.broadcast_to(candidates, max(1, len(self.halves)))
            by_subjects = None if draws is None else alone
            return LayerChoice(halves, alone, by_subjects, by_subjects, True)
        if not len(self.halves):
            return TOO_FEW
        whole, drawn = (
            values[..., subjects, :][..., candidates] for values in (self.halves, self.drawn)
        )
        equal = np.full((n, whole.shape[1]), 1 / whole.shape[1])
        chosen, on_drawn = (
            _best(values, weights, candidates)
            for values, weights in ((whole[None], equal[:1]), (drawn, equal))
        )
        if draws is None:
            return LayerChoice(chosen[0], on_drawn, None, None, False)
        weights = draws / draws.sum(axis=1, keepdims=True)
        first = np.broadcast_to(whole[:2], (n, 2, *whole.shape[1:]))
        by_drawn, by_subjects = (_best(values, weights, candidates) for values in (drawn, first))
        return LayerChoice(chosen[0], on_drawn, by_drawn, by_subjects, False)


def choosing_scores(
    subjects: Floats,
    rdms: Floats,
    choosing: Sequence[Indices],
    redrawn: Counts,
    measure: Measure,
    signs: Floats | None = None,
) -> ChoosingScores:
    """Compare all subjects with all candidates on the stimuli that choose.

    Parameters
    ----------
    subjects, rdms : arrays of shapes (subject, pair) and (candidate, pair)
    choosing : sequence of arrays of shape (pair,)
        Pairs of the stimuli that choose, a half each.
    redrawn : array of shape (resample, half, stimulus)
        Halves of every resample, see `halved`.
    measure : Measure
    signs : array of shape (stimulus, stimulus), optional
        See `Measure.calibrated`.
    """
    halves = [measure.calibrated(subjects[:, own], rdms[:, own])[1] for own in choosing]
    shape, flat = (len(subjects), len(rdms)), redrawn.reshape(-1, redrawn.shape[-1])
    drawn, some = np.full((len(flat), *shape), np.nan), flat.any(axis=1)
    if halves and some.any():
        drawn[some] = measure.calibrated(subjects, rdms, flat[some], signs)[1]
    return ChoosingScores(np.array(halves).reshape(-1, *shape), drawn.reshape(-1, 2, *shape))


def _best(values: Floats, weights: Floats, candidates: Indices) -> Indices:
    """Return the candidate `(resample, ...)` that is best for the subjects on average.

    Parameters
    ----------
    values : array of shape (resample, ..., subject, candidate)
    weights : array of shape (resample, subject)
        Adding up to 1.
    candidates : array of shape (candidate,)
    """
    found = best(np.einsum("r...sl,rs->r...l", values, weights))
    return np.where(found == NONE, NONE, candidates[found])


def of_choices(
    choices: Sequence[LayerChoice], kind: str, statistics: Callable[[Indices], Floats]
) -> Floats:
    """Return statistics of the chosen layers, the mean over the halves that chose.

    Parameters
    ----------
    choices : sequence of LayerChoice
        Of the models a statistic is about.
    kind : str
        `drawn`, `by_drawn` or `by_subjects`.
    statistics : callable
        Of layers `(resample, model)`: `(resample, subject, statistic)`.
    """
    layers = np.stack([getattr(choice, kind) for choice in choices], axis=-1)
    n_halves = 1 if all(choice.alone for choice in choices) else 2
    return np.mean([statistics(layers[:, half]) for half in range(n_halves)], axis=0)
