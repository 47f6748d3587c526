"""Windows after onset: which there are, what is made of their counts, which samples each holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import TOLERANCE, Clock
from isomorph.study.responses import Windowed

Array = npt.NDArray


def all_windows(settings: Windowed) -> list[tuple[float, float]]:
    """Return every window to count in: those of responses, and last the baseline if any."""
    baseline = [] if settings.baseline is None else [settings.baseline]
    return [*settings.times, *baseline]


def said_windows(settings: Windowed) -> str:
    """Return the windows of a study in words."""
    if settings.edges:
        start, stop = settings.edges[0], settings.edges[-1]
        text = f"in bins of {settings.bins:g} s from {start:g} to {stop:g} s after onset"
    else:
        windows = settings.windows or {"": settings.times[0]}
        text = ", ".join(
            (f"{name} " if name else "") + f"from {start:g} to {stop:g} s after onset"
            for name, (start, stop) in windows.items()
        )
    if settings.baseline is None:
        return text
    return text + f", less those from {settings.baseline[0]:g} to {settings.baseline[1]:g} s"


def spikes_per_window(counts: Array, settings: Windowed, *, rate: bool) -> tuple[Array, str]:
    """Turn counts into the responses a study asks for.

    Parameters
    ----------
    counts : array of shape (window, presentation, unit)
        Spikes in each window and, where there is one, last in the baseline.
    settings : Windowed
        Windows and baseline.
    rate : bool
        Whether responses are spikes per second.

    Returns
    -------
    responses : array of shape (window, presentation, unit)
        Less the baseline.
    unit : str
        Unit of measurement.
    """
    lengths = np.diff(settings.times)[..., None]
    responses = counts[: len(lengths)]
    if settings.baseline is not None:
        before = settings.baseline[1] - settings.baseline[0]
        responses = responses - counts[-1] * (lengths / before)
    return (responses / lengths, "spikes/s") if rate else (responses, "spikes")


def places_of(
    clock: Clock, onsets: Array, windows: Sequence[tuple[float, float]]
) -> tuple[Array, Array, Array]:
    """Return the samples of every window after every onset.

    Parameters
    ----------
    clock : Clock
        When the samples were taken.
    onsets : array of shape (presentation,)
        Seconds.
    windows : sequence of (start, stop)
        Relative to onset, seconds, half-open: a sample at `stop` is not in.

    Returns
    -------
    first, stop : arrays of shape (window, presentation)
        Numbers of the first sample in the window and of the first after it.
    inside : array of bool of shape (presentation,)
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
