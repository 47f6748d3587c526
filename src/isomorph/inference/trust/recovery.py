"""Data simulated from layers and compared as the measured data were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isomorph.inference.gather import Candidates
from isomorph.inference.groups import exchanged, too_few_orders
from isomorph.inference.trust.claims import Terms
from isomorph.inference.trust.judges import NULL, SUBSETS, Judges, Recovered
from isomorph.inference.trust.observed import Observed
from isomorph.inference.trust.outcomes import Kin, places
from isomorph.inference.trust.reliability import (
    calibrated,
)
from isomorph.measures import Measure
from isomorph.simulation.gaussian import draw
from isomorph.simulation.planting import root

CALIBRATING = 30
"""Simulated RDMs on which the level of noise is found."""
BLOCK = 2**25
"""Numbers held at once by simulated data (256 MiB)."""


def recover(
    observed: Observed,
    candidates: Candidates,
    planted: Sequence[int],
    kin: Kin,
    measures: Sequence[Measure],
    terms: Terms,
    *,
    seed: Sequence[int],
) -> Recovered:
    """Plant layers, simulate data, and see what comparing them concludes.

    Parameters
    ----------
    observed : Observed
        What the data are like.
    candidates : Candidates
        All layers, under the distance that models have.
    planted : sequence of int
        Candidates that are planted in turn.
    kin : Kin
    measures : sequence of Measure
        All judge the same data; the noise is set under the first.
    terms : Terms
        How they are compared, and how many are simulated.
    seed : sequence of int
    """
    design = observed.design
    roots = {
        index: features
        for index in planted
        if (features := root(candidates.rdms[index], design.planting)).shape[1]
    }
    tried = CALIBRATING // max(2, len(design.units))
    first = draw(design, max(4, tried), np.random.default_rng([*seed, 0]))
    result = Recovered(
        {
            index: calibrated(features, first, observed.reliability, measures[0])
            for index, features in roots.items()
        },
        {},
        {},
    )
    judges = Judges(candidates, kin, measures, terms, len(design.units), seed, result)
    settings = terms.setting.inference.recovery
    n = settings.simulations
    width = design.n_stimuli * (design.n_stimuli * 4 + 2 * max(design.units)) * len(design.units)
    step = max(SUBSETS, min(n, BLOCK // width))
    for number, start in enumerate(range(0, n, step)):
        rng = np.random.default_rng([*seed, 2, number])
        draws = draw(design, min(step, n - start), rng)
        n_block = len(draws.mixing)
        n_null = 0 if too_few_orders(terms.groups) else int(np.ceil(NULL * n_block))
        nothing = places(exchanged(terms.groups, n_null, rng))
        n_tested = min(max(settings.tested - start, 0), n_block)
        for index, features in roots.items():
            judges.judge(index, features, draws, nothing, n_tested)
    judges.decide()
    return result
