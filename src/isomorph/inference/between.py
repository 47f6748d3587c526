"""Subjects against each other: each against the others pooled, and every two."""

from __future__ import annotations

import numpy as np

from isomorph.inference.bootstrap import Resampled
from isomorph.inference.setting import Draws
from isomorph.measures import Counts, Floats, Measure


def across_subjects(rdms: Floats, measure: Measure) -> tuple[float, float]:
    """Return the lower and upper ceiling of several subjects' RDMs `(subject, pair)`."""
    everyone = measure.pool(rdms)[None]
    upper = measure.compare(rdms, everyone).mean()
    lower = np.diag(measure.compare(rdms, _others(rdms, measure))).mean()
    return float(lower), float(upper)


def across_subjects_resampled(
    rdms: Floats, measure: Measure, counts: Counts
) -> tuple[Floats, Floats]:
    """Return the lower and upper ceiling in every resample of the stimuli: `(resample,)` each.

    RDMs are pooled once, on all stimuli.
    """
    everyone, others = measure.pool(rdms), _others(rdms, measure)
    found = [
        measure.resampled(rdms[place : place + 1], np.stack([other, everyone]), counts)[:, 0]
        for place, other in enumerate(others)
    ]
    lower, upper = np.mean(found, axis=0).T
    return lower, upper


def _others(rdms: Floats, measure: Measure) -> Floats:
    """Return, for every subject, the others pooled."""
    return np.stack([measure.pool(np.delete(rdms, s, axis=0)) for s in range(len(rdms))])


def between_subjects(rdms: Floats, measure: Measure) -> float:
    """Return the mean of a measure over all pairs of subjects' RDMs `(subject, pair)`."""
    first, second = np.triu_indices(len(rdms), 1)
    return float(measure.compare(rdms, rdms)[first, second].mean())


def root_between(rdms: Floats, measure: Measure, draws: Draws, drawn: Counts | None) -> Resampled:
    """Return the root of the measure between subjects under every kind of draw.

    Parameters
    ----------
    rdms : (subject, pair)
    measure : Measure
    draws : Draws
    drawn : (resample, subject) or None
        How often each subject was drawn, where subjects are resampled.
    """
    alike = measure.resampled(rdms, rdms, draws.stimuli)
    plain = measure.compare(rdms, rdms)[None]
    alone = np.ones((1, len(rdms)))
    return Resampled(
        _root(alike, alone),
        None if drawn is None else _root(plain, drawn),
        None if drawn is None else _root(alike, drawn),
        draws.n_groups,
        len(rdms),
    )


def _root(alike: Floats, drawn: Floats | Counts) -> Floats:
    """Return the root of the mean of `(resample, subject, subject)` over drawn pairs of two.

    0 where they do not agree, NaN where one subject alone was drawn; `(resample, 1)`.
    """
    n = alike.shape[1]
    apart = 1.0 - np.eye(n)
    total = np.einsum("bs,bt,st->b", drawn, drawn, apart)
    summed = (drawn[:, None, :] @ (alike * apart) @ drawn[:, :, None])[:, 0, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = summed / total
    return np.sqrt(np.maximum(mean, 0.0))[:, None]
