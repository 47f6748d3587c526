"""One stimulus: its name, how to get its pixels, and what describes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError

Pixels = npt.NDArray[np.uint8]
"""An image, (row, column, channel) of uint8, the channels red, green and blue."""

COLUMNS = (*("stimulus", "file", "sha256", "width", "height", "duplicate_of", "near_duplicate_of"),)
"""Columns every stimulus table has; descriptive columns of these names get others."""


@dataclass(frozen=True)
class Shot:
    """A frame of a film that is kept for the clips it is part of.

    Attributes
    ----------
    film : str
        The film.
    frame : int
        Which of its frames, counted from 0.
    pixels : callable
        Reads it.
    """

    film: str
    frame: int
    pixels: Callable[[], Pixels] = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """What the frame is called, as a stimulus and as a file."""
        return shot_name(self.film, self.frame)


def shot_name(film: str, frame: int) -> str:
    """Return what a frame of a film is called: `city_000015`."""
    return f"{film}_{frame:06d}"


@dataclass(frozen=True)
class Stimulus:
    """One stimulus before it is written.

    Attributes
    ----------
    name : str
        Its id.
    pixels : callable or None
        Reads the image; None where there is none.
    original : Path or None
        The image's file, where it has one that may be copied as it is.
    described : mapping
        Descriptive columns.
    names : tuple of (str, str)
        Files, relative to the root of the archive's, and what each calls it; empty where its name
        is its id.
    clip : tuple of Shot
        Frames of a film that lead up to the stimulus, which is the last of them.
    """

    name: str
    pixels: Callable[[], Pixels] | None = None
    original: Path | None = None
    described: dict[str, object] = field(default_factory=dict)
    names: tuple[tuple[str, str], ...] = ()
    clip: tuple[Shot, ...] = ()


def renamed(columns: Iterable[str], where: str) -> dict[str, str]:
    """Return under which names descriptive columns are kept that have those of the table's own.

    Parameters
    ----------
    columns : iterable of str
        The descriptive columns.
    where : str
        The dataset, for messages.

    Returns
    -------
    dict of str to str
        `file_given` for `file`, and so on; columns that keep their names are not in it.

    Raises
    ------
    IsomorphError
        When there is a column of that other name too.
    """
    columns = list(columns)
    others = {name: f"{name}_given" for name in columns if name in COLUMNS}
    for name, other in others.items():
        if other in columns:
            raise IsomorphError(
                f'{where}: "{name}" is a column isomorph writes itself, and "{other}", under which '
                "it would keep yours, is there too; rename one"
            )
    return others
