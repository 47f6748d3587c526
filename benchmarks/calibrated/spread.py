r"""Standard errors and intervals over stimuli, told and true: bootstrap and jackknife.

An RDM's pairs share stimuli, so a mean over pairs is a U-statistic of order two. With
:math:`\psi_{ij}` the influence of a pair, :math:`\zeta_1` the variance of what one stimulus adds
and :math:`\zeta_2` that of a single pair (Hoeffding 1948, https://doi.org/10.1214/aoms/1177730196),

.. math:: \mathrm{Var} = \frac{4 (n - 2) \zeta_1 + 2 \zeta_2}{n (n - 1)}.

The infinitesimal jackknife counts what a pair has of its own twice, so one of them is taken off,
see `isomorph.measures.first_order`. A bootstrap of stimuli counts it three times.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from calibrated.drawn import SMALL, Rng, distances, scored, seed_of
from calibrated.table import Columns, DataSet, Figure, World, covered, told_over_true
from isomorph.inference.setting import ENOUGH
from isomorph.measures import Floats
from isomorph.measures.pairs import pair_indices

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


def errors(
    rng: Rng, n_stimuli: int, made: Callable[[Rng, int], list[Floats]], measure: str
) -> DataSet:
    """Compare a region with a model, each of which has something of its own."""
    region, layer = made(rng, n_stimuli)
    found: dict[str, float] = {}
    for kind in KINDS:
        scores = scored(
            region[None],
            layer[None],
            measure,
            seed_of(rng),
            spread=kind,
            **SMALL | {"resamples": 200},
        )
        spread, estimate = scores.estimates().spread((-1.0, 1.0)), scores.estimate[0]
        low, high = spread.interval(estimate, 0.95, (-1.0, 1.0))
        found |= {
            "estimate": estimate.item(), f"{kind} error": spread.standard_error.item(),
            f"{kind} low": low.item(), f"{kind} high": high.item(),
        }  # fmt: skip
    return found


KINDS = ("bootstrap", "jackknife")


def ratio(columns: Columns, kind: str) -> tuple[float, float]:
    """Return the told standard errors of one kind over the true spread."""
    return told_over_true({"estimate": columns["estimate"], "told": columns[f"{kind} error"]})


def inside(columns: Columns, kind: str) -> tuple[float, float]:
    """Return how often intervals of one kind hold the mean over all data sets."""
    return covered(
        {
            "truth": columns["estimate"],
            "low": columns[f"{kind} low"],
            "high": columns[f"{kind} high"],
        }
    )


MADE = (
    ("correlation distances of 100 units", of_tuning, ("1.36", "1.24", "1.12"), ".95–.98"),
    ("squared distances of few features", of_features, ("", "", ""), ""),
)

WORLDS = tuple(
    World(
        "errors",
        f"standard errors, {measure}, {said}, {n} stimuli",
        partial(errors, n_stimuli=n, made=made, measure=measure),
        (
            Figure("bootstrap over the true one", partial(ratio, kind="bootstrap"), before=before),
            # As told from 100 stimuli on, unless asked otherwise.
            Figure(
                "jackknife over the true one", partial(ratio, kind="jackknife"),
                *((0.9, 1.1) if n >= ENOUGH else ()), before=jackknife,
            ),
            Figure("bootstrap's intervals hold", partial(inside, kind="bootstrap")),
            Figure(
                "jackknife's intervals hold", partial(inside, kind="jackknife"),
                least=0.92 if n >= ENOUGH else -np.inf,
            ),
        ),
        n=400 if n < 300 else 200,
        quick=4,
    )
    for said, made, befores, jackknife in MADE
    for measure in ("pearson", "rho_a")
    for n, before in zip((50, 118, 300), befores, strict=True)
)  # fmt: skip
