"""Trained models against their untrained twins, the layer chosen on other stimuli."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isomorph.inference.bootstrap import (
    Spread,
    mean_over_drawn,
    spread_over_both,
    spread_over_stimuli,
)
from isomorph.measures import Counts, Floats

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Resampled:
    """One region against all candidates, under every kind of draw.

    Attributes
    ----------
    plain : (subject, candidate)
        On all stimuli.
    drawn : (resample, subject, candidate)
        On the stimuli each resample drew.
    left_out : (resample, subject, candidate)
        On the stimuli each resample left out.
    subject_draws : (resample, subject) or None
        None where subjects are too few to resample.
    n_stimuli : int
    """

    plain: Floats
    drawn: Floats
    left_out: Floats
    subject_draws: Counts | None
    n_stimuli: int


@dataclass(frozen=True)
class Contrast:
    """A trained model against its twins.

    Attributes
    ----------
    score, twin_score, difference : float
        Means over resamples; each model's layer was chosen on the stimuli the resample left out,
        so that the choice does not flatter the score.
    spread : Spread
        Of the difference: stimuli, subjects where resampled, and seeds. Its standard error is
        NaN with one seed.
    chosen : int
        The candidate most often chosen for the trained model.
    chosen_share : float
        How often.
    """

    score: float
    twin_score: float
    difference: float
    spread: Spread
    chosen: int
    chosen_share: float


def contrast(
    resampled: Resampled, trained: Indices, twins: Mapping[str, Indices]
) -> Contrast | str:
    """Compare a trained model with its untrained twins.

    Parameters
    ----------
    resampled : Resampled
        One region.
    trained : (layer,)
        The trained model's candidates.
    twins : mapping of str to (layer,)
        Each twin's candidates, by instance.

    Returns
    -------
    Contrast or str
        Why there is none: a model without a layer that scores, or too few stimuli to choose a
        layer on in half of the resamples.
    """
    # A layer that is undefined in most resamples, such as one with a constant RDM, cannot win.
    defined = np.isfinite(resampled.left_out + resampled.drawn).all(axis=1).mean(axis=0) > 1 / 2
    families = [family[defined[family]] for family in (trained, *twins.values())]
    if not any(len(family) for family in families):
        return "too few stimuli to choose a layer on those left out"
    if not all(len(family) for family in families):
        return "a model has no layer that can be scored"
    members = np.concatenate(families)
    finite = np.isfinite(resampled.left_out[:, :, members] + resampled.drawn[:, :, members])
    enough: NDArray[np.bool_] = np.asarray(finite.all(axis=(1, 2)))
    if 2 * enough.sum() < len(enough):
        return "too few stimuli to choose a layer on those left out"
    drawn, left_out = resampled.drawn[enough], resampled.left_out[enough].mean(axis=1)
    choices = [family[left_out[:, family].argmax(axis=1)] for family in families]
    rows = np.arange(len(drawn))
    # (resample, subject, model): each model at the layer chosen for it.
    scores = np.stack([drawn[rows, :, choice] for choice in choices], axis=2)
    best = [family[resampled.plain[:, family].mean(axis=0).argmax()] for family in families]
    spread = _spread(scores, resampled.plain[:, best], resampled, enough)
    means = scores.mean(axis=(0, 1))
    values, counts = np.unique(choices[0], return_counts=True)
    return Contrast(
        score=float(means[0]),
        twin_score=float(means[1:].mean()),
        difference=float(means[0] - means[1:].mean()),
        spread=_with_seeds(spread, means[1:]),
        chosen=int(values[counts.argmax()]),
        chosen_share=float(counts.max() / counts.sum()),
    )


def _spread(
    scores: Floats, plain: Floats, resampled: Resampled, enough: NDArray[np.bool_]
) -> Spread:
    """Return the spread of trained less twins over stimuli, and over subjects if drawn.

    Parameters
    ----------
    scores : (resample, subject, model)
    plain : (subject, model)
        On all stimuli, each model at its best layer.
    resampled : Resampled
    enough : (resample,)
        Which resamples the scores are of.
    """
    over_stimuli = _trained_less_twins(scores.mean(axis=1))
    if resampled.subject_draws is None:
        return spread_over_stimuli(over_stimuli, resampled.n_stimuli)
    draws = resampled.subject_draws[enough]
    return spread_over_both(
        _trained_less_twins(mean_over_drawn(scores, draws)),
        _trained_less_twins(mean_over_drawn(np.broadcast_to(plain, scores.shape), draws)),
        over_stimuli,
        draws.shape[1],
        resampled.n_stimuli,
    )


def _trained_less_twins(scores: Floats) -> Floats:
    """Return `(resample, 1)` from `(resample, model)`, the trained model first."""
    difference: Floats = scores[:, :1] - scores[:, 1:].mean(axis=1, keepdims=True)
    return difference


def _with_seeds(spread: Spread, twin_scores: Floats) -> Spread:
    """Add that other seeds would have scored otherwise.

    Were training without effect, the trained model would be one more draw from the twins, so the
    seeds' variance enters once for it and once for the twins' mean: `1 + 1/n` times. Degrees of
    freedom of the two variances together by Satterthwaite's formula. With one seed the variance
    is unknown, and so is what the difference means.
    """
    n_seeds = len(twin_scores)
    if n_seeds < 2:
        return replace(spread, standard_error=np.array([np.nan]))
    sampling = spread.standard_error.item() ** 2
    seeds = twin_scores.var(ddof=1) * (1 + 1 / n_seeds)
    parts = sampling**2 / spread.degrees_of_freedom + seeds**2 / (n_seeds - 1)
    together = sampling + seeds
    return Spread(
        np.sqrt(np.array([together])),
        f"{spread.scheme} and seeds",
        together**2 / parts if parts > 0 else spread.degrees_of_freedom,
    )
