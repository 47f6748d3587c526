"""Films as stimuli, and what a recording says of when they were played."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from isomorph.study._base import Spec
from isomorph.study._images import ImageStimuli
from isomorph.study.axes import StimulusAxis


class Clips(Spec):
    """The frames that lead up to each stimulus, kept for models that take time."""

    frames: int = Field(ge=2, le=512)
    """How many, the stimulus itself, which is the last, among them."""
    spacing: float = Field(gt=0)
    """Seconds from one to the next."""


class FilmStimuli(ImageStimuli):
    """Frames of films, one at every so many seconds.

    A stimulus is the frame on screen at 0, `every`, 2 × `every`, … seconds of a film, and stands
    for the film from its own onset until `every` seconds later; what is left at the end of the film
    and too short for another is no stimulus. It is called `<film>_<frame>`, frames counted from 0:
    `city_000015`.

    A film is a video, or a stack of frames (frame, row, column) or (frame, row, column, channel):
    `.npy`, `.npz`, HDF5, a TIFF of several pages, an image series or template in an NWB file.
    """

    axes: ClassVar[tuple[StimulusAxis, ...]] = (StimulusAxis("time", None, "film"),)

    kind: Literal["film"]
    file: str
    """Glob pattern of the films. Each is called as its file is without the ending, or, where
    `variable` is given, as the array is inside. One of several names that are the same is refused
    unless what they hold is the same."""
    variable: str | None = None
    """Path of the frames inside an HDF5, NWB or `.npz` file that holds more than one array:
    `stimulus/templates/natural_movie_*`. A `*` stands for anything but a slash; a file need not
    hold them all, but one."""
    transposed: bool = False
    """Whether rows and columns of an array are exchanged, as MATLAB's are in HDF5."""
    every: float = Field(default=0.5, gt=0)
    """Seconds from one stimulus to the next; no less than a frame of the film lasts."""
    rate: float | None = Field(default=None, gt=0)
    """Frames per second at which the films were shown: where the file does not say, as arrays do
    not, or where they were not shown at the times it says."""
    start: float = Field(default=0.0, ge=0)
    """Where in the films the first stimulus stands, seconds: after titles."""
    stop: float | None = Field(default=None, gt=0)
    """Where the last one ends at the latest, seconds; the end of the film unless given."""
    clips: Clips | None = None
    """Frames before each stimulus, kept beside the images for models that take time, whose
    `preprocessing` has `clip`; none unless given. Before a film's beginning stands its first
    frame."""
    table: str | None = None
    """CSV or TSV inside the archive, or beside the dataset's file, with a row per stimulus and any
    descriptive columns."""
    id: str = "stimulus"
    """Column of that table that names the stimuli, by their ids."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.stop is not None and self.stop < self.start + self.every:
            raise ValueError(
                f"stop: is {self.stop:g} s, expected start + every, {self.start + self.every:g} s, "
                "or later"
            )
        return self


class FilmRows(Spec):
    """How the rows of a recording show films.

    Each row becomes presentations of the frames that are stimuli. Frames between two of them belong
    to the first of the two, so that a window from a lag to the lag and `every` seconds more, such
    as `[0.05, 0.55]`, holds all that was shown from one to the next.
    """

    rows: Literal["plays", "frames"] = "plays"
    """`plays`: a row is a film that was played, named by its value; its frames follow by their
    times in the film. `frames`: a row is one frame, whose number is its value."""
    of: str | None = None
    """The film, where rows do not name it, as frames never do."""
    first: int = 0
    """Number that the rows give the first frame of a film."""

    @property
    def named(self) -> bool:
        """Whether settings name the film, and not the rows."""
        return self.of is not None

    @model_validator(mode="after")
    def _known_film(self) -> Self:
        if self.rows == "frames" and not self.named:
            raise ValueError("of: is required with rows: frames; name their film")
        if self.rows == "plays" and self.first:
            raise ValueError("first: goes with rows: frames")
        return self


class NwbFilmRows(FilmRows):
    """How the tables or series of NWB recordings show films."""

    tables: dict[str, str] = {}
    """Tables or series each of one film, and the film: `{natural_movie_one_presentations:
    natural_movie_1}`. Those count that a recording has. A name with a slash is the HDF5 path of a
    series."""

    @property
    def named(self) -> bool:
        """Whether settings name the film, and not the rows."""
        return self.of is not None or bool(self.tables)

    @model_validator(mode="after")
    def _told_once(self) -> Self:
        if self.tables and self.of is not None:
            raise ValueError("of: names one film, tables one each; give one of the two")
        return self
