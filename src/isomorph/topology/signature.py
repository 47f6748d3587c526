"""Signature: the name of a space whose loops and voids were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.topology.null import LEVEL, fewest_shuffles
from isomorph.topology.points import Floats

NAMES: dict[tuple[int, ...], str] = {
    (1, 0, 0): "none",
    (1, 1, 0): "ring",
    (1, 2, 1): "torus",
    (1, 0, 1): "sphere",
}
"""Names of spaces, by how many pieces, loops and voids they have."""

CLUSTERS, OTHER, UNCLEAR, UNTESTED = "clusters", "other", "unclear", "untested"
"""Several pieces without loops or voids; what has no name; what would have one, but for loops that
points without a hole have too; too few shuffles to say anything."""

CLEAR_LENGTH, CLEAR_RATIO = 3.0, 1.5
"""How far each loop must be beyond those of shuffles for a space to be named: times their longest,
and times their largest ratio of death to birth. Loops of simulated place cells in an open field,
which lie in a plane, were up to 2.6 times as long, those of cells of a line 1.1 times in ratio."""


@dataclass(frozen=True)
class Signature:
    """What space a population's activity is like.

    Attributes
    ----------
    name : str
        `ring`, `torus`, `sphere`, `clusters` (several pieces, nothing else), `none`, `other`;
        `unclear`, where a loop beyond chance is no longer than a plane may have; or `untested`.
        Where voids were not looked for, a ring is what has one loop.
    betti : tuple of int
        Pieces, loops and voids beyond chance; one piece there always is.
    p : float
        The largest corrected p of the bars that the name claims, as all of them are needed; where
        it claims none, the smallest of any bar. That there are no others is not proved by any p.
    """

    name: str
    betti: tuple[int, ...]
    p: float


def signature_of(
    p: Sequence[Floats], shuffles: int, clear: NDArray[np.bool_] | None = None
) -> Signature:
    """Return the signature of bars.

    Parameters
    ----------
    p : sequence of arrays of shape (bar,)
        Corrected p of bars, by dimension from 0; NaN of the piece that there always is.
    shuffles : int
        With too few for the level nothing is named.
    clear : array of bool of shape (loop,), optional
        Whether each loop is as far beyond those of shuffles as `CLEAR_LENGTH` and `CLEAR_RATIO`
        say; all are unless given.
    """
    counted = [int((one <= LEVEL).sum()) for one in p]
    betti = (1 + counted[0], *counted[1:])
    if shuffles < fewest_shuffles(len(p) - 1):
        return Signature(UNTESTED, betti, float("nan"))
    every = np.concatenate(p)
    claimed = every[every <= LEVEL]
    of_no_name = OTHER if any(counted[1:]) else CLUSTERS
    name = NAMES.get((*betti, 0)[:3], of_no_name)
    if name in NAMES.values() and clear is not None and not clear[p[1] <= LEVEL].all():
        name = UNCLEAR
    smallest = np.nanmin(every, initial=1.0)
    return Signature(name, betti, float(claimed.max() if len(claimed) else smallest))
