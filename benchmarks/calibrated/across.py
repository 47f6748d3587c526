"""Averages over datasets: intervals, level and predictions, by numbers of datasets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from calibrated.drawn import Rng
from calibrated.table import DataSet, Figure, World, share
from isomorph.inference.random_effects import pooled
from isomorph.measures import Floats

FREEDOM = 30
"""Degrees of freedom with which the errors of the datasets are known."""


def average(rng: Rng, errors: Floats, tau: float) -> DataSet:
    """Average effects about 0 that differ by their errors and by what lies between datasets."""
    k = len(errors)
    effects = rng.standard_normal(k) * np.hypot(tau, errors)
    told = errors * np.sqrt(rng.chisquare(FREEDOM, k) / FREEDOM)
    found = pooled(list(effects), list(told))
    further = tau * rng.standard_normal()
    return {
        "held": float(found.interval_low < 0 < found.interval_high),
        "significant": float(found.p <= 0.05),
        "differ": float(found.q_p <= 0.05),
        "foreseen": float(found.predicted_low < further < found.predicted_high),
    }


def figures(k: int, tau: float) -> tuple[Figure, ...]:
    """Return what must hold; intervals are wider than they must be where datasets differ little."""
    return (
        Figure("interval holds the mean", share("held"), least=0.9),
        Figure("mean is significant, p ≤ .05", share("significant"), most=0.1),
        Figure("Q is significant", share("differ"), **({} if tau else {"most": 0.08})),
        *((Figure("prediction holds a further dataset", share("foreseen")),) if k > 2 else ()),
    )


SIZES: dict[str, Callable[[int], Floats]] = {
    "errors alike": np.ones,
    "one error a quarter of the others": lambda k: np.r_[0.25, np.ones(k - 1)],
}

WORLDS = tuple(
    World(
        "across",
        f"{k} datasets, {said}, {tau:g} between them",
        partial(average, errors=errors(k), tau=tau),
        figures(k, tau),
        n=4000,
        quick=200,
    )
    for k in (2, 3, 5, 10)
    for said, errors in SIZES.items()
    for tau in (0.0, 0.5, 2.0)
)
