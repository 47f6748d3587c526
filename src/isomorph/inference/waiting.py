"""How long a measure that is computed anew for every order of the stimuli will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from isomorph.inference.gather import Candidates, Region
from isomorph.inference.setting import Draws
from isomorph.measures import Measure
from isomorph.measures.jackknifed import Jackknifed

WORTH_SAYING = 20.0
"""Seconds from which people are told before they wait."""


def long_wait(
    regions: Sequence[Region],
    candidates: Candidates,
    measure: Measure,
    draws: Draws,
    clock: Callable[[], float] = time.perf_counter,
) -> str:
    """Return about how long regions take to compare with layers, in words; empty if not long.

    One comparison with the stimuli in another order is timed, of as many as shuffles and, where
    these have no closed form, influences take.

    Parameters
    ----------
    regions, candidates
        Lined up over the same stimuli.
    measure : Measure
    draws : Draws
    clock : callable, optional
        Tells the time in seconds.
    """
    if not measure.costly or not regions:
        return ""
    stack = regions[0].stack
    measure.compare(stack, candidates.stack)  # what depends on one side alone is found once
    moved = stack.chosen(np.roll(np.arange(stack.n_stimuli), 1))
    start = clock()
    measure.compare(moved, candidates.stack)
    each = clock() - start
    anew = len(draws.orders_for(measure)) if measure.shuffled_anew else 0
    if isinstance(measure.form, Jackknifed) and measure.form.deletes:
        anew += stack.n_stimuli
    seconds = each * anew * sum(len(region.measured) for region in regions)
    if seconds < WORTH_SAYING:
        return ""
    told = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
    return f"about {told}, as each of {anew} orders and parts of the stimuli is compared anew"
