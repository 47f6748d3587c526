"""Plays: films that were shown become presentations of those of their frames that are stimuli."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.stimuli.film.frames_by_film import FILM_COLUMNS, FilmFrames, frames_by_film
from isomorph.stimuli.names import Names, misspelt
from isomorph.stimuli.naming import ids_of
from isomorph.study.film import FilmRows

Array = npt.NDArray

STEADY = 0.05
"""Share by which frames shown one by one may last longer or shorter than those of the film."""


@dataclass(frozen=True)
class ShownFrames:
    """Presentations of frames.

    Attributes
    ----------
    stimulus : array of str of shape (presentation,)
        Ids of the frames.
    onset : array of shape (presentation,)
        Seconds.
    lasts : array of shape (presentation,)
        Until the next stimulus of the film, seconds.
    dropped : dict of str to int
        Rows of the recording that show no film of the set, by reason.
    """

    stimulus: Array
    onset: Array
    lasts: Array
    dropped: dict[str, int]


def films_of(names: Names, key: str) -> Mapping[str, FilmFrames]:
    """Return the films that stimuli are frames of.

    Parameters
    ----------
    names : Names
        What names in recordings stand for.
    key : str
        Where settings say how films were played, for the message.

    Raises
    ------
    IsomorphError
        When the stimuli are no frames of films.
    """
    rows = names.rows
    if rows is None or not {*rows.columns} >= FILM_COLUMNS:
        raise IsomorphError(
            f"{key}: goes with stimuli of kind film, and those of {names.table} are none; leave it "
            "out"
        )
    return frames_by_film(rows.to_dict("records"))


def shown_frames(
    label: Array,
    onset: Array,
    lasts: Array | None,
    films: Mapping[str, FilmFrames],
    spec: FilmRows,
    where: str,
    of: str | None = None,
) -> ShownFrames:
    """Return a presentation of every frame that is a stimulus and was shown.

    Parameters
    ----------
    label : array of str of shape (row,)
        Film or number of the frame that each row shows, '' for neither.
    onset, lasts, films, where
        See `plays`.
    spec : FilmRows
        What rows are.
    of : str, optional
        The film of this table, where tables have one each.

    Raises
    ------
    IsomorphError
        See `plays` and `single_frames`.
    """
    of = of or spec.of
    if spec.rows == "plays":
        return plays(label, onset, lasts, films, of, where)
    own = films[_known(of or "", films)]
    some = label != ""
    return single_frames(label[some], onset[some], of or "", own, spec.first, where)


def plays(
    label: Array,
    onset: Array,
    lasts: Array | None,
    films: Mapping[str, FilmFrames],
    of: str | None,
    where: str,
) -> ShownFrames:
    """Return a presentation of every stimulus of a film for each time it was played.

    Parameters
    ----------
    label : array of str of shape (play,)
        The film, as the recording names it; '' for none. It does not count where `of` names it.
    onset : array of shape (play,)
        When its first frame came on, seconds, NaN where unknown.
    lasts : array of shape (play,) or None
        Seconds, 0 or NaN where unknown; None where the recording does not say.
    films : mapping of str to FilmFrames
        The stimuli of each film.
    of : str or None
        The film, where rows do not name theirs.
    where : str
        File, table and column, for messages.

    Raises
    ------
    IsomorphError
        When no film of the set was played, the name of one is misspelt, or a play is not as long
        as its film, so that frames were not on screen when they would seem to be.
    """
    film = np.array(ids_of(label.tolist(), films), dtype=np.str_)
    if of is not None:
        film = np.full(len(label), _known(of, films))
    _refuse_unknown(label, film, films, where)
    timed = np.isfinite(onset)
    stimulus, starts, until = [], [], []
    for row in np.flatnonzero((film != "") & timed):
        own = films[str(film[row])]
        if lasts is not None and lasts[row] > 0:
            _refuse_other_length(float(lasts[row]), own, str(film[row]), float(onset[row]), where)
        stimulus.append(own.stimulus)
        starts.append(onset[row] + own.time)
        until.append(np.full(len(own.time), own.every))
    if not stimulus:
        raise IsomorphError(f"{where}: none of the {len(label)} plays has a film and an onset")
    return ShownFrames(
        np.concatenate(stimulus),
        np.concatenate(starts),
        np.concatenate(until),
        {
            "rows of something that is no film of the set": int((film == "").sum()),
            "plays without an onset": int(((film != "") & ~timed).sum()),
        },
    )


def single_frames(
    value: Array, onset: Array, film: str, own: FilmFrames, first: int, where: str
) -> ShownFrames:
    """Return those of the frames shown one by one that are stimuli.

    Parameters
    ----------
    value : array of shape (row,)
        Number of the frame that each row shows.
    onset : array of shape (row,)
        When, seconds, NaN where unknown.
    film : str
        The film.
    own : FilmFrames
        Its stimuli.
    first : int
        Number that the rows give the first frame.
    where : str
        File, table and column, for messages.

    Raises
    ------
    IsomorphError
        When values are no numbers of frames, the film has no such frame, or frames follow each
        other at another rate than in the film.
    """
    frame = _numbers(value, where) - first
    odd = (frame < 0) | (frame >= own.count)
    if odd.any():
        last = first + own.count - 1
        count_from_one = frame.min() == 1 and frame.max() == own.count
        hint = "; set presentations.film.first: 1" if count_from_one else ""
        raise IsomorphError(
            f"{where}: shows frame {int(frame[odd][0]) + first} of {film}, whose {own.count} "
            f"frames are {first} to {last}{hint or ', other values are named by blank'}"
        )
    timed = np.isfinite(onset)
    follows = (np.diff(frame) == 1) & timed[1:] & timed[:-1]
    if follows.any():
        apart, period = float(np.median(np.diff(onset)[follows])), own.length / own.count
        if abs(apart - period) > STEADY * period:
            raise IsomorphError(
                f"{where}: a frame of {film} follows another after {apart:.4g} s, {1 / apart:.4g} "
                f"a second, and in the film after {period:.4g} s, {1 / period:.4g} a second; "
                f"set stimuli.rate: {1 / apart:.4g} if that is how it was shown"
            )
    place = np.searchsorted(own.frame, frame)
    is_stimulus = timed & (own.frame[np.minimum(place, len(own.frame) - 1)] == frame)
    if not is_stimulus.any():
        raise IsomorphError(
            f"{where}: none of its {len(frame)} rows shows one of the {len(own.frame)} frames of "
            f"{film} that are stimuli at a known time"
        )
    return ShownFrames(
        own.stimulus[place[is_stimulus]],
        onset[is_stimulus],
        np.full(int(is_stimulus.sum()), own.every),
        {"frames without an onset": int((~timed).sum())},
    )


def _known(film: str, films: Mapping[str, FilmFrames]) -> str:
    """Return the name of a film of the set."""
    if film not in films:
        raise IsomorphError(
            f'film: no film "{film}" among the stimuli, {did_you_mean(film, films)}'
        )
    return film


def _refuse_unknown(label: Array, film: Array, films: Mapping[str, FilmFrames], where: str) -> None:
    """Refuse rows none of which plays a film, and names that are a slip away from one."""
    lacking = sorted({str(one) for one in label[film == ""]} - {""})
    if not (film != "").any():
        name = lacking[0] if lacking else ""
        raise IsomorphError(
            f'{where}: names "{name}" and {max(len(lacking) - 1, 0)} others, none of them a film '
            f"among the stimuli; {did_you_mean(name, films)}"
        )
    slips = misspelt(lacking, set(films) - set(film.tolist()))
    for name, meant in slips.items():
        raise IsomorphError(
            f'{where}: plays "{name}", which is no film among the stimuli, and never "{meant}", '
            f'which is one; did you mean "{meant}"?'
        )


def _refuse_other_length(
    lasts: float, own: FilmFrames, film: str, onset: float, where: str
) -> None:
    """Refuse a play of another length than its film, by more than half of what lies between."""
    if abs(lasts - own.length) > own.every / 2:
        raise IsomorphError(
            f"{where}: {film} is played for {lasts:g} s at {onset:g} s, and the film lasts "
            f"{own.length:g} s, {own.count} frames; set stimuli.rate: {own.count / lasts:.6g} if "
            "it was played faster or slower, or leave out what was cut short (where)"
        )


def _numbers(value: Array, where: str) -> Array:
    """Return numbers of frames as integers."""
    try:
        numbers = value.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.full(len(value), np.nan)
    if not (np.isfinite(numbers).all() and (numbers == np.rint(numbers)).all()):
        odd = value[~(np.isfinite(numbers) & (numbers == np.rint(numbers)))][0]
        raise IsomorphError(f"{where}: holds {odd!r}, expected numbers of frames")
    return numbers.astype(np.int64)
