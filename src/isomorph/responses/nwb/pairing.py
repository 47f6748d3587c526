"""Pairing: whether the samples of a series are the rows of a table, one by one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError

Array = npt.NDArray

JITTER = 0.005
"""How much the difference of two clocks may vary where all of it is one, seconds."""


def refuse_unpaired(times: Array, onset: Array, place: str, table: str) -> None:
    """Refuse a series whose samples are not the rows of a table.

    They are where each sample is nearer to the onset of its own row than to that of any other.
    They are too where all samples miss their rows by one and the same time, as under two clocks
    that start apart; but not where onsets are evenly spaced, for then a series that is some rows
    late looks the same.

    Parameters
    ----------
    times : array of shape (sample,)
        Of the series, seconds.
    onset : array of shape (row,)
        Of the table, seconds, NaN where unknown.
    place, table : str
        File and series, and the table, for messages.

    Raises
    ------
    IsomorphError
        Saying how many there are, or which row is how far from its sample.
    """
    if len(times) != len(onset):
        raise IsomorphError(
            f"{place}: its {len(times)} values are not the {len(onset)} rows of {table}; expected "
            "one value per row"
        )
    known = np.flatnonzero(np.isfinite(onset) & np.isfinite(times))
    if len(known) < 2:
        return
    times, onset = times[known], onset[known]
    ascending = np.sort(onset)
    after = np.clip(np.searchsorted(ascending, times), 1, len(onset) - 1)
    nearest = np.minimum(np.abs(times - ascending[after - 1]), np.abs(times - ascending[after]))
    apart = times - onset
    strange = np.abs(apart) > nearest + JITTER
    if not strange.any() or (np.ptp(apart) <= JITTER and np.ptp(np.diff(ascending)) > 2 * JITTER):
        return
    worst = int(np.argmax(strange))
    raise IsomorphError(
        f"{place}: its times are not those of the rows of {table}: value {known[worst]} is at "
        f"{times[worst]:g} s, row {known[worst]} at {onset[worst]:g} s, and another row is nearer "
        f"({int(strange.sum())} of {len(times)} are so); values cannot be assigned to rows"
    )
