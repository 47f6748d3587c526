"""How similar two measurements of a region are: of two subjects, or of one measured again."""

from __future__ import annotations

import numpy as np

from isomorph.inference.gather import Region
from isomorph.inference.stepping import STEPS, stepped
from isomorph.measures import Counts, Floats, Measure, stimulus_count

RESAMPLED = 3
"""Halvings that are resampled. More would hardly narrow an interval, and four repetitions have no
more."""

SURE = 0.95
"""Share of the resamples that must have a reliability for its spread to be that of all: of two
subjects half of the draws are of one alone, and have none."""


def halves_of(region: Region) -> Floats:
    """Return the RDMs of the halves of a region of one subject: `(halving, half, pair)`."""
    assert region.halves is not None, "a region with halvings has halves"
    return region.halves[region.halvings, :, 0].astype(float)


def agreement(
    region: Region,
    distance: str,
    measure: Measure,
    counts: Counts | None = None,
    signs: Floats | None = None,
) -> Floats:
    """Return the measure between every two subjects; of one, the reliability halves predict.

    Parameters
    ----------
    region : Region
    distance : str
    measure : Measure
    counts : array of shape (resample, stimulus), optional
        All stimuli once unless given; with them, of `RESAMPLED` halvings.
    signs : array of shape (stimulus, stimulus), optional
        See `Measure.resampled`.

    Returns
    -------
    array of shape (subject, subject) or (1, 1)
        With counts, of shape (resample, subject, subject) or (resample, 1, 1).
    """
    # Ceilings ask for it, and then whatever is normalised. What is drawn is kept, so that its place
    # in memory is not given to other draws.
    found, _ = region.stack.derived(
        ("agreement", distance, measure.name, id(counts)),
        lambda: (_agreement(region, distance, measure, counts, signs), counts),
    )
    return found


def _agreement(
    region: Region,
    distance: str,
    measure: Measure,
    counts: Counts | None,
    signs: Floats | None,
) -> Floats:
    if len(region.subjects) > 1:
        if counts is None:
            return measure.compare(region.stack, region.stack)
        return measure.resampled(region.stack, region.stack, counts, signs)
    step, whole, halves = STEPS[distance], region.rdms[0], halves_of(region)
    norm = np.ones(stimulus_count(len(whole))) if region.half_norm is None else region.half_norm[0]
    aligned = halves if step.align is None else step.align(halves, whole, norm)
    if counts is None:
        every = np.ones((1, len(norm)), dtype=int)
        return stepped(whole, aligned, measure, step, every)[:, None]
    return stepped(whole, aligned[:RESAMPLED], measure, step, counts, signs)[:, None, None]


def reliability(agreement: Floats, weights: Counts | None = None) -> Floats:
    """Return the mean agreement of two different subjects, or the reliability of one.

    Parameters
    ----------
    agreement : array of shape (..., subject, subject), or (..., 1, 1) of one
    weights : array of shape (..., subject), optional
        How often each subject was drawn. Pairs of copies of one subject are left out.

    Returns
    -------
    array of shape (...,)
        NaN where one subject alone was drawn.
    """
    n = agreement.shape[-1]
    if n == 1:
        return np.asarray(agreement[..., 0, 0])
    counts = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    pairs = counts[..., :, None] * counts[..., None, :] * (1 - np.eye(n))
    with np.errstate(invalid="ignore"):
        mean = (pairs * agreement).sum(axis=(-1, -2)) / pairs.sum(axis=(-1, -2))
    return np.asarray(mean)
