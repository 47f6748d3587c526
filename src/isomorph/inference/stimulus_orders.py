"""Orders that stimuli may stand in, whether they follow one another or not."""

from __future__ import annotations

import numpy as np

from isomorph.inference.groups import Labels, exchanged, too_few_orders
from isomorph.inference.on_axes import OnAxes
from isomorph.measures import Counts


def orders_of(
    groups: Labels,
    along: OnAxes | None,
    n: int,
    rng: np.random.Generator,
    *,
    tested: bool = True,
) -> Counts:
    """Return orders of the stimuli in which whole groups change places, or courses are shifted.

    Parameters
    ----------
    groups : array of shape (stimulus,)
    along : OnAxes or None
        None where stimuli do not follow one another.
    n : int
    rng : Generator
    tested : bool
        Whether they test: then there are none where there are too few. For what chance gives on
        average a few do.

    Returns
    -------
    array of shape (order, stimulus)
    """
    if along is not None:
        return along.orders(n, rng, tested=tested)
    return exchanged(groups, 0 if tested and too_few_orders(groups) else n, rng)


def untested_of(groups: Labels, along: OnAxes | None) -> str:
    """Return why orders of the stimuli test nothing; empty where they do."""
    return too_few_orders(groups) if along is None else along.untested
