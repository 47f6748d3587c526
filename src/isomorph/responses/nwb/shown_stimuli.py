"""What a recording says was shown when: from its tables and series to stimuli and onsets."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb, text
from isomorph.responses.clocks import refuse_anew
from isomorph.responses.nwb.listed import read_rows
from isomorph.responses.nwb.values import as_written, called
from isomorph.responses.presentations import refuse_repeated, usable
from isomorph.stimuli.names import Names
from isomorph.study.responses import Presentations

Array = npt.NDArray

EXCESS = 1.5
"""How many times the median count of the others makes a suspect value one that holds blanks."""


@dataclass(frozen=True)
class ShownInRecording:
    """The presentations of one recording that can be used, in the file's order.

    Attributes
    ----------
    stimulus : array of str of shape (presentation,)
        Stimulus ids.
    onset : array of shape (presentation,)
        Seconds.
    dropped : dict of str to int
        How many presentations were left out, by reason.
    """

    stimulus: Array
    onset: Array
    dropped: dict[str, int] = field(default_factory=dict)


def read_shown(nwb: Nwb, spec: Presentations, names: Names) -> ShownInRecording:
    """Read the presentations of one recording.

    Parameters
    ----------
    nwb : Nwb
        The open recording.
    spec : Presentations
        Table or series, columns, blanks and filters.
    names : Names
        What its names stand for.

    Raises
    ------
    IsomorphError
        When a table, series or column is not there, onsets are not times, an interval ends before
        it begins, a presentation is listed twice, or none can be used.
    """
    rows = read_rows(nwb, spec)
    values, onset, counted, place = rows.values, rows.onset, rows.counted, rows.place
    label, dropped = text(values), dict(rows.dropped)
    blank = np.isin(label, as_written(spec.blank, values))
    if spec.blank:
        dropped["blank presentations"] = int((blank & counted).sum())
    counted = counted & ~blank
    counted &= ~_folded(label, counted, values, spec, dropped)
    label, values, onset = label[counted], values[counted], onset[counted]
    if not counted.any():
        said = ", ".join(f"{count} {reason}" for reason, count in dropped.items() if count)
        raise IsomorphError(
            f"{place}: none of the {len(counted)} presentations is left"
            + (f" ({said})" if said else "")
        )
    name = called(nwb, label, values, spec, place, rows.series)
    ids = names.ids(nwb.path, name)
    keep, left_out = usable(name, onset, names.stimuli, place, names.table, ids != "")
    stop = None if rows.stop is None else rows.stop[counted][keep]
    refuse_anew(onset[keep], stop, place)
    refuse_repeated(ids[keep], onset[keep], place)
    return ShownInRecording(ids[keep], onset[keep], {**dropped, **left_out})


def _folded(
    label: Array, counted: Array, values: Array, spec: Presentations, dropped: dict[str, int]
) -> Array:
    """Tell which presentations a suspect value holds, where it is shown too often to be one."""
    nothing = np.zeros(len(label), dtype=bool)
    if spec.suspect is None:
        return nothing
    wanted = as_written((spec.suspect,), values)[0]
    distinct, counts = np.unique(label[counted & (label != "")], return_counts=True)
    others = counts[distinct != wanted]
    own = int(counts[distinct == wanted].sum())
    if not own or not len(others) or own < EXCESS * float(np.median(others)):
        return nothing
    reason = (
        f"presentations of {spec.suspect}, shown {own} times where others are shown "
        f"{np.median(others):g} times, so blanks are among them"
    )
    dropped[reason] = own
    return np.asarray(label == wanted)
