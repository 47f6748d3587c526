"""A film: frames, when each comes on, and how long the whole lasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.stimuli.stimulus import Pixels

Array = npt.NDArray

SLACK = 1e-3
"""Seconds by which the time of a frame may be off by rounding: Matroska counts milliseconds."""


@dataclass(frozen=True)
class Film:
    """A film whose frames are read one at a time.

    Attributes
    ----------
    where : str
        File, and path inside where there is one, for messages.
    name : str
        What it is called: the file without its ending, or the path's last part.
    count : int
        Its frames.
    times : array of shape (frame,) or None
        When each comes on, seconds from the first; None where the file does not say.
    length : float
        When the last goes off, seconds; 0 where the file does not say.
    frame : callable
        Reads one frame `(row, column, 3)`, counted from 0; in ascending order it is quickest.
    """

    where: str
    name: str
    count: int
    times: Array | None
    length: float
    frame: Callable[[int], Pixels]

    @property
    def onsets(self) -> Array:
        """When each frame comes on, seconds from the first: (frame,).

        Raises
        ------
        IsomorphError
            When nobody says.
        """
        if self.times is None:
            raise IsomorphError(
                f"{self.where}: its {self.count} frames have no times; give stimuli.rate, the "
                "frames per second at which they were shown"
            )
        return self.times

    def at_rate(self, rate: float) -> Film:
        """Return the film with its frames shown one after another at a steady rate, Hz."""
        return replace(self, times=np.arange(self.count) / rate, length=self.count / rate)


def on_screen(onsets: Array, times: Array) -> Array:
    """Return which frame is on screen at each time; the first before a film begins.

    Parameters
    ----------
    onsets : array of shape (frame,)
        Seconds, ascending.
    times : array of shape (time,)
        Seconds on the same clock.

    Returns
    -------
    array of int of shape (time,)
    """
    return np.maximum(np.searchsorted(onsets, times + SLACK, side="right") - 1, 0)


def clip_frames(onsets: Array, time: float, n: int, spacing: float) -> Array:
    """Return which frames lead up to a time; the last is on screen at it.

    Parameters
    ----------
    onsets : array of shape (frame,)
        Seconds, ascending.
    time : float
        Seconds on the same clock.
    n : int
        How many.
    spacing : float
        Seconds from one to the next.

    Returns
    -------
    array of int of shape (n,)
        Before the film's beginning stands its first frame.
    """
    return on_screen(onsets, time - spacing * np.arange(n)[::-1])


def frames_before(film: Film, time: float, n: int, spacing: float) -> npt.NDArray[np.uint8]:
    """Read the frames of a film that lead up to a time, as models that take time see them.

    Parameters
    ----------
    film : Film
        See `isomorph.stimuli.film.open_film`.
    time : float
        Of the last frame, seconds from the film's start.
    n : int
        How many frames.
    spacing : float
        Seconds from one to the next.

    Returns
    -------
    array of uint8 of shape (n, row, column, 3)
        The frame on screen at `time` last; before the film's beginning stands its first frame.

    Raises
    ------
    IsomorphError
        When the time is not one of the film, or a frame cannot be read.
    """
    if not 0 <= time <= film.length:
        raise IsomorphError(
            f"{film.where}: lasts {film.length:g} s, so that nothing is on screen at {time:g} s"
        )
    wanted = clip_frames(film.onsets, time, n, spacing)
    read = {index: film.frame(index) for index in np.unique(wanted).tolist()}
    return np.stack([read[index] for index in wanted.tolist()])
