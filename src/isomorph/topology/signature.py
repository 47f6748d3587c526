"""Signature: the name of a space whose loops and voids were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NAMES: dict[tuple[int, ...], str] = {
    (1, 0, 0): "none",
    (1, 1, 0): "ring",
    (1, 2, 1): "torus",
    (1, 0, 1): "sphere",
}
"""Names of spaces, by how many pieces, loops and voids they have."""

UNTESTED = "untested"
"""Signature of what was held against too few shuffles to say anything."""


@dataclass(frozen=True)
class Signature:
    """What space a population's activity is like.

    Attributes
    ----------
    name : str
        `ring`, `torus`, `sphere`, `clusters` (several pieces, nothing else), `none`, `other`; or
        `untested`.
    betti : tuple of int
        Pieces, loops and voids that are longer than chance; one piece there always is.
    p : float
        The largest p of the bars that the name claims, as all of them are needed; where it claims
        none, the smallest of any bar. That other bars are absent is not proved by any p.
    """

    name: str
    betti: tuple[int, ...]
    p: float


def signature_of(p: Sequence[np.ndarray], level: float, shuffles: int) -> Signature:
    """Return the signature of bars.

    Parameters
    ----------
    p : sequence of arrays of shape (bar,)
        Corrected p of bars, by dimension from 0; that of dimension 0 without the piece that there
        always is.
    level : float
    shuffles : int
        With too few for the level nothing is named.
    """
    known = [one[np.isfinite(one)] for one in p]
    counted = [int((one <= level).sum()) for one in known]
    betti = (1 + counted[0], *counted[1:])
    everything = np.concatenate(known)
    if 1 / (1 + shuffles) > level:
        return Signature(UNTESTED, betti, float("nan"))
    claimed = everything[everything <= level]
    name = NAMES.get((*betti, 0)[:3])
    if name is None:
        name = "clusters" if not any(counted[1:]) else "other"
    return Signature(
        name, betti, float(claimed.max() if len(claimed) else everything.min(initial=1))
    )
