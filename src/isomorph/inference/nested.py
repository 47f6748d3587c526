r"""The score of a model at a layer that was chosen on other stimuli than it is scored on.

In every split the layer is taken that is best on one side. What it scores on the other would be
free of that choice but is a score of few stimuli, which some measures value differently from many.
So each layer's scores on parts are first shifted to its value on all stimuli: with :math:`T_{kl}`
the score of layer :math:`l` on part :math:`k`, :math:`\bar T_l` its mean over the parts of all
cross-validations, :math:`F_l` its value on all stimuli and :math:`l_k` the layer chosen without
part :math:`k`, the nested score is the mean over parts of

.. math:: T_{k l_k} - \bar T_{l_k} + F_{l_k}.

The score of a model with one layer is its value on all stimuli.

How far the score would move with other stimuli is found by doing all of it again in every resample,
the choice included: a standard error that took the layers as given would leave out that other
stimuli choose other layers. Two cross-validations in each resample tell how much of their spread is
the luck of the parts, which is taken off (Schütt et al. 2023,
https://doi.org/10.7554/eLife.82566); to be two, each has its own :math:`\bar T_l`. That mean then
rests on few pairs of stimuli, a part of those that chose, which shifts scores of noise below 0: in
resamples of which only the spread is used it does not matter, in the score itself it would.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isomorph.inference.bootstrap import Resampled, joined
from isomorph.inference.scores import Scores
from isomorph.inference.stimulus_splits import TOO_FEW, Sides
from isomorph.inference.ties import Indices, best
from isomorph.measures import Floats


@dataclass(frozen=True)
class Nested:
    """A model at the layer chosen on some stimuli and scored on the others.

    Attributes
    ----------
    layers : array of shape (layer,)
        Candidates that could be chosen.
    share : array of shape (layer,)
        How often each was; they add up to 1.
    score : float
        Mean over cross-validations.
    optimism : float
        By how much the highest value of any layer on all stimuli exceeds the score, because these
        stimuli had a say in which is highest; 0 for a model with one layer.
    n_splits : int
    draws : Resampled
        The score under every kind of draw, of one thing.
    """

    layers: Indices
    share: Floats
    score: float
    optimism: float
    n_splits: int
    draws: Resampled

    @property
    def favourite(self) -> tuple[int, float]:
        """The candidate most often chosen, and how often."""
        return int(self.layers[self.share.argmax()]), float(self.share.max())


def choose(scores: Scores, members: Indices, *, other_subjects: bool = False) -> Nested | str:
    """Choose a model's layer on one side of every split and score it on the other.

    Parameters
    ----------
    scores : Scores
    members : array of shape (layer,)
        The model's candidates.
    other_subjects : bool
        Whether the layer a subject is scored at is chosen by the other subjects alone.

    Returns
    -------
    Nested or str
        Why there is none: no layer has a number in half of the splits.
    """
    parts = scores.parts
    if not len(parts.chosen_on):
        return "no split of the stimuli"
    sums = parts.chosen_on + parts.scored_on
    there = np.asarray(np.isfinite(sums).any(axis=(-2, -1)))
    finite = np.asarray(np.isfinite(sums).all(axis=-2))[there][:, members]
    # A layer that is undefined in most splits, such as one with a constant RDM, cannot win, nor one
    # that has no value on all stimuli, which scores on parts are shifted to.
    whole = np.asarray(np.isfinite(scores.plain[:, members]).all(axis=0))
    defined = whole & (2 * finite.sum(axis=0) > len(finite))
    if not defined.any():
        return "a model has no layer that can be scored"
    enough = np.asarray(finite[:, defined].all(axis=1))
    if 2 * enough.sum() < len(enough):
        return TOO_FEW
    layers = members[defined]
    full = scores.plain[None, :, layers]
    everyone = np.full((1, full.shape[1]), 1 / full.shape[1])
    found, chosen = nested(full, _of(parts, layers), everyone, other_subjects=other_subjects)
    score = float(np.nanmean(found))
    made = chosen[chosen >= 0]
    share = np.bincount(made, minlength=len(layers)) / max(len(made), 1)
    highest = float(full[0].mean(axis=0).max())
    draws = _draws(scores, layers, other_subjects=other_subjects)
    # The layer chosen most often stands for those chosen in some resamples.
    favourite = layers[share.argmax()]
    draws = replace(draws, of_pairs=scores.of_pairs_against_chance([favourite]))
    return Nested(layers, share, score, highest - score, int(enough.sum()), draws)


def nested(
    full: Floats,
    parts: Sides,
    weights: Floats,
    *,
    other_subjects: bool = False,
    apart: bool = False,
) -> tuple[Floats, Indices]:
    """Return nested scores of one model in every resample and cross-validation.

    Parameters
    ----------
    full : array of shape (resample, subject, layer)
        On all stimuli of the resample.
    parts : Sides
        Of the same layers.
    weights : array of shape (resample, subject)
        Of the subjects, adding up to 1.
    other_subjects : bool
        Whether the layer a subject is scored at is chosen by the other subjects alone.
    apart : bool
        Whether every cross-validation stands for itself.

    Returns
    -------
    score : array of shape (resample, repeat)
        NaN where no part can be scored.
    chosen : array of shape (resample, repeat, part, subject), or one for all subjects
        The layer, `NONE` where there is none.
    """
    chosen_on, scored_on = parts.chosen_on, parts.scored_on
    known = np.asarray(np.isfinite(chosen_on + scored_on).all(axis=-2))
    whole = bool(known.all())  # nothing to fill in, as mostly
    if not whole:
        chosen_on, scored_on = (
            np.where(known[..., None, :], one, 0.0) for one in (chosen_on, scored_on)
        )
    criterion = np.einsum("rkpsl,rs->rkpl", chosen_on, weights)[..., None, :]
    if other_subjects:
        own = weights[:, None, None, :, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            others = (criterion - own * chosen_on) / (1 - own)
        # Where a resample drew one subject alone there are no others, and it chooses for itself.
        criterion = np.where(own < 1 - 1e-9, others, chosen_on)
    else:
        scored_on = np.einsum("rkpsl,rs->rkpl", scored_on, weights)[..., None, :]
        full, weights = np.einsum("rsl,rs->rl", full, weights)[:, None], np.ones((len(full), 1))
    chosen = best(criterion if whole else np.where(known[..., None, :], criterion, np.nan))
    some = np.asarray(known.any(axis=-1))
    over = 2 if apart else (1, 2)
    n_known = known.sum(axis=over, keepdims=True)[..., None, :]
    mean = scored_on.sum(axis=over, keepdims=True) / np.maximum(n_known, 1)
    shifted = scored_on - mean + full[:, None, None]
    values = np.take_along_axis(shifted, chosen[..., None], axis=-1)[..., 0]
    values = np.einsum("rkps,rs->rkp", values, weights)
    with np.errstate(invalid="ignore"):
        score = np.where(some, values, 0.0).sum(axis=2) / np.where(some, 1.0, 0.0).sum(axis=2)
    return score, chosen


def _of(parts: Sides, layers: Indices) -> Sides:
    return parts.mapped(lambda values: values[..., layers])


def _draws(scores: Scores, layers: Indices, *, other_subjects: bool) -> Resampled:
    """Return a model's nested score under draws of stimuli, of subjects, and of both."""
    redrawn, n_subjects = _of(scores.redrawn, layers), len(scores.plain)
    n = len(redrawn.chosen_on)
    full = scores.drawn[:n, :, layers]

    def both(weights: Floats) -> tuple[Floats, Floats]:
        found, _ = nested(full, redrawn, weights, other_subjects=other_subjects, apart=True)
        first, second = found.T
        return (first + second)[:, None] / 2, (first - second)[:, None] / 2

    over_stimuli, apart = both(np.full((n, n_subjects), 1 / n_subjects))
    n_repeats = scores.parts.chosen_on.shape[1]
    drawn = Resampled(over_stimuli, None, None, scores.n_groups, n_subjects, apart, None, n_repeats)
    if scores.subject_draws is None:
        return drawn
    weights = scores.subject_draws[:n] / scores.subject_draws[:n].sum(axis=1, keepdims=True)
    over_both, apart_both = both(weights)
    plain = np.broadcast_to(scores.plain[:, layers], full.shape)
    parts = _of(scores.parts, layers).mapped(
        lambda values: np.broadcast_to(values, (n, *values.shape[1:]))
    )
    found, _ = nested(plain, parts, weights, other_subjects=other_subjects)
    return replace(
        drawn, over_subjects=found.mean(axis=1)[:, None], over_both=over_both,
        apart_both=apart_both,
    )  # fmt: skip


@dataclass(frozen=True)
class ChosenLayers:
    """Every model at its chosen layer, in one region.

    Attributes
    ----------
    choices : dict of str to Nested or str
        By model, or why there is none.
    """

    choices: dict[str, Nested | str]

    def known(self) -> dict[str, Nested]:
        """Return the models that have a choice."""
        return {name: one for name, one in self.choices.items() if not isinstance(one, str)}

    def resampled(self) -> Resampled:
        """Return the known models' scores under every kind of draw, in their order."""
        return joined([choice.draws for choice in self.known().values()])


def choose_all(
    scores: Scores, members: dict[str, Indices], *, other_subjects: bool = False
) -> ChosenLayers:
    """Choose the layer of every model.

    Parameters
    ----------
    scores : Scores
    members : dict of str to array of shape (layer,)
        Candidates of each model.
    other_subjects : bool
    """
    return ChosenLayers(
        {
            name: choose(scores, layers, other_subjects=other_subjects)
            for name, layers in members.items()
        }
    )
