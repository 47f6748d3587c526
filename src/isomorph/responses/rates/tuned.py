"""How a unit is tuned: what its spikes tell of a variable, and where it fires most."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray


def information(rate: Array, dwell: Array) -> Array:
    r"""Return what a spike tells of a variable, bits (Skaggs et al. 1993).

    Parameters
    ----------
    rate : array of shape (..., bin)
        Spikes per second in each bin; NaN in those that were not visited.
    dwell : array of shape (bin,)
        Seconds in each.

    Returns
    -------
    array of shape (...)
        :math:`\sum_i p_i \frac{r_i}{r} \log_2 \frac{r_i}{r}` with :math:`p_i` the share of time in
        a bin and :math:`r` the mean rate; NaN where that is 0. It is never negative, and larger by
        chance where spikes are few.
    """
    share = dwell / dwell.sum()
    filled = np.nan_to_num(rate)
    mean = filled @ share
    relative = np.divide(
        filled, mean[..., None], out=np.zeros_like(filled), where=mean[..., None] > 0
    )
    logs = np.log2(relative, out=np.zeros_like(relative), where=relative > 0)
    found = (relative * logs) @ share
    return np.where(mean > 0, np.maximum(found, 0), np.nan)


def mean_vector(rate: Array, angles: Array) -> tuple[Array, Array]:
    """Return how far rates point in one direction, and which.

    Parameters
    ----------
    rate : array of shape (..., bin)
        Spikes per second; NaN in bins that were not visited.
    angles : array of shape (bin,)
        Radians.

    Returns
    -------
    length : array of shape (...)
        0 of a rate equal in all directions, 1 where there are spikes in one alone; NaN without a
        spike.
    direction : array of shape (...)
        Radians, from 0 to one turn.
    """
    filled = np.nan_to_num(rate)
    total = filled.sum(axis=-1)
    vector = np.divide(
        filled @ np.exp(1j * angles), total, out=np.full(total.shape, np.nan + 0j), where=total > 0
    )
    return np.abs(vector), np.angle(vector) % (2 * np.pi)
