"""What a recording says was shown when: from its tables and series to stimuli and onsets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.nwb import Nwb, NwbContainer, text
from isomorph.responses.clocks import refuse_anew
from isomorph.responses.nwb.listed import read_rows
from isomorph.responses.nwb.values import as_written, called
from isomorph.responses.plays import ShownFrames, films_of, shown_frames
from isomorph.responses.presentations import add_counts, refuse_repeated, usable
from isomorph.stimuli.names import Names
from isomorph.study.film import NwbFilmRows
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
    if spec.film is not None:
        return _frames(nwb, spec, spec.film, names)
    rows = _counting(nwb, spec)
    name = called(nwb, rows.label, rows.values, spec, rows.place, rows.series)
    ids = names.ids(nwb.path, name)
    keep, left_out = usable(name, rows.onset, names.stimuli, rows.place, names.table, ids != "")
    refuse_anew(rows.onset[keep], None if rows.stop is None else rows.stop[keep], rows.place)
    refuse_repeated(ids[keep], rows.onset[keep], rows.place)
    return ShownInRecording(ids[keep], rows.onset[keep], {**rows.dropped, **left_out})


@dataclass(frozen=True)
class _Counting:
    """The rows of a recording that count: label, values, onset and stop, each (row,)."""

    label: Array
    values: Array
    onset: Array
    stop: Array | None
    dropped: dict[str, int]
    place: str
    series: NwbContainer


def _counting(nwb: Nwb, spec: Presentations) -> _Counting:
    """Read the rows that count: without blanks, and with the values asked for."""
    rows = read_rows(nwb, spec)
    values, place = rows.values, rows.place
    label, dropped = text(values), dict(rows.dropped)
    blank = np.isin(label, as_written(spec.blank, values))
    if spec.blank:
        dropped["blank presentations"] = int((blank & rows.counted).sum())
    counted = rows.counted & ~blank
    counted &= ~_folded(label, counted, values, spec, dropped)
    if not counted.any():
        said = ", ".join(f"{count} {reason}" for reason, count in dropped.items() if count)
        raise IsomorphError(
            f"{place}: none of the {len(counted)} presentations is left"
            + (f" ({said})" if said else "")
        )
    stop = None if rows.stop is None else rows.stop[counted]
    return _Counting(
        label[counted], values[counted], rows.onset[counted], stop, dropped, place, rows.series
    )


def _frames(nwb: Nwb, spec: Presentations, film: NwbFilmRows, names: Names) -> ShownInRecording:
    """Read presentations of frames of films, from one table or series or from several."""
    films = films_of(names, "responses.presentations.film")
    found: list[ShownFrames] = []
    for own, of in _tables(nwb, spec, film):
        rows = _counting(nwb, own)
        known = np.isfinite(rows.onset)
        refuse_anew(rows.onset[known], None if rows.stop is None else rows.stop[known], rows.place)
        label = rows.label
        if film.rows == "plays":
            label = called(nwb, label, rows.values, own, rows.place, rows.series)
        lasts = None if rows.stop is None else rows.stop - rows.onset
        shown = shown_frames(label, rows.onset, lasts, films, film, rows.place, of)
        refuse_repeated(shown.stimulus, shown.onset, rows.place)
        found.append(replace(shown, dropped=add_counts(rows.dropped, shown.dropped)))
    dropped: dict[str, int] = {}
    for one in found:
        dropped = add_counts(dropped, one.dropped)
    return ShownInRecording(
        np.concatenate([one.stimulus for one in found]),
        np.concatenate([one.onset for one in found]),
        dropped,
    )


def _tables(
    nwb: Nwb, spec: Presentations, film: NwbFilmRows
) -> list[tuple[Presentations, str | None]]:
    """Return the settings of each table or series that shows films, and the film of each."""
    if not film.tables:
        return [(spec, None)]
    within = nwb.members("intervals")
    found: list[tuple[Presentations, str | None]] = [
        (spec.model_copy(update={"series" if "/" in place else "table": place}), of)
        for place, of in film.tables.items()
        if (nwb.has(place) if "/" in place else place in within)
    ]
    if not found:
        wanted = next(iter(film.tables))
        raise IsomorphError(
            f"{nwb.path}: has none of the {len(film.tables)} that presentations.film.tables names, "
            f'"{wanted}" among them, {did_you_mean(wanted, within)}'
        )
    return found


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
