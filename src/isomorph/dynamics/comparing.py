"""Dynamical similarity analysis: two systems by the laws their trajectories follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isomorph.dynamics.fields import FIELD_DISTANCES
from isomorph.dynamics.linear import VectorField, coordinates, trajectories_of, vector_field
from isomorph.errors import IsomorphError

Floats = NDArray[np.float64]

VARIANCE = 0.9
"""Share of the variance that a rank holds where none is asked for."""


@dataclass(frozen=True)
class Similarity:
    """How alike two systems are in their dynamics.

    Attributes
    ----------
    distance : float
        0 for the same dynamics; in radians from 0 to pi under `angular`.
    se : float
        Standard error, from resamples of the conditions; NaN without.
    p : float
        Probability of a distance as small if time had no order in the second system; NaN without
        shuffles.
    shuffled : array of shape (shuffle,)
        Distances when time is shuffled.
    rank, delays : int
    fields : (VectorField, VectorField)
    """

    distance: float
    se: float
    p: float
    shuffled: Floats
    rank: int
    delays: int
    fields: tuple[VectorField, VectorField]


def dsa(
    first: ArrayLike,
    second: ArrayLike,
    *,
    delays: int = 1,
    rank: int | None = None,
    distance: str = "angular",
    shuffles: int = 0,
    resamples: int = 0,
    seed: int = 0,
) -> Similarity:
    r"""Compare the dynamics of two systems (Ostrow et al. 2023).

    Each system's trajectories are set beside their own past (delays), taken into principal
    coordinates, and described by the linear law from one time bin to the next; the distance is
    that between the laws after the best change of coordinates. Geometry alone does not count: two
    rings on which points turn at other speeds are apart, and a ring and its stretched image on
    which they turn at the same speed are not, given delays enough.

    Parameters
    ----------
    first, second : array_like of shape (condition, time, unit)
        Mean trajectories of each condition, in time bins of the same length. Systems may have
        other numbers of units, conditions and bins.
    delays : int, optional
        Time bins that stand beside each other. More let a system be told whose state is not in a
        single bin of the units seen, and must be fewer than the bins.
    rank : int, optional
        Coordinates of both. Unless given, as many as hold 90 % of the variance of the system that
        needs more, at least 2, and no more than both have and their steps determine.
    distance : str, optional
        `angular`, invariant to rotations, reflections and scale of the law, or `wasserstein`,
        invariant to any linear change of coordinates, which compares eigenvalues alone.
    shuffles : int, optional
        How often the time bins of the second system are put in another order, the same for all its
        conditions. Any two systems that change slowly are nearer than that: a small p says that
        both are ordered in time alike, not that they are the same.
    resamples : int, optional
        How often conditions are drawn again, for the standard error. Systems of the same number of
        conditions are given the same draws, so their conditions must be in the same order.
    seed : int, optional

    Returns
    -------
    Similarity

    Raises
    ------
    IsomorphError
        When there are no trajectories (a model without time), one time bin, fewer bins than delays
        need, a rank that the data do not determine, or an unknown distance.

    Notes
    -----
    Units are centred, so that an offset of a unit does not count. Which condition is which does not
    count either: all follow one law, so that conditions in another order make the same distance and
    no null. A search costs about 0.03 s at a rank of 4 and 0.4 s at 15 under `angular`, and there
    is one for each shuffle and each resample; `wasserstein` costs less than 1 ms.

    Examples
    --------
    >>> import numpy as np
    >>> def ring(speed, start, time=np.arange(60)):
    ...     angle = speed * time + start
    ...     return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> slow = np.stack([ring(0.1, start) for start in (0, 1, 2)])
    >>> fast = np.stack([ring(0.4, start) for start in (0, 1, 2)])
    >>> turned = slow @ np.linalg.qr(np.random.default_rng(0).normal(size=(2, 2)))[0]
    >>> round(dsa(slow, turned).distance, 3)
    0.0
    >>> round(dsa(slow, fast).distance, 3)
    0.3
    """
    compared = FIELD_DISTANCES[distance]
    one, other = trajectories_of(first, "first"), trajectories_of(second, "second")
    chosen = _rank(one, other, delays) if rank is None else rank

    def apart(x: Floats, y: Floats) -> tuple[float, tuple[VectorField, VectorField]]:
        fields = (
            vector_field(x, delays=delays, rank=chosen, what="first"),
            vector_field(y, delays=delays, rank=chosen, what="second"),
        )
        return compared(fields[0].matrix, fields[1].matrix), fields

    found, fields = apart(one, other)
    rng = np.random.default_rng(seed)
    shuffled = np.array([apart(one, own)[0] for own in _shuffles(other, shuffles, rng)])
    drawn = [apart(*pair)[0] for pair in _resamples(one, other, resamples, chosen, delays, rng)]
    p = (1 + int((shuffled <= found + 1e-12).sum())) / (1 + shuffles) if shuffles else np.nan
    se = float(np.std(drawn, ddof=1)) if len(drawn) > 1 else np.nan
    return Similarity(found, se, p, shuffled, chosen, delays, fields)


def _rank(one: Floats, other: Floats, delays: int) -> int:
    """Return as many coordinates as the system needs that needs more, and both have."""
    needed, most = [], []
    for given, what in ((one, "first"), (other, "second")):
        every, share = coordinates(given, delays, what)
        needed.append(1 + int(np.searchsorted(np.cumsum(share), VARIANCE - 1e-9)))
        most.append(min(len(share), every.shape[0] * (every.shape[1] - 1) - 1))
    return max(1, min(max(2, *needed), *most))


def _shuffles(given: Floats, n: int, rng: np.random.Generator) -> Iterator[Floats]:
    for _ in range(n):
        yield given[:, rng.permutation(given.shape[1])]


def _resamples(
    one: Floats, other: Floats, n: int, rank: int, delays: int, rng: np.random.Generator
) -> Iterator[tuple[Floats, Floats]]:
    """Yield both systems with conditions drawn again, those that still determine the law."""
    if n and min(len(one), len(other)) < 2:
        raise IsomorphError(
            "dsa: resamples draw conditions, and a system has one; leave resamples out"
        )
    for _ in range(n):
        draw = rng.integers(len(one), size=len(one))
        again = draw if len(other) == len(one) else rng.integers(len(other), size=len(other))
        pair = one[draw], other[again]
        if all(_determines(x, rank, delays) for x in pair):
            yield pair


def _determines(given: Floats, rank: int, delays: int) -> bool:
    """Tell whether drawn conditions have as many coordinates as the law has."""
    return len(coordinates(given, delays, "resample")[1]) >= rank
