"""Time bins of ready responses: listed in a table, or equally long."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.foreign import read_table
from isomorph.responses.times import EDGES
from isomorph.study.responses import EvenBins

Array = npt.NDArray


def times_of(bins: str | EvenBins | None, table: Path | None, count: int) -> Array | None:
    """Return start and stop of every time bin `(time, 2)`, seconds from onset.

    Parameters
    ----------
    bins : str, EvenBins or None
        As settings say it.
    table : Path or None
        The table of bins where they name one.
    count : int
        Bins that the responses have.

    Returns
    -------
    array or None
        None where there are no bins.

    Raises
    ------
    IsomorphError
        When the table does not list bins that follow each other.
    """
    if table is not None:
        return _read_times(table)
    if not isinstance(bins, EvenBins):
        return None
    first = np.arange(count)
    return np.stack([bins.start + first * bins.width, bins.start + (first + 1) * bins.width], 1)


def bins_inside(times: Array, window: tuple[float, float], where: str) -> tuple[int, int]:
    """Return the first of the time bins in a window, and the one behind the last.

    Parameters
    ----------
    times : array of shape (time, 2)
        Start and stop of every bin, seconds from onset.
    window : (float, float)
        Its start and stop.
    where : str
        The setting, for messages.

    Raises
    ------
    IsomorphError
        When the window does not begin and end where bins do.
    """
    near = 1e-3 * float((times[:, 1] - times[:, 0]).min())
    inside = (times[:, 0] >= window[0] - near) & (times[:, 1] <= window[1] + near)
    first, behind = int(np.argmax(inside)), int(np.argmax(inside) + inside.sum())
    if not inside.any() or (
        abs(times[first, 0] - window[0]) > near or abs(times[behind - 1, 1] - window[1]) > near
    ):
        raise IsomorphError(
            f"{where}: {window[0]:g} to {window[1]:g} s does not begin and end where time bins do, "
            f"{len(times)} of them from {times[0, 0]:g} to {times[-1, 1]:g} s"
        )
    return first, behind


def _read_times(file: Path) -> Array:
    """Return start and stop of every time bin (time, 2), which follow each other in time."""
    table = read_table(file, *EDGES)
    times = table[list(EDGES)].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    if not (times[:, 0] < times[:, 1]).all():
        raise IsomorphError(
            f"{file}: time_start and time_stop must be numbers, seconds from onset, the first "
            "below the second"
        )
    if not (np.diff(times[:, 0]) > 0).all():
        raise IsomorphError(f"{file}: time_start must rise from row to row")
    return times
