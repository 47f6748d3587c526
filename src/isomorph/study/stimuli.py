"""What was shown, one spec per way a dataset says so."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isomorph.study._base import Name, Spec, Unique


class FolderStimuli(Spec):
    """Image files in a folder; the stimulus id is the file's stem, the order is by name."""

    kind: Literal["folder"]
    files: str
    """Glob pattern inside the archive."""
    table: str | None = None
    """CSV inside the archive with a `stimulus` column and any descriptive columns."""


class MatlabStimuli(Spec):
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

    kind: Literal["conditions"]
    files: str
    """Glob pattern of the NWB files."""
    table: str = "trials"
    column: str
    """Column of the intervals table that names the condition."""
    fields: Unique[str] = ()
    """Further columns, constant within a condition, kept in the stimulus table."""


class NamedBy(Spec):
    """Names of frames in an intervals table, matched by time and never by position."""

    table: str = "trials"
    onset: str
    """Column of onsets, seconds."""
    column: str
    """Column of names."""
    tolerance: float = Field(default=0.05, gt=0)
    """How far a frame's time and an onset may lie apart, seconds."""
    fields: Unique[str] = ()
    """Further columns, constant for a name, kept in the stimulus table."""


class NwbStimuli(Spec):
    """Images inside the recordings.

    Two files may use one name for different pixels, so stimuli are told apart by their pixels and
    named afterwards.
    """

    kind: Literal["nwb"]
    files: str
    """Glob pattern of the NWB files; `{subject}` stands for each subject."""
    images: Unique[str] = Field(min_length=1)
    """HDF5 paths of what holds the images: a container of named images, or a series of frames."""
    channels: Literal["rgb", "bgr"] = "rgb"
    """Order of the colour channels in the file."""
    transposed: bool = False
    """Whether rows and columns are exchanged in the file."""
    named_by: NamedBy | None = None
    """Where a series of frames gets its names; a container names its images itself."""
    table: str | None = None
    """CSV inside the archive, or beside the dataset's file, with a `stimulus` column and any
    descriptive columns."""


class SharedStimuli(Spec):
    """The stimuli of another dataset of the study."""

    kind: Literal["like"]
    dataset: Name


StimuliSpec = Annotated[
    FolderStimuli | MatlabStimuli | NwbStimuli | ConditionStimuli | SharedStimuli,
    Field(discriminator="kind"),
]
