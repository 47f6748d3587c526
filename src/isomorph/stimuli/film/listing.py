"""Listing: which frames of the films of a dataset are stimuli."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.saying import say
from isomorph.stimuli.dataset_files import DatasetFiles, files_in
from isomorph.stimuli.film.films import Film, clip_frames, on_screen
from isomorph.stimuli.film.readers import films_in
from isomorph.stimuli.folder import describe
from isomorph.stimuli.naming import path_id
from isomorph.stimuli.stimulus import Pixels, Shot, Stimulus, shot_name
from isomorph.study import spec_from
from isomorph.study.film import FilmStimuli

Array = npt.NDArray

UNEQUAL = 0.5
"""Share of a frame by which two copies of a film may differ in length."""


def list_stimuli(files: DatasetFiles, spec: FilmStimuli) -> list[Stimulus]:
    """List the frames of films that are stimuli, film by film in the order of time.

    No frame is decoded: times come from headers and packets, or from the rate that is given.

    Parameters
    ----------
    files : DatasetFiles
    spec : FilmStimuli
        Which films, and how far stimuli are apart.

    Raises
    ------
    IsomorphError
        When a file is no whole film, nobody says the times of its frames, or none is a stimulus.
    """
    found = [
        stimulus
        for name, copies in _films(files, spec).items()
        for stimulus in _of_film(name, copies, files.dataset, f"{files.where}: stimuli", spec)
    ]
    names = [one.name for one in found]
    described = describe(files, spec.table, spec.id, names, "stimuli.table")
    for one in found:
        one.described.update(described.get(one.name, {}))
    return found


def list_frames(
    file: Path | str, *, every: float = 0.5, rate: float | None = None, **settings: object
) -> pd.DataFrame:
    """List the frames of a film that are stimuli, as readers of responses take them.

    Parameters
    ----------
    file : Path or str
        A video, or a stack of frames.
    every : float
        Seconds from one stimulus to the next.
    rate : float, optional
        Frames per second at which it was shown, where the file does not say.
    **settings
        Any other key of stimuli of kind `film`: `variable`, `start`, `stop`.

    Returns
    -------
    DataFrame
        A row per stimulus: `stimulus`, `film`, `frame`, `time`, `film_frames` and `film_length`.

    Raises
    ------
    IsomorphError
        See `list_stimuli`.
    """
    path = Path(file).absolute()
    given = {"kind": "film", "file": path.name, "every": every, "rate": rate, **settings}
    spec = spec_from(given, FilmStimuli, "list_frames")
    found = list_stimuli(files_in(path.parent, among=[path], where="list_frames"), spec)
    return pd.DataFrame([{"stimulus": one.name, **one.described} for one in found])


def _films(files: DatasetFiles, spec: FilmStimuli) -> dict[str, list[Film]]:
    """Return the films by name, each with its copies: recordings hold one film each of them."""
    films: dict[str, list[Film]] = {}
    for file in files.of_everybody(spec.file):
        for film in films_in(file, spec.variable, spec.transposed):
            timed = film if spec.rate is None else film.at_rate(spec.rate)
            films.setdefault(path_id(film.name), []).append(timed)
    for name, copies in films.items():
        first = copies[0]
        for other in copies[1:]:
            apart = abs(other.length - first.length) * first.count / max(first.length, 1e-9)
            if other.count != first.count or apart > UNEQUAL:
                raise IsomorphError(
                    f'{other.where}: is the film "{name}" as {first.where} is, with {other.count} '
                    f"frames in {other.length:g} s where that has {first.count} in "
                    f"{first.length:g} s; give two films two names"
                )
    return dict(sorted(films.items()))


def _of_film(
    name: str, copies: Sequence[Film], dataset: str, where: str, spec: FilmStimuli
) -> list[Stimulus]:
    """Return the stimuli of one film."""
    film = copies[0]
    onsets = film.onsets
    frames, again = chosen(onsets, film.length, spec, f"{where}: {film.where}")
    if again:
        say(
            f"{dataset}: at {again} times a frame of {name} is on screen that was the stimulus "
            "before; it is listed once"
        )
    read = partial(_same, copies)
    clip: Callable[[float], tuple[Shot, ...]] = lambda _: ()  # noqa: E731
    if spec.clips is not None:
        clip = partial(_clip, name, onsets, read, spec.clips.frames, spec.clips.spacing)
    return [
        Stimulus(
            shot_name(name, frame),
            partial(read, frame),
            described={
                "film": name,
                "frame": frame,
                "time": round(float(onsets[frame]), 6),
                "film_frames": film.count,
                "film_length": round(film.length, 6),
            },
            clip=clip(float(onsets[frame])),
        )
        for frame in frames.tolist()
    ]


def chosen(onsets: Array, length: float, spec: FilmStimuli, where: str) -> tuple[Array, int]:
    """Return which frames of a film are stimuli, and how many times chose one again.

    Parameters
    ----------
    onsets : array of shape (frame,)
        When each frame comes on, seconds from the first.
    length : float
        When the last goes off.
    spec : FilmStimuli
        How far stimuli are apart, and between which times.
    where : str
        File and key, for messages.

    Returns
    -------
    frames : array of int of shape (stimulus,)
    again : int
        Of films of uneven times, which may hold a frame for longer than `every`.

    Raises
    ------
    IsomorphError
        When frames last longer than `every`, or the film is too short for one stimulus.
    """
    period = float(np.median(np.diff(onsets, append=length)))
    if spec.every < period * (1 - 1e-3):
        raise IsomorphError(
            f"{where}: every is {spec.every:g} s and a frame lasts {period:g} s; expected no less"
        )
    stop = length if spec.stop is None else spec.stop
    if stop > length + 0.5 * period:
        raise IsomorphError(
            f"{where}: stop is {stop:g} s, after the film's end at {length:g} s; expected that or "
            "less"
        )
    count = int(np.floor((stop - spec.start) / spec.every + 1e-3))
    if count < 1:
        raise IsomorphError(
            f"{where}: lasts {length:g} s, of which {max(stop - spec.start, 0):g} s are used, too "
            f"few for one stimulus every {spec.every:g} s"
        )
    frames = on_screen(onsets, spec.start + spec.every * np.arange(count))
    distinct = np.unique(frames)
    return distinct, count - len(distinct)


def _same(copies: Sequence[Film], index: int) -> Pixels:
    """Read a frame of a film, and refuse copies of which one shows something else there."""
    first = copies[0].frame(index)
    for other in copies[1:]:
        if not np.array_equal(other.frame(index), first):
            raise IsomorphError(
                f"{other.where}: frame {index} is not that of {copies[0].where}, a film of the "
                "same name; give two films two names, or leave one out (archive.exclude)"
            )
    return first


def _clip(
    name: str,
    onsets: Array,
    read: Callable[[int], Pixels],
    n: int,
    spacing: float,
    time: float,
) -> tuple[Shot, ...]:
    """Return the frames that lead up to a time."""
    frames = clip_frames(onsets, time, n, spacing).tolist()
    return tuple(Shot(name, frame, partial(read, frame)) for frame in frames)
