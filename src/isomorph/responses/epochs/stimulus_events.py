"""Events of a recording: which stimulus was shown at which sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.foreign import as_cells, read_tsv
from isomorph.responses.plays import films_of, shown_frames
from isomorph.responses.presentations import TOGETHER, refuse_repeated, usable
from isomorph.stimuli.crossed import condition_names
from isomorph.stimuli.names import Names
from isomorph.study.columns import column_names
from isomorph.study.epochs import EventColumns

Array = npt.NDArray


@dataclass(frozen=True)
class Events:
    """Usable presentations of one recording.

    Attributes
    ----------
    stimulus : array of str of shape (presentation,)
    onset : array of shape (presentation,)
        Seconds from the recording's first sample.
    dropped : dict of str to int
        What was left out, by reason.
    """

    stimulus: Array
    onset: Array
    dropped: dict[str, int]


def read_events(file: Path, columns: EventColumns, known: Names, rate: float) -> Events:
    """Read the events table of one recording.

    Parameters
    ----------
    file : Path
        The table.
    columns : EventColumns
        What its columns mean.
    known : Names
        What names stand for.
    rate : float
        Samples per second of the recording.

    Raises
    ------
    IsomorphError
        When a column is not there, an onset is not a number, no event shows a stimulus of the set,
        or one does twice at one sample.
    """
    shown = column_names(columns.stimulus)
    rows = read_tsv(file, columns.onset, *shown, *columns.where)
    counts = np.ones(len(rows), dtype=bool)
    for name, allowed in columns.where.items():
        counts &= rows[name].isin(as_cells(allowed)).to_numpy()
    if not counts.any():
        said = ", ".join(f"{name} in {list(values)}" for name, values in columns.where.items())
        raise IsomorphError(f"{file}: none of the {len(rows)} events has {said or 'a row'}")
    rows = rows[counts]
    quoted = '", "'.join(shown)
    where = f'{file}: column "{quoted}"'
    names = condition_names(rows, columns.stimulus, columns.name, empty=columns.empty, where=where)
    single = isinstance(columns.stimulus, str)
    blank = np.isin(rows[shown[0]].to_numpy(np.str_) if single else names, columns.blank)
    names = np.where(blank, "", names)
    written = pd.to_numeric(rows[columns.onset], errors="coerce").to_numpy(np.float64)
    wrong = np.isnan(written) & (rows[columns.onset] != "").to_numpy()
    if wrong.any():
        line = rows.index[wrong][0]
        raise IsomorphError(
            f'{file}: line {line + 2}: {columns.onset} is "{rows[columns.onset][line]}", expected '
            "a number"
        )
    others = {"events of another kind": int((~counts).sum())}
    if columns.film is not None:
        films = films_of(known, "responses.presentations.film")
        lasts = None
        if "duration" in rows:
            told = pd.to_numeric(rows["duration"], errors="coerce").to_numpy(np.float64)
            lasts = told / columns.clock
        onset = written / columns.clock
        frames = shown_frames(names, onset, lasts, films, columns.film, where)
        refuse_repeated(frames.stimulus, frames.onset, where, max(TOGETHER, 0.99 / rate))
        return Events(frames.stimulus, frames.onset, {**others, **frames.dropped})
    label = known.ids_or_names(file, names)
    keep, dropped = usable(label, written, known.stimuli, where, known.table, known.has(label))
    onset = written[keep] / columns.clock
    refuse_repeated(label[keep], onset, where, max(TOGETHER, 0.99 / rate))
    return Events(label[keep], onset, {**others, **dropped})
