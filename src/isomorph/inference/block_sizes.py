"""How long blocks of stimuli are, and which gaps are kept: as the study says, or from the data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.inference.places import ROUNDING, Places
from isomorph.measures import Floats
from isomorph.study.blocks import Blocks, of_column

LENGTHS = 2
"""How many times as far as neighbours are alike a block reaches: with one the exchange of blocks
had p at .05 in up to .10 of simulated films, and intervals were too narrow."""

LEAST = 2
"""Steps that a block is at least, or blocks would be single stimuli."""


def block_sizes(
    asked: Blocks, places: Places, lags_found: Callable[[Places], list[int]], key: str
) -> tuple[Floats, Floats, bool]:
    """Return how long blocks are and how wide gaps, in the unit of each axis.

    Parameters
    ----------
    asked : Blocks
    places : Places
    lags_found : callable
        Says of places after how many steps of every axis stimuli are no longer alike; asked where
        a length or a gap is not given.
    key : str
        Where the study says both, for messages.

    Returns
    -------
    lengths, gaps : arrays of shape (axis,)
    chosen : bool
        Whether any length is from the data.

    Raises
    ------
    IsomorphError
        When a block would hold a single stimulus.
    """
    found: list[int] | None = None
    lengths, gaps, chosen = np.zeros(len(places.axes)), np.zeros(len(places.axes)), False
    for at, axis in enumerate(places.axes):
        length = of_column(asked.length, axis.column, f"{key}.length")
        gap = of_column(asked.gap, axis.column, f"{key}.gap")
        step = float(places.steps[at])
        if length is None or gap is None:
            found = found or lags_found(places)
            chosen |= length is None
            gap = found[at] * step if gap is None else gap
            length = max(LEAST, LENGTHS * found[at]) * step if length is None else length
        if length < LEAST * step * (1 - ROUNDING):
            raise IsomorphError(
                f"{key}.length: {length:g} of {axis.column} holds a single stimulus, and "
                f"neighbours are {step:g} apart; expected at least {LEAST * step:g}"
            )
        lengths[at], gaps[at] = length, gap
    return lengths, gaps, chosen
