"""Vector fields: the linear law by which delayed trajectories go from one time bin to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isomorph.errors import IsomorphError

Floats = NDArray[np.float64]

RIDGE = 1e-8
"""Added to the diagonal of the regression, whose coordinates have a sum of squares of 1."""


@dataclass(frozen=True)
class VectorField:
    """A linear law of motion in the coordinates of a system's own delays.

    Attributes
    ----------
    matrix : array of shape (rank, rank)
        Takes the coordinates of one time bin to those of the next.
    variance : float
        Share of the variance of the delayed trajectories that the coordinates hold.
    fit : float
        Share of the variance of the next bin that the law predicts from the one before; 1 where it
        is exact.
    """

    matrix: Floats
    variance: float
    fit: float


def trajectories_of(given: ArrayLike, what: str) -> Floats:
    """Return trajectories `(condition, time, unit)` as numbers.

    Raises
    ------
    IsomorphError
        When they have another shape, hold no two time bins, or something that is no number.
    """
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise IsomorphError(f"{what}: must hold numbers (condition, time, unit)") from None
    if found.ndim == 2:
        raise IsomorphError(
            f"{what}: is of shape {found.shape}, expected (condition, time, unit): what has no "
            "time axis, such as features of images, has no trajectories; give a single one as "
            f"{what}[None]"
        )
    if found.ndim != 3 or not found.size:
        raise IsomorphError(
            f"{what}: is of shape {found.shape}, expected trajectories (condition, time, unit)"
        )
    if found.shape[1] < 2:
        raise IsomorphError(
            f"{what}: has one time bin, and dynamics is about how a bin follows from the one "
            "before; cut the window by `bins`"
        )
    if not np.isfinite(found).all():
        raise IsomorphError(f"{what}: holds NaN or infinite values, expected numbers")
    return found


def delayed(trajectories: Floats, delays: int) -> Floats:
    """Return each time bin beside those before it, the last first.

    Parameters
    ----------
    trajectories : array of shape (condition, time, unit)
    delays : int
        Bins that stand beside each other; with 1 a bin stands alone.

    Returns
    -------
    array of shape (condition, time - delays + 1, delays * unit)
    """
    n_times = trajectories.shape[1] - delays + 1
    parts = [trajectories[:, delays - 1 - d : delays - 1 - d + n_times] for d in range(delays)]
    return np.concatenate(parts, axis=2)


def coordinates(trajectories: Floats, delays: int, what: str) -> tuple[Floats, Floats]:
    """Return the coordinates of delayed trajectories, the largest first, and their variances.

    Units are centred over all conditions and bins. A coordinate that rounding alone holds is none.

    Parameters
    ----------
    trajectories : array of shape (condition, time, unit)
    delays : int
    what : str
        Whose they are, for messages.

    Returns
    -------
    coordinates : array of shape (condition, time - delays + 1, coordinate)
        The sum of squares of each is 1.
    share : array of shape (coordinate,)
        Of the variance.

    Raises
    ------
    IsomorphError
        When there are too few bins for the delays, or nothing varies.
    """
    n_times = trajectories.shape[1]
    if delays < 1 or n_times < delays + 1:
        raise IsomorphError(
            f"{what}: {delays} delays need at least {max(delays, 1) + 1} time bins, and there are "
            f"{n_times}; use 1 to {n_times - 1} delays"
        )
    centred = trajectories - trajectories.mean(axis=(0, 1))
    stacked = delayed(centred, delays)
    flat = stacked.reshape(-1, stacked.shape[2])
    left, values, _ = np.linalg.svd(flat, full_matrices=False)
    known = values > values[:1] * max(flat.shape) * np.finfo(np.float64).eps
    if not len(values) or not values[0] > 0:
        raise IsomorphError(f"{what}: nothing varies over time or conditions")
    squares = values[known] ** 2
    return left[:, known].reshape(*stacked.shape[:2], -1), squares / squares.sum()


def vector_field(
    trajectories: ArrayLike, *, delays: int = 1, rank: int, what: str = "trajectories"
) -> VectorField:
    """Return the linear law that trajectories follow (HAVOK; Brunton et al. 2017).

    Delayed trajectories are taken into their principal coordinates, each with a sum of squares of
    1, and the law is the ridge regression of each bin on the one before it, over all conditions.

    Parameters
    ----------
    trajectories : array_like of shape (condition, time, unit)
    delays : int
        Time bins that stand beside each other; see `dsa`.
    rank : int
        Coordinates.
    what : str
        Whose they are, for messages.

    Raises
    ------
    IsomorphError
        When there are too few bins, conditions or units for delays and rank.
    """
    given = trajectories_of(trajectories, what)
    every, share = coordinates(given, delays, what)
    steps = every.shape[0] * (every.shape[1] - 1)
    if rank < 1 or rank > len(share):
        raise IsomorphError(
            f"{what}: a rank of {rank} was asked for, and its delayed trajectories have "
            f"{len(share)} coordinates; use 1 to {len(share)}, or more delays"
        )
    if steps < rank + 1:
        raise IsomorphError(
            f"{what}: {steps} steps from bin to bin do not determine a law of rank {rank}; use a "
            f"rank below {steps}, more conditions or more time bins"
        )
    own = every[..., :rank]
    before, after = own[:, :-1].reshape(-1, rank), own[:, 1:].reshape(-1, rank)
    gram = before.T @ before + RIDGE * np.eye(rank)
    matrix = np.linalg.solve(gram, before.T @ after).T.astype(np.float64)
    left = np.sum((after - before @ matrix.T) ** 2)
    return VectorField(matrix, float(share[:rank].sum()), float(1 - left / np.sum(after**2)))
