r"""Two samples of units of one population are as alike as the population is with itself.

Every unit mixes :math:`d` patterns shared by the population and adds noise of its own, of
:math:`s` times their spread. What the units of a sample share with themselves alone then leaves of
debiased CKA, for :math:`P` units, :math:`P / (P + d (1 + s^2)^2)`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isomorph.measures import MEASURES, Stack
from isomorph.validation._claim import Claim, Figure
from isomorph.validation.alike import stack_of

UNITS = (20, 100, 1000)
N_STIMULI, N_LATENT, N_DRAWS = 150, 12, 20
NOISE = 1.0
"""Spread of what a unit has alone, to that of what it has in common with others."""


def sample(rng: np.random.Generator, n_units: int, latent: np.ndarray) -> Stack:
    """Return some units of a population without end: each its own mixture, and noise of its own."""
    weights = rng.standard_normal((latent.shape[1], n_units)) / np.sqrt(latent.shape[1])
    noise = NOISE * rng.standard_normal((len(latent), n_units))
    return stack_of([latent @ weights + noise])


def expected(n_units: int) -> float:
    """Return what debiased CKA of two samples of units comes to."""
    return n_units / (n_units + N_LATENT * (1 + NOISE**2) ** 2)


def redone() -> Mapping[str, float]:
    """Return the mean of either estimate over draws, for every number of units."""
    rng = np.random.default_rng(0)
    found: dict[str, float] = {}
    for n_units in UNITS:
        values = {"cka": 0.0, "cka_feature_corrected": 0.0}
        for _ in range(N_DRAWS):
            latent = rng.standard_normal((N_STIMULI, N_LATENT))
            first, second = (sample(rng, n_units, latent) for _ in range(2))
            for measure in values:
                values[measure] += MEASURES[measure].pair(first, second) / N_DRAWS
        found |= {f"{measure}_{n_units}": value for measure, value in values.items()}
    return found


CLAIM = Claim(
    name="chun2025",
    source="Chun, Canatar, Chung & Lee 2025, https://arxiv.org/abs/2502.15104",
    says=(
        "With few recorded units CKA is too low even when it is free of the bias of few stimuli. "
        "A correction for features brings two samples of one population to 1."
    ),
    what=f"two samples of 20, 100 or 1,000 units of one population ({N_DRAWS} draws, "
    f"{N_STIMULI} stimuli)",
    figures=tuple(
        figure
        for n in UNITS
        for figure in (
            Figure(f"cka_feature_corrected_{n}", f"corrected CKA, {n:,} units", "1", 0.95, 1.05),
            Figure(
                f"cka_{n}",
                f"debiased CKA, {n:,} units",
                f"{expected(n):.2f} by the closed form",
                round(expected(n) - 0.03, 3),
                round(expected(n) + 0.03, 3),
            ),
        )
    ),
    redone=redone,
    quick=True,
)
