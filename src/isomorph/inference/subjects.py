"""Subjects one by one, and tests that take them for a sample of all subjects."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr

from isomorph.inference.estimated import status_of
from isomorph.inference.gather import Candidates, Region, in_draws, over_draws
from isomorph.inference.setting import Setting
from isomorph.measures import Floats, Measure, Stack

EXACT = 12
"""Subjects up to which every combination of signs is tried: 4096."""

ROUNDING = 1e-12
"""By how much a mean with signs changed may fall short of the observed one and count as large."""


def chance_of(region: Region, candidates: Stack, measure: Measure) -> Floats:
    """Return what the measure says of each subject by chance: `(subject, candidate)`.

    NaN where that is not known.

    Parameters
    ----------
    region : Region
    candidates : Stack
    measure : Measure
    """
    if not measure.known_chance:
        return np.full((len(region.subjects), len(candidates)), np.nan)
    return over_draws(in_draws([region]), lambda own: (measure.chance(own, candidates),))[0]


def subject_rows(
    region: Region, candidates: Candidates, estimate: Floats, chance: Floats, setting: Setting
) -> pd.DataFrame:
    """Return the estimate of every subject for every candidate, rows of the table `subjects`.

    Parameters
    ----------
    region : Region
    candidates : Candidates
    estimate, chance : arrays of shape (subject, candidate)
        What the measure says, and what it says by chance.
    setting : Setting
    """
    n = len(candidates.table)
    units = [np.nan if known is None else known for known in region.subject_units]
    each = candidates.table.iloc[np.tile(np.arange(n), len(region.subjects))]
    return each.reset_index(drop=True).assign(
        **setting.columns,
        **region.columns,
        subject=np.repeat(np.array(region.subjects, dtype=object), n),
        estimate=estimate.ravel(),
        chance=chance.ravel(),
        n_units=np.repeat(np.array(units or [np.nan] * len(region.subjects)), n),
        **status_of(estimate.ravel()),
    )


def over_subjects(estimate: Floats, chance: Floats, setting: Setting) -> dict[str, Any]:
    """Return columns of one-sided tests that subjects' estimates are above chance on average.

    Subjects are the sample and these stimuli are given: what is claimed holds for other subjects
    who are shown the same stimuli. With fewer than `inference.minimum_subjects` nothing is tested.

    Parameters
    ----------
    estimate, chance : arrays of shape (subject, candidate)
    setting : Setting

    Returns
    -------
    dict
        `t_subjects`, `p_subjects_t`, `p_subjects_sign_flip`, each `(candidate,)`.
    """
    n, n_candidates = estimate.shape
    if n < setting.inference.minimum_subjects:
        nothing = np.full(n_candidates, np.nan)
        return dict.fromkeys(("t_subjects", "p_subjects_t", "p_subjects_sign_flip"), nothing)
    above = estimate - chance
    t, p = t_test(above)
    rng = np.random.default_rng([setting.inference.seed, n])
    return {"t_subjects": t, "p_subjects_t": p, "p_subjects_sign_flip": sign_flip(above, rng)}


def t_test(values: Floats) -> tuple[Floats, Floats]:
    """Return t and one-sided p of the mean of `(subject, candidate)`; NaN where nothing varies."""
    n = len(values)
    error = values.std(axis=0, ddof=1) / np.sqrt(n)
    t = values.mean(axis=0) / np.where(error > ROUNDING, error, np.nan)
    return t, np.asarray(stdtr(n - 1, -t))


def sign_flip(values: Floats, rng: np.random.Generator) -> Floats:
    """Return one-sided p-values that a mean over subjects is above 0, by changing their signs.

    Under the null a subject's value is as likely above as below 0 (Fisher 1935; Winkler et al.
    2014, https://doi.org/10.1016/j.neuroimage.2014.01.060). Up to `EXACT` subjects all changes of
    sign are tried, the observed signs among them; p is a multiple of :math:`2^{-n}` and never
    less. Of more subjects as many changes are drawn, the same for all candidates.

    Parameters
    ----------
    values : array of shape (subject, candidate)
    rng : Generator

    Returns
    -------
    array of shape (candidate,)
        NaN where a subject has no value.
    """
    n = len(values)
    if n <= EXACT:
        signs = np.array(list(product((1.0, -1.0), repeat=n)))
    else:
        signs = rng.choice([1.0, -1.0], size=(2**EXACT, n))
        signs[0] = 1.0
    observed = values.mean(axis=0)
    share: Floats = (signs @ values / n >= observed - ROUNDING).mean(axis=0)
    return np.where(np.isfinite(observed), share, np.nan)
