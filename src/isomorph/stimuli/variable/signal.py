"""A signal: what a recording holds of one variable, on a clock of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.saying import say
from isomorph.stimuli.variable.track import longest_interval

Array = npt.NDArray

ISOLATED = 0.05
"""Share of the span of all other values that lies between them and one that marks nothing known."""

CONTINUOUS = 100
"""Different values from which on a signal is taken to be continuous."""


@dataclass(frozen=True)
class Signal:
    """Values over time.

    Attributes
    ----------
    times : array of shape (sample,)
        Seconds, ascending: of each sample, or when each interval starts.
    values : array of float64 of shape (sample, component)
        NaN where nothing is known.
    where : str
        File and place, for messages.
    unit : str
        As the recording says, empty where it does not.
    stops : array of shape (sample,), optional
        When each interval ends, over all of which the value holds; None of samples.
    """

    times: Array
    values: Array
    where: str
    unit: str = ""
    stops: Array | None = None

    @property
    def usual(self) -> float:
        """Usual interval between samples, seconds."""
        return float(np.median(np.diff(self.times))) if len(self.times) > 1 else 0.0

    def at(
        self,
        times: Array,
        period: float | None = None,
        gap: float | None = None,
        *,
        holds: bool = True,
    ) -> Array:
        """Return the values at other times (time, component), NaN in gaps.

        Between two samples values follow the straight line, with a period the shorter way round.
        Next to a gap a sample holds for half the usual interval.

        Parameters
        ----------
        times : array of shape (time,)
            Seconds.
        period : float, optional
            After which values come back to where they were.
        gap : float, optional
            Seconds between samples above which nothing is known of the time between them.
        holds : bool
            Whether a sample next to a gap holds for half the usual interval; if not, for its own
            time alone.
        """
        if self.stops is None and np.array_equal(times, self.times):
            return self.values
        left = np.searchsorted(self.times, times, side="right") - 1
        if self.stops is not None:
            held = (left >= 0) & (times < self.stops[left])
            return np.where(held[:, None], self.values[left], np.nan)
        right = np.minimum(left + 1, len(self.times) - 1)
        left = np.maximum(left, 0)
        apart = self.times[right] - self.times[left]
        way = np.where(apart > 0, (times - self.times[left]) / np.where(apart > 0, apart, 1), 0)
        step = self.values[right] - self.values[left]
        if period is not None:
            step = (step + period / 2) % period - period / 2
        between = self.values[left] + np.clip(way, 0, 1)[:, None] * step
        nearest = np.where(np.abs(self.times[right] - times) < np.abs(times - self.times[left]),
                           right, left)  # fmt: skip
        close = np.abs(self.times[nearest] - times) <= (self.usual / 2 if holds else 0)
        known = np.isfinite(step) & (apart <= longest_interval(self.times, gap))[:, None]
        known &= ((times >= self.times[left]) & (times <= self.times[right]))[:, None]
        held = np.where(close[:, None], self.values[nearest], np.nan)
        return np.where(known, between, held)


def clean(signal: Signal, missing: Sequence[float] | None) -> Signal:
    """Return samples with times, in their order, nothing known where a value says so.

    Samples without a time are left out and counted, and so is a sample that stands there twice.

    Parameters
    ----------
    signal : Signal
        As it is stored.
    missing : sequence of float or None
        Values that mean that nothing is known; None where nobody says which.

    Raises
    ------
    IsomorphError
        When times do not ascend, two samples of one time differ, no value is known, or one value
        stands apart from all others as a mark of something missing does.
    """
    values = signal.values.astype(np.float64)
    for one in missing or ():
        values[np.isclose(values, one)] = np.nan
    values[~np.isfinite(values)] = np.nan
    timed = np.isfinite(signal.times)
    if not timed.all():
        say(f"{signal.where}: {(~timed).sum():,} of {len(timed):,} samples have no time, left out")
    times, values = signal.times[timed], values[timed]
    step = np.diff(times)
    if (step < 0).any():
        at = int(np.argmax(step < 0))
        raise IsomorphError(
            f"{signal.where}: sample {at + 1} is at {times[at + 1]:.12g} s, before sample {at} at "
            f"{times[at]:.12g} s; expected times that ascend"
        )
    twice = np.concatenate([[False], step == 0])
    if twice.any():
        differ = twice[1:] & ~np.isclose(values[1:], values[:-1], equal_nan=True).all(axis=1)
        if differ.any():
            at = int(np.argmax(differ))
            raise IsomorphError(
                f"{signal.where}: samples {at} and {at + 1} are both at {times[at]:.12g} s and "
                "differ in their values; expected times that ascend"
            )
        say(f"{signal.where}: {twice.sum():,} samples stand there twice, counted once")
        times, values = times[~twice], values[~twice]
    if len(times) < 2 or not np.isfinite(values).any():
        raise IsomorphError(
            f"{signal.where}: has {len(times)} samples and {int(np.isfinite(values).sum())} values "
            "that are known; expected a variable over time"
        )
    for column in values.T if missing is None else ():
        _refuse_mark(column, signal.where)
    return replace(signal, times=times, values=values)


def _refuse_mark(values: Array, where: str) -> None:
    """Refuse a value that comes again and again, far from all others or alone below 0."""
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    if len(distinct) < CONTINUOUS:
        return
    for value, times, rest in (
        (distinct[0], counts[0], distinct[1:]),
        (distinct[-1], counts[-1], distinct[:-1]),
    ):
        away = min(abs(value - rest[0]), abs(value - rest[-1]))
        alone = value < 0 <= rest[0]
        if times > 2 and (alone or away > ISOLATED * (rest[-1] - rest[0])):
            raise IsomorphError(
                f"{where}: {times:,} samples are exactly {value:g} and all others between "
                f"{rest[0]:g} and {rest[-1]:g}; does it mean that nothing is known there (missing: "
                f"[{value:g}], or [] where it does not)?"
            )
