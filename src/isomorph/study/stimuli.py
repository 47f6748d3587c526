"""What was shown, one spec per way a dataset says so."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from isomorph.study._base import Name, Spec, Unique
from isomorph.study._images import ImageStimuli
from isomorph.study.columns import Columns, NamingOfColumns, refuse_empty, refuse_uneven
from isomorph.study.film import FilmStimuli
from isomorph.study.variable import VariableStimuli


def _has_named_groups(pattern: str) -> str:
    try:
        named = re.compile(pattern).groupindex
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error})") from None
    if not named:
        raise ValueError("names no field; write each as (?P<category>...)")
    return pattern


class FolderStimuli(ImageStimuli):
    """Image files in a folder, in the order of their ids."""

    kind: Literal["folder"]
    files: str
    """Glob pattern inside the archive."""
    ids: Literal["name", "path"] = "name"
    """What a stimulus is called: its file's name without the ending, or, where two folders hold
    files of one name, its path below the folders that `files` spells out, slashes as dashes."""
    fields_from: Annotated[str, AfterValidator(_has_named_groups)] | None = None
    """Regular expression, found in each path inside the archive, whose named groups become columns
    of the stimulus table: `(?P<category>[a-z]+)/[^/]+$`."""
    table: str | None = None
    """CSV or TSV inside the archive, or beside the dataset's file, with a row per stimulus and any
    descriptive columns."""
    id: str = "stimulus"
    """Column of that table that names the stimuli, by their ids or by the paths of their images."""


class MatlabStimuli(ImageStimuli):
    """A MATLAB struct array with one image and some fields per stimulus, in stimulus order."""

    kind: Literal["matlab"]
    file: str
    variable: str
    image: str
    """Field that holds the pixels `(height, width, 3)` uint8."""
    fields: Unique[str] = ()
    """Fields kept as columns of the stimulus table."""
    prefix: str = "stimulus"
    """Ids are `<prefix>_01`, `<prefix>_02`, …"""


class ConditionStimuli(Spec):
    """Conditions named in the recordings themselves; there are no images."""

    has_images: ClassVar[bool] = False

    kind: Literal["conditions"]
    files: str
    """Glob pattern of the NWB files, or of the BIDS tables of events (`*_events.tsv`);
    `{subject}` stands for each subject."""
    table: str = "trials"
    """Intervals table of NWB files; a table of events is one itself."""
    column: str | Columns
    """Column that names the condition, or a list of columns whose values make it together:
    `[contrast, side]`. Each of a list is kept in the stimulus table too, and its numbers are taken
    by their value. `{column: rt, edges: [0, 0.3, 0.6]}` in the list cuts a column into bins."""
    name: NamingOfColumns = "{}"
    """How a value becomes the condition's name: `image_{}`; of several columns `{}_{}`. With
    `{stem}` in place of `{}` the value is a path, of which the last part without its ending counts.
    The responses have a `name` of their own, which must lead to the same."""
    empty: str | None = None
    """What stands in the name for a missing value where another column of the list has one, as in
    `contrastLeft` and `contrastRight`. A row in which one is missing names no condition otherwise.
    The responses have an `empty` of their own."""
    where: dict[str, Unique[str]] = {}
    """Values a column may have for a row to count, by column. Numbers compare as numbers, truth
    values as `True` and `False`."""
    without: Unique[str] = ()
    """Values that are not conditions: `rest`. With a list of columns, names of conditions."""
    fields: Unique[str] = ()
    """Further columns, constant within a condition, kept in the stimulus table."""
    descriptions: str | None = None
    """CSV or TSV inside the archive, or beside the dataset's file, with a row per stimulus and any
    descriptive columns."""
    id: str = "stimulus"
    """Column of that table that names the stimuli, by their ids."""

    @model_validator(mode="after")
    def _a_place_for_each_value(self) -> ConditionStimuli:
        refuse_uneven(self.name, self.column, "column")
        refuse_empty(self.empty, self.column)
        return self


class NamedBy(Spec):
    """Names of frames in an intervals table, matched by time and never by position."""

    table: str = "trials"
    onset: str
    """Column of onsets, seconds."""
    column: str
    """Column of names."""
    where: dict[str, Unique[str]] = {}
    """Values a column may have for a row to count, by column, as in the responses."""
    tolerance: float = Field(default=0.05, gt=0)
    """How far a frame's time and an onset may lie apart, seconds."""
    fields: Unique[str] = ()
    """Further columns, constant for a name, kept in the stimulus table."""


class NwbStimuli(ImageStimuli):
    """Images inside the recordings.

    Two files may use one name for different pixels, so stimuli are told apart by their pixels and
    named afterwards: the commonest use of a name keeps it, others are `<name>-<start of the
    hash>`. What each file means by its names stands in `names.csv` beside the stimulus table.
    """

    kind: Literal["nwb"]
    files: str
    """Glob pattern of the NWB files; `{subject}` stands for each subject."""
    images: Unique[str] = Field(min_length=1)
    """HDF5 paths of what holds the images: a container of named images, a series of frames, or a
    dataset of frames inside a series, such as `stimulus/templates/faces/unwarped`. A `*` stands
    for anything but a slash; a file need not hold every path, but one of them."""
    channels: Literal["rgb", "bgr"] = "rgb"
    """Order of the colour channels in the file."""
    transposed: bool = False
    """Whether rows and columns are exchanged in the file."""
    named_by: NamedBy | None = None
    """Where a series of frames gets its names. A container names its images itself, and a series
    may name its frames in `control_description`."""
    without: Unique[str] = ()
    """Stimuli to leave out, by id: one whose presentations cannot be distinguished from blanks."""
    shared: float | None = Field(default=None, gt=0, le=1)
    """Least share of the files that must hold an image for it to be a stimulus; every image is one
    unless given. A population pooled over recordings is compared on what all of them showed, so
    that it needs 1."""
    table: str | None = None
    """CSV or TSV inside the archive, or beside the dataset's file, with a row per stimulus and any
    descriptive columns."""
    id: str = "stimulus"
    """Column of that table that names the stimuli, by their ids or by the paths of their images."""


class SharedStimuli(Spec):
    """The stimuli of another dataset of the study."""

    kind: Literal["like"]
    dataset: Name


StimuliSpec = Annotated[
    FolderStimuli
    | MatlabStimuli
    | NwbStimuli
    | FilmStimuli
    | ConditionStimuli
    | VariableStimuli
    | SharedStimuli,
    Field(discriminator="kind"),
]
