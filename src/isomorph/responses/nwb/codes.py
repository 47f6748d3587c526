"""Codes of events, such as TTL pulses, that mark when stimuli came and went."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb, read_clock, series_at, series_values, text
from isomorph.responses.nwb.values import as_written
from isomorph.study.responses import Presentations

Array = npt.NDArray


def event_onsets(nwb: Nwb, spec: Presentations) -> Array:
    """Read the onsets that a series of events marks.

    Parameters
    ----------
    nwb : Nwb
        The recording.
    spec : Presentations
        The series, and what its codes mean.

    Returns
    -------
    array of shape (onset,)
        Seconds, in the order of the events.

    Raises
    ------
    IsomorphError
        When there is no such series, no event has the code of an onset, events do not follow one
        another in time, or onsets and offsets do not come in turns.
    """
    assert spec.events is not None
    series = series_at(nwb, spec.events)
    place = f"{nwb.path}: {spec.events}"
    codes = series_values(series, place)
    if codes.ndim != 1:
        raise IsomorphError(f"{place}: is of shape {codes.shape}, expected one code per event")
    times = read_clock(series, len(codes), place).times() / spec.clock
    onset, offset = (_marked(codes, spec, kind) for kind in ("onset", "offset"))
    if not onset.any():
        present = ", ".join(f'"{code}"' for code in np.unique(text(codes))[:5])
        wanted = " or ".join(code for code, kind in spec.codes.items() if kind == "onset")
        raise IsomorphError(
            f"{place}: none of the {len(codes)} events has code {wanted}, they have "
            + (present or "none")
        )
    marks = onset | offset
    _refuse_disordered(times[marks], place)
    if "offset" in spec.codes.values():
        _refuse_unpaired(times[marks], onset[marks], place)
    return times[onset]


def _marked(codes: Array, spec: Presentations, kind: str) -> Array:
    """Tell which events have a code of one kind."""
    wanted = tuple(code for code, means in spec.codes.items() if means == kind)
    return np.isin(text(codes), as_written(wanted, codes))


def _refuse_disordered(times: Array, place: str) -> None:
    """Refuse events out of order: what was shown follows from their order alone."""
    ordered = np.diff(times) >= 0
    if not (ordered.all() and np.isfinite(times).all()):
        at = int(np.argmin(ordered)) + 1 if not ordered.all() else 0
        raise IsomorphError(
            f"{place}: the event at {times[at]:g} s does not come after the one before it; "
            "expected events in the order of their times"
        )


def _refuse_unpaired(times: Array, is_onset: Array, place: str) -> None:
    """Refuse a missing onset or offset, after which nothing stands where it seems to."""
    expected = np.arange(len(times)) % 2 == 0
    if len(times) % 2 == 0 and np.array_equal(is_onset, expected):
        return
    wrong = np.flatnonzero(is_onset != expected)
    at = int(wrong[0]) if len(wrong) else len(times) - 1
    said = "onset" if is_onset[at] else "offset"
    follows = "is followed by none" if not len(wrong) else f"does not follow an {_other(said)}"
    raise IsomorphError(
        f"{place}: holds {int(is_onset.sum())} onsets and {int((~is_onset).sum())} offsets, and "
        f"the {said} at {times[at]:g} s {follows}; expected an offset after each onset"
    )


def _other(kind: str) -> str:
    return "onset" if kind == "offset" else "offset"
