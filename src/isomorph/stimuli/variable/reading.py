"""Tracks: the variables of a recording brought onto one clock, and which time counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.nwb import Nwb
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.variable.bins import closed
from isomorph.stimuli.variable.derived import beside, speed
from isomorph.stimuli.variable.found import FOUND
from isomorph.stimuli.variable.intervals import intervals
from isomorph.stimuli.variable.recording import Recording, series
from isomorph.stimuli.variable.signal import Signal
from isomorph.stimuli.variable.track import Track, stretches
from isomorph.stimuli.variable.wrap import refuse_unfit, wrapped
from isomorph.study.variable import SpeedFilter, VariableStimuli

Array = npt.NDArray

PIECE = 0.02
"""Seconds that an interval is cut into at most, where nothing but intervals is read."""

LONGEST = 1e6
"""Seconds that intervals last together at most, eleven days."""

SECONDS = ", and times to be in seconds"

SHORTEST = 10
"""Samples a block of time holds at least: the samples of smaller ones are neighbours."""


def track_of(nwb: Nwb, files: DatasetFiles, spec: VariableStimuli) -> Track:
    """Read the variables of one recording.

    They are brought onto the clock of the one that is sampled most often. Where nothing but
    intervals is read, these are cut into pieces.

    Parameters
    ----------
    nwb : Nwb
        The open recording.
    files : DatasetFiles
        Where tables beside it are found.
    spec : VariableStimuli
        The variables, and which time counts.

    Raises
    ------
    IsomorphError
        When a variable is not where it is said to be or cannot be used, its period does not fit it,
        or no time counts.
    """
    recording = Recording(nwb, files)
    every = spec.every
    signals = {name: FOUND[one.form()](recording, one) for name, one in every.items()}
    for name, found in signals.items():
        refuse_unfit(found.values[:, 0], every[name], found.unit, f"{found.where} ({name})")
    times, starts, lasts = _clock(list(signals.values()), spec)
    values = np.column_stack(
        [
            closed(wrapped(found.at(times, one.period, spec.gap)[:, 0], one), one)
            for found, one in zip(signals.values(), every.values(), strict=True)
        ]
    )
    lasts = np.where(np.isfinite(values).any(axis=1), lasts, 0)
    units = tuple(found.unit for found in signals.values())
    counts = np.ones(len(times), dtype=bool)
    if spec.epochs is not None:
        counts &= _within(times, nwb, spec)
    if spec.speed is not None:
        counts &= _at_speed(times, recording, spec.speed, spec, signals)
    if not (lasts * counts).any():
        raise IsomorphError(
            f"{nwb.path}: no time counts: of {lasts.sum():.4g} s in which "
            f"{', '.join(every)} {'is' if len(every) == 1 else 'are'} known, none is within "
            "stimuli.epochs and stimuli.speed"
        )
    return Track(tuple(every), times, values, starts, lasts, counts, units, str(nwb.path))


def _clock(signals: Sequence[Signal], spec: VariableStimuli) -> tuple[Array, Array, Array]:
    """Return samples of all signals, and the time each stands for."""
    sampled = [one for one in signals if one.stops is None]
    if sampled:
        finest = min(sampled, key=lambda one: one.usual)
        usual = finest.usual
        times = finest.times
        if spec.gap is not None and spec.gap < usual:
            raise IsomorphError(
                f"{finest.where}: has a sample every {usual:.4g} s, so that nothing would be known "
                f"between any two; expected stimuli.gap to be longer than that, not {spec.gap:g} s"
            )
        starts, lasts = stretches(times, spec.gap)
    else:
        times, starts, lasts = _pieces(signals[0])
        usual, finest = PIECE, signals[0]
    if spec.block < SHORTEST * usual:
        raise IsomorphError(
            f"{finest.where}: has a sample every {usual:.4g} s, so that blocks of "
            f"{spec.block:g} s would make neighbours of the repetitions; expected stimuli.block to "
            f"be {SHORTEST * usual:.4g} s or longer{SECONDS if usual > 1 else ''}"
        )
    return times, starts, lasts


def _pieces(signal: Signal) -> tuple[Array, Array, Array]:
    """Return the middles of the pieces of intervals, when each starts and how long it lasts."""
    assert signal.stops is not None
    lengths = signal.stops - signal.times
    if (whole := float(lengths.sum())) > LONGEST:
        raise IsomorphError(
            f"{signal.where}: its intervals last {whole:.4g} s together, more than any recording "
            "does; expected times in seconds"
        )
    parts = np.ceil(lengths / PIECE - 1e-9).astype(np.int64)
    of = np.repeat(np.arange(len(parts)), parts)
    place = np.arange(len(of)) - np.repeat(np.cumsum(parts) - parts, parts)
    lasts = (lengths / parts)[of]
    starts = signal.times[of] + place * lasts
    return starts + lasts / 2, starts, lasts


def _within(times: Array, nwb: Nwb, spec: VariableStimuli) -> npt.NDArray[np.bool_]:
    """Tell which samples are in an interval that counts."""
    assert spec.epochs is not None
    rows = intervals(nwb, spec.epochs.table, spec.epochs.where)
    begun, ended = (
        np.searchsorted(np.sort(rows[edge].to_numpy(np.float64)), times, side="right")
        for edge in ("start_time", "stop_time")
    )
    return begun > ended


def _at_speed(
    times: Array,
    recording: Recording,
    settings: SpeedFilter,
    spec: VariableStimuli,
    signals: dict[str, Signal],
) -> npt.NDArray[np.bool_]:
    """Tell at which samples the speed is known and counts."""
    if settings.series is not None:
        measured = series(recording, settings.series)
        if measured.values.shape[1] != 1:
            raise IsomorphError(
                f"{measured.where}: has {measured.values.shape[1]} components, and a speed is one "
                "number; name a position in stimuli.speed.of instead"
            )
    else:
        assert settings.of is not None
        of = (settings.of,) if isinstance(settings.of, str) else settings.of
        parts = []
        for one in of:
            if one not in signals and "/" not in one:
                raise IsomorphError(
                    f'{recording.files.where}: stimuli.speed.of: no variable "{one}", '
                    f"{did_you_mean(one, signals)}; a series is named by its path"
                )
            if one not in signals:
                parts.append(series(recording, one))
                continue
            if (period := spec.every[one].period) is not None or signals[one].stops is not None:
                why = f"has a period of {period:g}" if period is not None else "is one of intervals"
                raise IsomorphError(
                    f"{recording.files.where}: stimuli.speed.of: {one} {why}, so that it is not a "
                    "position; name the coordinates of one"
                )
            parts.append(signals[one])
        first, *others = parts
        measured = speed(beside(first, others), settings.over)
    now = measured.at(times, gap=spec.gap)[:, 0]
    known = np.isfinite(now)
    least = -np.inf if settings.min is None else settings.min
    most = np.inf if settings.max is None else settings.max
    return known & (np.where(known, now, 0) >= least) & (np.where(known, now, 0) <= most)
