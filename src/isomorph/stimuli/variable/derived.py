"""Variables that follow from positions: the heading of two lights, and speed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.stimuli.variable.recording import Recording, series
from isomorph.stimuli.variable.signal import Signal
from isomorph.study.variable import TURN, Variable

Array = npt.NDArray


def position(
    recording: Recording, places: Sequence[str], missing: Sequence[float] | None
) -> Signal:
    """Return a position (sample, coordinate) from one series, or one for each coordinate."""
    first, *others = [series(recording, one, missing) for one in places]
    return beside(first, others)


def beside(first: Signal, others: Sequence[Signal]) -> Signal:
    """Return signals as components of one, at the times of the first."""
    values = np.column_stack([first.values, *(one.at(first.times) for one in others)])
    return Signal(first.times, values, first.where, first.unit)


def speed(position: Signal, over: float) -> Signal:
    """Return how fast a position changes.

    Parameters
    ----------
    position : Signal
        Coordinates.
    over : float
        Seconds over which the displacement is taken, a sample in their middle. Where the position
        is not known at one end, the other half is taken; NaN where it is at neither.
    """
    times = position.times
    before, here, after = (
        position.at(times + shift, holds=False) for shift in (-over / 2, 0, over / 2)
    )
    moved = _per_second(before, after, over)
    for one, other in ((before, here), (here, after)):
        moved = np.where(np.isfinite(moved), moved, _per_second(one, other, over / 2))
    unit = f"{position.unit}/s" if position.unit else ""
    return Signal(position.times, moved[:, None], position.where, unit)


def _per_second(before: Array, after: Array, seconds: float) -> Array:
    """Return the length of a displacement (sample,) over the seconds it took."""
    return np.asarray(np.sqrt(((after - before) ** 2).sum(axis=1)) / seconds)


def heading_of(recording: Recording, spec: Variable) -> Signal:
    """Return the direction from one position to another, in the unit that the period is in.

    Parameters
    ----------
    recording : Recording
    spec : Variable
        `heading_of` names the two.

    Raises
    ------
    IsomorphError
        When one has a single coordinate, or the two are never known and apart.
    """
    assert spec.heading_of is not None
    assert spec.period is not None
    back, front = (series(recording, one, spec.missing) for one in spec.heading_of)
    for one in (back, front):
        if one.values.shape[1] < 2:
            raise IsomorphError(
                f"{one.where}: has one coordinate, and the direction between two lights needs two"
            )
    line = front.at(back.times)[:, :2] - back.values[:, :2]
    apart = np.hypot(*line.T)
    angle = np.arctan2(line[:, 1], line[:, 0]) * spec.period / TURN
    values = np.where(apart > 0, angle, np.nan)
    if not np.isfinite(values).any():
        raise IsomorphError(
            f"{back.where} and {spec.heading_of[1]}: the two lights are never both known and "
            "apart, so that nothing says where the line between them points"
        )
    unit = {360.0: "degrees", TURN: "radians"}.get(spec.period, "")
    return Signal(back.times, values[:, None], f"{back.where} to {spec.heading_of[1]}", unit)


def speed_of(recording: Recording, spec: Variable) -> Signal:
    """Return the speed of a position, which `speed_of` names."""
    assert spec.speed_of is not None
    places = (spec.speed_of,) if isinstance(spec.speed_of, str) else spec.speed_of
    return speed(position(recording, places, spec.missing), spec.over)
