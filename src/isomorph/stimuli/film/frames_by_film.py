"""The frames of each film that are stimuli, as their table lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray

FILM_COLUMNS = frozenset({"stimulus", "film", "frame", "time", "film_frames", "film_length"})
"""Columns of the stimulus table that say of which film a stimulus is a frame."""


@dataclass(frozen=True)
class FilmFrames:
    """The stimuli of one film.

    Attributes
    ----------
    stimulus : array of str of shape (stimulus,)
        Their ids, in the order of time.
    frame : array of int of shape (stimulus,)
        Which frames of the film they are, counted from 0.
    time : array of shape (stimulus,)
        When they come on, seconds from the film's beginning.
    count : int
        How many frames the film has.
    length : float
        How long it lasts, seconds.
    """

    stimulus: Array
    frame: Array
    time: Array
    count: int
    length: float

    @property
    def every(self) -> float:
        """Seconds from one stimulus to the next."""
        return float(np.median(np.diff(self.time))) if len(self.time) > 1 else self.length


def frames_by_film(rows: Iterable[Mapping[Any, Any]]) -> dict[str, FilmFrames]:
    """Return the stimuli of each film.

    Parameters
    ----------
    rows : iterable of mapping
        Of each stimulus its id as `stimulus`, `film`, `frame`, `time`, `film_frames` and
        `film_length`.
    """
    found: dict[str, list[Mapping[Any, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["film"]), []).append(row)
    return {
        film: FilmFrames(
            np.array([str(row["stimulus"]) for row in own]),
            np.array([int(row["frame"]) for row in own]),
            np.array([float(row["time"]) for row in own]),
            int(own[0]["film_frames"]),
            float(own[0]["film_length"]),
        )
        for film, own in found.items()
    }
