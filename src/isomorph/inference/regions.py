"""Regions against each other: group RDM against group RDM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from isomorph.inference.bootstrap import spread_over_stimuli
from isomorph.inference.families import Questions
from isomorph.inference.gather import Region
from isomorph.inference.independence import against_independence
from isomorph.inference.permutation import permutation_null
from isomorph.inference.setting import Draws, Setting


def compare_regions(regions: Sequence[Region], draws: Draws, setting: Setting) -> list[Questions]:
    """Compare every two regions of a dataset under one distance and measure.

    The RDM of a region is pooled over its subjects as for the ceilings, each with the same
    weight whatever the scale of its distances. Subjects are not resampled, so the interval is
    about stimuli alone. Of time bins those at the same time are compared.

    Parameters
    ----------
    regions : sequence of Region
    draws : Draws
    setting : Setting
    """
    questions = []
    for first, second in combinations(regions, 2):
        if np.isfinite(first.time_start) and first.time_start != second.time_start:
            continue
        one, other = (setting.measure.pool(region.rdms)[None] for region in (first, second))
        estimate = setting.measure.compare(one, other)[0]
        resampled = setting.measure.resampled(one, other, draws.stimuli)[:, 0]
        spread = spread_over_stimuli(resampled, draws.stimuli.shape[1], setting.measure.range)
        sound = 2 * np.isfinite(resampled).sum() > len(resampled)
        if not sound:
            spread = replace(spread, standard_error=np.full(1, np.nan))
        low, high = spread.interval(estimate, setting.inference.interval, setting.measure.range)
        null = permutation_null(one, other, setting.measure, draws.orders)
        row = pd.DataFrame(
            [
                {
                    **setting.columns,
                    "region_a": first.name,
                    "region_b": second.name,
                    "estimate": estimate.item(),
                    "standard_error": spread.standard_error.item(),
                    "interval_low": low.item(),
                    "interval_high": high.item(),
                    "scheme": spread.scheme,
                    "n_stimuli": draws.stimuli.shape[1],
                    "n_subjects_a": len(first.subjects),
                    "n_subjects_b": len(second.subjects),
                    "status": "ok" if sound else "half of the resamples or more are degenerate",
                }
            ]
        )
        questions.append(against_independence(row, null, setting.inference))
    return questions
