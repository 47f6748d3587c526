"""Time that spikes do not cover: presentations before the first or after the last of all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.responses.clocks import clock_hint
from isomorph.responses.nwb.observed import Windows
from isomorph.responses.nwb.shown_stimuli import ShownInRecording

Array = npt.NDArray

CHANCE = 1e-6
"""A silence less probable than this is none: nothing was recorded."""
SPREAD = 0.1
"""Least variance of a population's rate from presentation to presentation, as a share of its
squared mean: what is estimated from few presentations may come out too small."""
NEAR = 40
"""Presentations next to a silence that tell it too, at least: responses adapt, and units are lost
one by one, so that few spikes may be left by then."""
STATES = 3
"""Silences that tell how long such states last."""
REASON = "presentations before the first or after the last spike of all units"

BEYOND = "presentations beyond the recording"
"""The reason where samples say when a recording lasted."""


def spans_of(onset: Array, windows: Windows) -> Array:
    """Return the time that belongs to each presentation: from its first window to the next's.

    Parameters
    ----------
    onset : array of shape (presentation,)
        Seconds.
    windows : sequence of (start, stop)
        Relative to onset, seconds.

    Returns
    -------
    array of shape (presentation, 2)
        Start and stop, at least to the end of the last window and no longer than twice the median
        time between presentations beyond it, so that a pause belongs to none.
    """
    first, last = min(start for start, _ in windows), max(stop for _, stop in windows)
    order = np.argsort(onset, kind="stable")
    ascending = onset[order]
    after = np.concatenate([ascending[1:], [-np.inf]]) + first
    apart = float(np.median(np.diff(ascending))) if len(onset) > 1 else 0.0
    stop = np.maximum(np.minimum(after, ascending + last + 2 * apart), ascending + last)
    spans = np.empty((len(onset), 2))
    spans[order] = np.column_stack([ascending + first, stop])
    return spans


def outside(onset: Array, windows: Windows, between: tuple[float, float]) -> tuple[Array, Array]:
    """Tell which presentations have all windows before the first, or after the last spike.

    Parameters
    ----------
    onset : array of shape (presentation,)
        Seconds.
    windows : sequence of (start, stop)
        Relative to onset, seconds.
    between : tuple (first, last)
        First and last spike of all.

    Returns
    -------
    before, after : arrays of bool of shape (presentation,)
    """
    first, last = min(start for start, _ in windows), max(stop for _, stop in windows)
    return onset + last <= between[0], onset + first > between[1]


def beyond_chance(
    onset: Array, windows: Windows, counts: Array, between: tuple[float, float]
) -> Array:
    """Tell which presentations before the first or after the last spike no chance leaves silent.

    The number of spikes in the time of a presentation is taken to be negative binomial, with mean
    and variance of the presentations that the recording covers, as if they followed each other at
    random; or of those next to the silence, where they make it more probable. Where states of
    silence come and go, no spike is as likely as it is seen to be after another silence, and a
    silence has to be twice as long as any other too.

    Parameters
    ----------
    onset : array of shape (presentation,)
        Seconds.
    windows : sequence of (start, stop)
        Relative to onset, seconds.
    counts : array of shape (presentation,)
        Spikes of all units in the time of each, see `spans_of`.
    between : tuple (first, last)
        First and last spike of all.

    Returns
    -------
    array of bool of shape (presentation,)

    Examples
    --------
    Ten presentations of some 20 spikes, and three more:

    >>> counts = np.array([19, 22, 17, 20, 25, 21, 18, 20, 23, 16, 0, 0, 0])
    >>> beyond_chance(np.arange(13.0), [(0.0, 0.5)], counts, (0.1, 9.9)).tolist()[8:]
    [False, False, True, True, True]
    """
    start, stop = spans_of(onset, windows).T
    before, after = outside(onset, windows, between)
    inside = ~(before | after)
    order = np.argsort(onset, kind="stable")
    covered = counts[order][inside[order]]
    beyond = np.zeros(len(onset), dtype=bool)
    if not covered.any():
        return beyond
    longest = int(_runs(covered == 0).max(initial=0))
    # In times of a presentation: that of the last ends with its window, and that of the last
    # before the first spike may reach beyond that spike.
    silent = (stop - start) / (stop - start)[inside].mean()
    share = np.clip((between[0] - start) / (stop - start), 0, 1)
    for beside, times, nearest in (
        (before, silent * share, covered),
        (after, silent, covered[::-1]),
    ):
        near = nearest[: max(int(beside.sum()), NEAR)]
        size = float(times[beside].sum())
        chance = max(_log_chance_of_none(covered), _log_chance_of_none(near))
        if size * chance < np.log(CHANCE) and size >= 2 * longest:
            beyond |= beside
    return beyond


def _log_chance_of_none(counts: Array) -> float:
    """Return the log probability of no spike in a presentation, from some that are covered.

    Parameters
    ----------
    counts : array of shape (presentation,)
        Their spikes, in the order of time.
    """
    if not counts.any():
        return 0.0
    runs = _runs(counts == 0)
    mean = float(counts.mean())
    variance = float(counts.var(ddof=1)) if len(counts) > 1 else mean
    spread = max((variance - mean) / mean**2, SPREAD)
    # Those that are covered end with a spike, so that few spikes seem denser than they are: the
    # mean is taken two of its standard errors lower.
    lower = mean * max(1 - 2 / np.sqrt(np.count_nonzero(counts)), 0.0)
    seen = runs.sum() / len(counts)
    seen += 2 * np.sqrt(seen * (1 - seen) / len(counts))  # as uncertain
    if len(runs) >= STATES:
        seen = max(seen, 1 - len(runs) / runs.sum())
    return max(-float(np.log1p(lower * spread)) / spread, float(np.log(seen)) if seen else -np.inf)


def _runs(silent: Array) -> Array:
    """Return the lengths of the runs of true (run,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(np.int8), [0]])))
    return edges[1::2] - edges[::2]


def without_uncovered(
    beyond: Array,
    shown: ShownInRecording,
    most: float,
    recorded: tuple[float, float],
    where: str,
    reason: str = REASON,
) -> ShownInRecording:
    """Leave out, and count, presentations that a recording does not cover.

    Parameters
    ----------
    beyond : array of bool of shape (presentation,)
        Which.
    shown : ShownInRecording
        All.
    most : float
        The largest share that may be left out: more are a sign of clocks that differ, and then
        those that are covered are covered by chance.
    recorded : tuple (start, stop)
        First and last time of the recording.
    where : str
        File, or file and series, for the message.
    reason : str
        Under which they are counted.

    Raises
    ------
    IsomorphError
        When they are more.
    """
    many = int(beyond.sum())
    if many > most * len(beyond):
        onset = shown.onset
        raise IsomorphError(
            f"{where}: covers {len(beyond) - many or 'none'} of the {len(beyond)} presentations: "
            f"it lasts from {recorded[0]:g} to {recorded[1]:g} s, onsets lie between "
            f"{onset.min():g} and {onset.max():g} s; {clock_hint(recorded, onset)}, or set "
            "responses.uncovered where the recording did end early"
        )
    return replace(
        shown,
        stimulus=shown.stimulus[~beyond],
        onset=shown.onset[~beyond],
        dropped={**shown.dropped, reason: many},
    )
