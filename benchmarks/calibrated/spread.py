r"""Standard errors over stimuli, told and true: the bootstrap, and a jackknife beside it.

An RDM's pairs share stimuli, so a mean over pairs is a U-statistic of order two. With
:math:`\psi_{ij}` the influence of a pair, :math:`\zeta_1` the variance of what one stimulus adds
and :math:`\zeta_2` that of a single pair (Hoeffding 1948, https://doi.org/10.1214/aoms/1177730196),

.. math:: \mathrm{Var} = \frac{4 (n - 2) \zeta_1 + 2 \zeta_2}{n (n - 1)}.

Row sums :math:`S_i = \sum_{j \ne i} \psi_{ij}` have :math:`E \sum_i S_i^2 = n (n - 1) (\zeta_2 +
(n - 2) \zeta_1)`, so the variance is estimated without bias by

.. math:: \frac{4}{n^2 (n - 1)^2} \left( \sum_i S_i^2 - \sum_{i < j} \psi_{ij}^2 \right),

the infinitesimal jackknife, which counts what a pair has of its own twice, less one of them. A
bootstrap of stimuli counts it three times.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from calibrated.drawn import Rng, distances
from calibrated.table import Columns, DataSet, Figure, World, told_over_true
from isomorph.inference.bootstrap import draw, spread_over_stimuli
from isomorph.measures import MEASURES, Floats, stimulus_count
from isomorph.measures.pairs import pair_indices


def jackknife_error(first: Floats, second: Floats) -> float:
    """Return the standard error of Pearson's correlation of two RDMs `(pair,)` over stimuli."""
    x, y = ((values - values.mean()) / values.std() for values in (first, second))
    influence = x * y - (x * y).mean() * (x**2 + y**2) / 2
    n = stimulus_count(len(x))
    first_of, second_of = pair_indices(n)
    rows = np.bincount(first_of, influence, n) + np.bincount(second_of, influence, n)
    variance = 4 * ((rows**2).sum() - (influence**2).sum()) / (n * (n - 1)) ** 2
    return float(np.sqrt(max(variance, 0.0)))


UNITS, DIMENSIONS = 100, 20
TUNING = np.random.default_rng(0).standard_normal((DIMENSIONS, UNITS)) / np.sqrt(DIMENSIONS)
"""What units respond to: the same in every data set, as other stimuli are shown to them."""


def correlation_distances(patterns: Floats) -> Floats:
    """Return one less the correlations of patterns `(stimulus, unit)`: `(pair,)`."""
    i, j = pair_indices(len(patterns))
    apart: Floats = 1 - np.asarray(np.corrcoef(patterns))[i, j]
    return apart


def of_tuning(rng: Rng, n_stimuli: int) -> list[Floats]:
    """Return RDMs of units with noise, by correlation: much of a pair is that pair's own."""
    means = rng.standard_normal((n_stimuli, DIMENSIONS)) @ TUNING
    noise = 1.7 * rng.standard_normal((2, n_stimuli, UNITS))
    return [correlation_distances(means + one) for one in noise]


def of_features(rng: Rng, n_stimuli: int) -> list[Floats]:
    """Return squared distances of few features: some stimuli are far from all others."""
    truth, *own = rng.standard_normal((3, n_stimuli, 10))
    return [distances(np.hstack([truth, one])) for one in own]


def errors(rng: Rng, n_stimuli: int, made: Callable[[Rng, int], list[Floats]]) -> DataSet:
    """Correlate a region with a model, each of which has something of its own."""
    region, layer = made(rng, n_stimuli)
    measure = MEASURES["pearson"]
    drawn = measure.resampled(region[None], layer[None], draw(n_stimuli, 200, rng))[:, 0]
    return {
        "estimate": measure.compare(region[None], layer[None]).item(),
        "bootstrap": spread_over_stimuli(drawn, n_stimuli).standard_error.item(),
        "jackknife": jackknife_error(region, layer),
    }


def ratio(columns: Columns, kind: str) -> tuple[float, float]:
    """Return the told standard errors of one kind over the true spread."""
    return told_over_true({"estimate": columns["estimate"], "told": columns[kind]})


MADE = (
    ("correlation distances of 100 units", of_tuning, ("1.36", "1.24", "1.12"), ".95–.98"),
    ("squared distances of few features", of_features, ("", "", ""), ""),
)

WORLDS = tuple(
    World(
        "errors",
        f"told over true standard errors, {said}, {n} stimuli",
        partial(errors, n_stimuli=n, made=made),
        (
            Figure("bootstrap over stimuli", partial(ratio, kind="bootstrap"), before=bootstrap),
            Figure("corrected jackknife", partial(ratio, kind="jackknife"), before=jackknife),
        ),
        n=600 if n < 300 else 300,
        quick=10,
    )
    for said, made, before, jackknife in MADE
    for n, bootstrap in zip((50, 118, 300), before, strict=True)
)
