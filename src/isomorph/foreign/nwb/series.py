"""Series of an NWB file: their values, and when each was measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb.file import Nwb, NwbContainer, part, stored
from isomorph.foreign.nwb.table_columns import values_of

Array = npt.NDArray

TOLERANCE = 1e-6
"""Share of a sampling period by which a regular sample and an edge may miss each other and still
be one: `0.1 + 1.234` and `1334 / 1000` are not the same number."""


@dataclass(frozen=True)
class Clock:
    """When the samples of a series were taken.

    Attributes
    ----------
    size : int
        Number of samples.
    timestamps : array of shape (sample,) or None
        Times, ascending, seconds; None where sampling is regular.
    start, rate : float
        First time and samples per second of regular sampling.
    """

    size: int
    timestamps: Array | None = None
    start: float = 0.0
    rate: float = 1.0

    def times(self) -> Array:
        """Return the time of every sample (sample,), seconds."""
        if self.timestamps is not None:
            return self.timestamps
        return self.start + np.arange(self.size) / self.rate

    def before(self, edges: Array) -> Array:
        """Return how many samples were taken before each edge (edge,), an edge itself excluded."""
        if self.timestamps is not None:
            slack = TOLERANCE * self.period
            return np.searchsorted(self.timestamps, edges - slack, side="left")
        places = np.ceil((edges - self.start) * self.rate - TOLERANCE)
        return np.clip(places, 0, self.size).astype(np.int64)

    @property
    def period(self) -> float:
        """Time from one sample to the next, seconds: the median where sampling is irregular."""
        if self.timestamps is None:
            return 1 / self.rate
        return float(np.median(np.diff(self.timestamps))) if self.size > 1 else 0.0

    @property
    def end(self) -> float:
        """The time one period after the last sample, seconds."""
        if self.timestamps is None:
            return self.start + self.size / self.rate
        return float(self.timestamps[-1]) + self.period if self.size else 0.0


def series_at(nwb: Nwb, place: str) -> NwbContainer:
    """Return the series at a path: anything of NWB that has data and times.

    Raises
    ------
    IsomorphError
        When there is none, or what stands there has no data.
    """
    series = nwb.container(place)
    if getattr(series, "data", None) is None:
        raise IsomorphError(
            f"{nwb.path}: {place} is of type {series.neurodata_type} and has no data of its own, "
            "expected a series"
        )
    return series


def series_values(series: NwbContainer, where: str) -> Array:
    """Return the values of a series, one each time, see `isomorph.foreign.nwb.values_of`."""
    return values_of(stored(series.data), where)


def measured(series: NwbContainer, values: Array, count: Array | int = 1) -> Array:
    """Return values of a series, or sums of some, in the series' unit.

    Parameters
    ----------
    series : TimeSeries
        Its `conversion` and `offset` turn a stored number into one of its unit.
    values : ndarray
        Stored values, or sums of `count` of them.
    count : ndarray or int
        How many were added up.
    """
    conversion, offset = (
        float(getattr(series, name, None) or none)
        for name, none in (("conversion", 1.0), ("offset", 0.0))
    )
    return values if (conversion, offset) == (1.0, 0.0) else values * conversion + offset * count


def read_clock(series: NwbContainer, size: int, where: str) -> Clock:
    """Read when the samples of a series were taken.

    Parameters
    ----------
    series : TimeSeries
        Its timestamps may be those of another series.
    size : int
        Number of its samples.
    where : str
        File and series, for messages.

    Raises
    ------
    IsomorphError
        When the series says no times, or as many as there are no samples.
    """
    timestamps, rate = getattr(series, "timestamps", None), getattr(series, "rate", None)
    if timestamps is None:
        if rate is None:
            raise IsomorphError(f"{where}: has neither timestamps nor a starting_time")
        if not rate > 0:
            raise IsomorphError(f"{where}: its starting_time has no rate above 0")
        return Clock(size, None, float(series.starting_time or 0.0), float(rate))
    times = part(stored(timestamps), (), f"{where}: timestamps").astype(np.float64)
    if times.shape != (size,):
        raise IsomorphError(f"{where}: has {times.size} timestamps for {size} samples")
    return Clock(size, times)


def check_ascending(clock: Clock, where: str) -> None:
    """Refuse times that do not ascend, in which nothing can be searched.

    Raises
    ------
    IsomorphError
        Naming the first sample out of order.
    """
    if clock.timestamps is None:
        return
    ordered = np.diff(clock.timestamps) > 0
    if not ordered.all():
        at = int(np.argmin(ordered))
        raise IsomorphError(
            f"{where}: sample {at + 1} is at {clock.timestamps[at + 1]:g} s, not after sample {at} "
            f"at {clock.timestamps[at]:g} s; expected ascending times"
        )
