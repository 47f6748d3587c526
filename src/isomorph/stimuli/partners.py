"""Partners: which of two lists of times belong together, whatever their order and length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def partners(times: npt.NDArray, onset: npt.NDArray, tolerance: float) -> npt.NDArray[np.int64]:
    """Return the onset that belongs to each frame: each is the other's nearest.

    Parameters
    ----------
    times : array of shape (frame,)
        Seconds, NaN where unknown, in any order.
    onset : array of shape (row,)
        Likewise.
    tolerance : float
        Greatest distance, seconds.

    Returns
    -------
    array of shape (frame,)
        Row of the onset, -1 for none.
    """
    forth, back = _nearest(times, onset), _nearest(onset, times)
    found = forth >= 0
    found[found] &= back[forth[found]] == np.flatnonzero(found)
    found[found] &= np.abs(times[found] - onset[forth[found]]) <= tolerance
    return np.where(found, forth, -1)


def _nearest(one: npt.NDArray, other: npt.NDArray) -> npt.NDArray[np.int64]:
    """Return the place in `other` of the time nearest to each of `one`, -1 where there is none."""
    known = np.flatnonzero(np.isfinite(other))
    if not len(known):
        return np.full(len(one), -1)
    order = known[np.argsort(other[known], kind="stable")]
    after = np.searchsorted(other[order], one).clip(1, max(len(order) - 1, 1))
    right = order[after.clip(max=len(order) - 1)]
    left = order[after - 1]
    nearer = np.where(np.abs(other[left] - one) <= np.abs(other[right] - one), left, right)
    return np.where(np.isfinite(one), nearer, -1)
