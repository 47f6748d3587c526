"""Regions against each other: group RDM against group RDM."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from isomorph.inference.bootstrap import spread_over_stimuli
from isomorph.inference.comparisons import Setting
from isomorph.inference.gather import Region
from isomorph.inference.multiplicity import corrected
from isomorph.inference.permutation import permutation_p
from isomorph.measures import Counts


def compare_regions(
    regions: Sequence[Region], draws: Counts, setting: Setting, rng: np.random.Generator
) -> pd.DataFrame:
    """Compare every two regions of a dataset under one distance and measure.

    The RDM of a region is pooled over its subjects as for the ceilings, each with the same
    weight whatever the scale of its distances. Subjects are not resampled, so the interval is
    about stimuli alone.

    Parameters
    ----------
    regions : sequence of Region
    draws : (resample, stimulus)
    setting : Setting
    rng : Generator
        For the permutations.
    """
    rows = []
    for first, second in combinations(regions, 2):
        one, other = (setting.measure.pool(region.rdms)[None] for region in (first, second))
        estimate = setting.measure.compare(one, other)[0]
        resampled = setting.measure.resampled(one, other, draws)[:, 0]
        spread = spread_over_stimuli(resampled, draws.shape[1])
        low, high = spread.interval(estimate, setting.inference.interval)
        p = permutation_p(one, other, setting.measure, setting.inference.permutations, rng)
        rows.append(
            {
                **setting.columns,
                "region_a": first.name,
                "region_b": second.name,
                "estimate": estimate.item(),
                "standard_error": spread.standard_error.item(),
                "interval_low": low.item(),
                "interval_high": high.item(),
                "scheme": spread.scheme,
                "p": p.item(),
                "correction": setting.inference.correction,
                "n_stimuli": draws.shape[1],
                "n_subjects_a": len(first.subjects),
                "n_subjects_b": len(second.subjects),
                "status": "ok",
            }
        )
    table = pd.DataFrame(rows)
    if len(table):
        table["p_corrected"] = corrected(table["p"].to_numpy(), setting.inference.correction)
    return table
