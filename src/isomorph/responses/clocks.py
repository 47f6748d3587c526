"""Clocks: whether what was recorded and what was shown can be on one, and what else they are on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError

Array = npt.NDArray

FAR = 300
"""How many times as long the one must last as the other for their units of time to differ: fewer
than the 1000 of milliseconds, since a recording may be longer or shorter than what was shown."""
UNITS = ((3e3, "milliseconds"), (2e5, "samples"), (np.inf, "microseconds"))
"""Units of time by the largest ratio to seconds that is taken for each."""
STITCHED = 0.7
"""Share of the time from the first to the last onset below which a recording may lack the time
between trials."""
LONGEST = 1e5
"""Seconds, more than a day: a recording of sparsely firing units lasts less."""
SLOWEST = 0.05
"""Spikes per second and unit, on average over all units of a recording."""
FASTEST = 1000.0
"""Spikes per second and unit that no recording has."""
COARSE = 0.05
"""Share of a window by which times may be off where too few digits of them were kept."""


def clock_hint(recorded: tuple[float, float], onset: Array) -> str:
    """Say in a clause how the clocks of a recording and of its presentations differ.

    Parameters
    ----------
    recorded : tuple (start, stop)
        First and last time of what was recorded.
    onset : array of shape (presentation,)
        Onsets, finite.

    Returns
    -------
    str
        Inferred from how the two spans differ in length and place.
    """
    start, stop = recorded
    length, shown = stop - start, float(np.ptp(onset))
    both = "both must be in seconds on one clock"
    if length > FAR * shown > 0:
        return f"is the recording in {_unit(length / shown)}? {both}"
    if shown > FAR * length:
        apart, ratio = _apart(onset), shown / length if length > 0 else np.inf
        if length <= 2 * apart and not 750 < ratio < 1333:  # by chance that of milliseconds
            return _anew(length, apart, both)
        unit = _unit(ratio)
        clock = "1000" if unit == "milliseconds" else "so many in a second"
        return f"are the onsets in {unit} (presentations.clock: {clock})? {both}"
    if 0 < length <= 2 * _apart(onset) and len(onset) > 2:
        return _anew(length, _apart(onset), both)
    if start > onset.max() or stop < onset.min():
        between = min(abs(start - onset.min()), abs(start - onset.max()), abs(stop - onset.min()))
        return f"do the clocks have origins some {between:g} s apart? {both}"
    if 0 < length < STITCHED * shown:
        return f"are its trials stitched, without the time between them? {both}"
    return both


def refuse_other_unit(
    n_spikes: int, n_units: int, recorded: tuple[float, float], onset: Array, where: str
) -> None:
    """Refuse spike times that cannot be in seconds.

    All onsets may lie between the first and the last spike where spikes are in milliseconds, and
    then nothing but rates tells: units of a recording that fire every twenty seconds or less on
    average, for more than a day, or for hundreds of times as long as anything was shown.

    Parameters
    ----------
    n_spikes, n_units : int
        Spikes of all units, and how many units there are.
    recorded : tuple (start, stop)
        First and last spike.
    onset : array of shape (presentation,)
        Onsets, seconds.
    where : str
        The file, for the message.

    Raises
    ------
    IsomorphError
        Saying how long the recording would be, and how fast its units fire.
    """
    length = recorded[1] - recorded[0]
    if not length > 0:
        return
    rate = n_spikes / n_units / length
    long = length > LONGEST or length > FAR * float(np.ptp(onset)) > 0
    if (long and rate < SLOWEST) or (rate > FASTEST and n_spikes > FASTEST):
        said = f"{length / 86400:.1f} days" if length > LONGEST else f"{length:.4g} s"
        hint = clock_hint(recorded, onset)
        raise IsomorphError(
            f"{where}: as seconds, its spike times last {said} at {rate:.2g} spikes per second and "
            f"unit, while onsets lie between {onset.min():g} and {onset.max():g} s; {hint}"
        )


def refuse_anew(onset: Array, stop: Array | None, where: str) -> None:
    """Refuse onsets that begin again with each trial.

    Parameters
    ----------
    onset : array of shape (presentation,)
        In the order of the file; NaN where unknown.
    stop : array of shape (presentation,), optional
        When each presentation ends, where that is known.
    where : str
        File, table and column, for the message.

    Raises
    ------
    IsomorphError
        When more than four presentations share each onset, or onsets fall back and most of them
        coincide or last at the same time.
    """
    known = np.isfinite(onset)
    if stop is not None:
        known &= np.isfinite(stop)
        stop = stop[known]
    onset = onset[known]
    if len(onset) < 5:
        return
    _, place, many = np.unique(onset, return_inverse=True, return_counts=True)
    falls = int((np.diff(onset) < 0).sum())
    shared = float((many[place] > 1).mean())
    crowded = len(onset) > 4 * len(many)
    if falls >= 2 and not crowded:
        crowded = shared > 0.5 or (stop is not None and _overlap(onset, stop) > 2)
    if crowded:
        raise IsomorphError(
            f"{where}: {len(onset)} presentations share {len(many)} onsets between "
            f"{onset.min():g} and {onset.max():g} s, as do onsets that begin again with each "
            "trial; expected seconds on the one clock of the session, so add the start of "
            "its trial to each"
        )


def _overlap(start: Array, stop: Array) -> float:
    """Return how many presentations last at a time on average, where any does."""
    order = np.argsort(start, kind="stable")
    start, stop = start[order], np.maximum(stop[order], start[order])
    latest = np.maximum.accumulate(stop)
    new = np.maximum(stop - np.maximum(start, np.concatenate([[-np.inf], latest[:-1]])), 0)
    union = float(new.sum())
    return float((stop - start).sum()) / union if union > 0 else 1.0


def refuse_windows(windows: Sequence[tuple[float, float]], onset: Array, where: str) -> None:
    """Refuse windows plainly in milliseconds: far longer than from one onset to the next.

    Parameters
    ----------
    windows : sequence of (start, stop)
        Relative to onset.
    onset : array of shape (presentation,)
        Onsets, seconds.
    where : str
        The file, for the message.

    Raises
    ------
    IsomorphError
        Naming the window and what it would be in seconds.
    """
    apart = _apart(onset)
    for start, stop in windows:
        reach = max(abs(start), abs(stop))
        if apart > 0 and reach > 5 and reach > 5 * apart:
            raise IsomorphError(
                f"{where}: the window [{start:g}, {stop:g}) s reaches over {reach / apart:.0f} "
                f"presentations, which come every {apart:.3g} s; windows are in seconds: "
                f"[{start / 1000:g}, {stop / 1000:g}]?"
            )


def refuse_outlasting(
    windows: Sequence[tuple[float, float]], recorded: tuple[float, float], where: str
) -> None:
    """Refuse windows that are longer than all that was recorded.

    Parameters
    ----------
    windows : sequence of (start, stop)
        Relative to onset, seconds.
    recorded : tuple (start, stop)
        First and last time of the recording, seconds.
    where : str
        The file, for the message.

    Raises
    ------
    IsomorphError
        Saying how long both are. Windows of a few seconds pass: a few spikes may be closer.
    """
    length = recorded[1] - recorded[0]
    for start, stop in windows:
        if stop - start > max(length, 5):
            raise IsomorphError(
                f"{where}: the window [{start:g}, {stop:g}) s outlasts the recording, which has "
                f"spikes from {recorded[0]:g} to {recorded[1]:g} s; windows are in seconds"
            )


def refuse_single(
    latest: float, windows: Sequence[tuple[float, float]], what: str, where: str
) -> None:
    """Refuse times of single precision that are too late for it: they move in steps.

    Parameters
    ----------
    latest : float
        The latest of the times, seconds.
    windows : sequence of (start, stop)
        Relative to onset, seconds.
    what : str
        What the times are of, for the message.
    where : str
        The file, for the message.

    Raises
    ------
    IsomorphError
        Saying by how much they are off.
    """
    step, shortest = float(np.spacing(np.float32(latest))), min(b - a for a, b in windows)
    if step > COARSE * shortest:
        raise IsomorphError(
            f"{where}: its {what} have single precision, which at {latest:g} s moves in steps of "
            f"{step:.3g} s, too coarse for a window of {shortest:g} s; store them with double "
            "precision, or from the start of the session"
        )


def is_single(times: Array) -> bool:
    """Tell whether times went through single precision, though they may be stored otherwise."""
    same = times.astype(np.float32).astype(np.float64) == times
    return bool(same.all()) and not bool((times == np.rint(times)).all())


def _apart(onset: Array) -> float:
    """Return the median time from one onset to the next, seconds; 0 where there is one."""
    return float(np.median(np.diff(np.sort(onset)))) if len(onset) > 1 else 0.0


def _unit(ratio: float) -> str:
    return next(name for most, name in UNITS if ratio < most)


def _anew(length: float, apart: float, both: str) -> str:
    return (
        f"the recording lasts {length:.3g} s and onsets come every {apart:.3g} s, so do its times "
        f"begin again with each trial? {both}"
    )
