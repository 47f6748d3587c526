"""Readers of films, told apart by what a file holds and not by what it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.registry import Registry
from isomorph.stimuli.film.films import Film
from isomorph.stimuli.film.stacks import hdf5_films, npy_films, npz_films, tiff_films
from isomorph.stimuli.film.video import video_films

FIRST = 16
"""Bytes of a file that tell its format."""


@dataclass(frozen=True)
class FilmReader:
    """A format of films.

    Attributes
    ----------
    films : callable
        From a file, the path inside or None, and whether rows and columns are exchanged to its
        films; nothing is decoded.
    begins : tuple of bytes
        How files of the format begin; what begins in no way of its own stands last.
    """

    films: Callable[[Path, str | None, bool], list[Film]]
    begins: tuple[bytes, ...]


READERS: Registry[FilmReader] = Registry(
    "format of films",
    {
        "npy": FilmReader(npy_films, (b"\x93NUMPY",)),
        "npz": FilmReader(npz_films, (b"PK\x03\x04",)),
        "hdf5": FilmReader(hdf5_films, (b"\x89HDF\r\n\x1a\n", b"MATLAB 7.3")),
        "tiff": FilmReader(tiff_films, (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
        "video": FilmReader(video_films, (b"",)),
    },
)
"""Formats by name."""


def films_in(file: Path, variable: str | None = None, transposed: bool = False) -> list[Film]:
    """Return the films in a file, none of whose frames is decoded.

    Parameters
    ----------
    file : Path
        A video, or a stack of frames.
    variable : str, optional
        Path inside, see `isomorph.study.film.FilmStimuli`.
    transposed : bool
        Whether rows and columns are exchanged.

    Raises
    ------
    IsomorphError
        When it is no whole file of such a format, or holds no frames.
    """
    with reading(file, "a film"), open(file, "rb") as stream:
        begins = stream.read(FIRST)
    reader = next(one for one in READERS.values() if begins.startswith(one.begins))
    return reader.films(file, variable, transposed)


def open_film(file: Path | str, variable: str | None = None, rate: float | None = None) -> Film:
    """Open a film: a video, or a stack of frames.

    Parameters
    ----------
    file : Path or str
        MP4, Matroska, AVI or another video (with PyAV installed); `.npy`, `.npz`, HDF5, NWB or a
        TIFF file of several pages with frames (frame, row, column[, channel]).
    variable : str, optional
        Path of the frames inside, where the file holds more than one array.
    rate : float, optional
        Frames per second at which it was shown, where the file does not say.

    Returns
    -------
    Film

    Raises
    ------
    IsomorphError
        When the file is no whole film, holds several, or says no times and no rate is given.
    """
    found = films_in(Path(file), variable)
    if len(found) != 1:
        raise IsomorphError(f"{file}: {variable}: matches {len(found)} films, expected one")
    film = found[0] if rate is None else found[0].at_rate(rate)
    assert len(film.onsets)  # refuses a film without times
    return film
