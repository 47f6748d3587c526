"""Windows of sampled series: which samples each holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.responses.samples import TOLERANCE, Clock

Array = npt.NDArray


def places_of(
    clock: Clock, onsets: Array, windows: Sequence[tuple[float, float]]
) -> tuple[Array, Array, Array]:
    """Return the samples of every window after every onset.

    Parameters
    ----------
    clock : Clock
        When the samples were taken.
    onsets : ndarray (presentation,)
        Seconds.
    windows : sequence of (start, stop)
        Relative to onset, seconds, half-open: a sample at `stop` is not in.

    Returns
    -------
    first, stop : ndarray (window, presentation)
        Numbers of the first sample in the window and of the first after it.
    inside : ndarray (presentation,) of bool
        Whether the recording covers all windows of the presentation.
    """
    starts, stops = np.transpose(windows)[..., None] + onsets
    slack = TOLERANCE * clock.period
    begin = float(clock.times()[0]) if clock.size else 0.0
    inside = (starts.min(axis=0) >= begin - slack) & (stops.max(axis=0) <= clock.end + slack)
    first, stop = clock.before(starts), clock.before(stops)
    return first, stop, inside & (stop > first).all(axis=0)


def refuse_coarse(clock: Clock, windows: Sequence[tuple[float, float]], where: str) -> None:
    """Refuse windows so short that some hold no sample.

    Raises
    ------
    IsomorphError
        Naming the window and the sampling period.
    """
    for start, stop in windows:
        if stop - start < clock.period * (1 - TOLERANCE):
            raise IsomorphError(
                f"{where}: has a sample every {clock.period:.4g} s, so the window "
                f"[{start:g}, {stop:g}) s may hold none; expected one of {clock.period:.4g} s "
                "or longer"
            )


def refuse_uncovered(inside: Array, clock: Clock, onsets: Array, where: str) -> None:
    """Refuse a series that covers no presentation: its clock is another.

    Raises
    ------
    IsomorphError
        Saying where samples and onsets lie.
    """
    if not inside.any():
        raise IsomorphError(
            f"{where}: covers none of the {len(inside)} presentations: samples lie between "
            f"{float(clock.times()[0]):g} and {clock.end:g} s, onsets between {onsets.min():g} and "
            f"{onsets.max():g} s; both must be in seconds on one clock"
        )
