"""A track: the values of continuous variables over the time of one recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray

GAP = 4.0
"""Usual intervals between samples above which the time between two is a gap."""


@dataclass(frozen=True)
class Track:
    """The variables of one recording, sampled.

    Every sample stands for a stretch of time of its own: from halfway to the sample before to
    halfway to the one after, or half a usual interval where a gap follows. Stretches do not
    overlap, and time in gaps belongs to none.

    Attributes
    ----------
    names : tuple of str
        The variables.
    times : array of shape (sample,)
        When each sample was taken, seconds, ascending.
    values : array of shape (sample, variable)
        NaN where a variable is not known; wrapped into one period where it has one.
    starts, lasts : arrays of shape (sample,)
        When the time that each sample stands for begins, and how long it is, seconds; 0 where no
        variable is known.
    counts : array of bool of shape (sample,)
        Whether a sample is in the epochs and at the speeds that count.
    units : tuple of str
        Unit of each variable, as the recording says; empty where it does not.
    where : str
        The recording, for messages.
    """

    names: tuple[str, ...]
    times: Array
    values: Array
    starts: Array
    lasts: Array
    counts: Array
    units: tuple[str, ...]
    where: str

    @property
    def stops(self) -> Array:
        """When the time that each sample stands for ends (sample,), seconds."""
        return self.starts + self.lasts

    def at(self, moments: Array) -> Array:
        """Return the sample whose time holds each moment (moment,), -1 in gaps and beyond.

        Parameters
        ----------
        moments : array of shape (moment,)
            Seconds, in any order: spikes, frames.
        """
        place = np.searchsorted(self.starts, moments, side="right") - 1
        inside = (place >= 0) & (moments < self.stops[place])
        return np.where(inside, place, -1)

    def segments(self) -> Array:
        """Return the number of the stretch without gaps that each sample is part of (sample,)."""
        apart = self.starts[1:] - self.stops[:-1]
        new = apart > 1e-6 * np.diff(self.times) + 4 * np.spacing(np.abs(self.times[1:]))
        return np.concatenate([[0], np.cumsum(new)])[: len(self.times)]


def stretches(times: Array, gap: float | None = None) -> tuple[Array, Array]:
    """Return when the time that each sample stands for begins, and how long it is.

    Parameters
    ----------
    times : array of shape (sample,)
        Ascending, seconds.
    gap : float, optional
        Seconds between two samples above which the time between them belongs to none; `GAP` times
        the median unless given.

    Returns
    -------
    starts, lasts : arrays of shape (sample,)
        Seconds.
    """
    if len(times) < 2:
        return times.copy(), np.zeros(len(times))
    apart = np.diff(times)
    longest = longest_interval(times, gap)
    usual = min(float(np.median(apart)), longest)
    reach = np.where(apart > longest, usual, apart) / 2
    before, after = np.append(usual / 2, reach), np.append(reach, usual / 2)
    return times - before, before + after


def longest_interval(times: Array, gap: float | None = None) -> float:
    """Return the seconds between two samples above which there is a gap, see `stretches`."""
    if gap is not None:
        return gap
    return GAP * float(np.median(np.diff(times))) if len(times) > 1 else 0.0
