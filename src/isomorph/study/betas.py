"""Ready betas: one response map per stimulus or trial, estimated by the authors."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from isomorph.study._base import Naming, Spec, Unique


class BetaEvents(Spec):
    """Events a run's betas are checked against: both must name the same stimuli."""

    files: str
    """Glob pattern of BIDS events tables; `{subject}` stands for the subject. The one with the
    session, task and run of the betas counts; `run-01` is run 1."""
    column: str
    """Column that names the stimulus."""


class BetaRegion(Spec):
    """Where a region, or several, stand among the units of the betas."""

    file: str
    """Glob pattern; `{subject}` stands for the subject. A label file or scalar file (CIFTI) over
    the same grayordinates as the betas, or a volume (NIfTI) on the same grid."""
    name: str | None = None
    """Name of the region of every unit the file marks, whichever label it has. Without it each
    label other than the background's is a region of its own; that takes a CIFTI label file."""
    map: int | str = 0
    """Which map of the file: its name, or its place counted from 0."""
    min: float | None = None
    """A unit is marked where the map is at least this."""
    max: float | None = None
    """A unit is marked where the map is at most this. With neither, it is where the map is not
    0."""

    @model_validator(mode="after")
    def _bounds_need_a_name(self) -> BetaRegion:
        if self.name is None and (self.min is not None or self.max is not None):
            raise ValueError("name: is required with min or max")
        return self


class BetaResponses(Spec):
    """Ready betas, in CIFTI scalar files or NIfTI volumes: a file per run, a map per stimulus.

    Maps and stimuli are matched by name, never by position in a list of events. The name of a map
    comes from `labels` where given, else from the map itself. All files of a subject make one
    session, for its units are the same throughout. A unit in two regions counts in both.
    """

    kind: Literal["betas"]
    files: str
    """Glob pattern inside the archive; `{subject}` stands for the subject."""
    labels: str | None = None
    """Glob pattern of text files with the name of each map on a line of its own, in the order of
    the maps. The file with the session, task and run of the betas counts. Volumes need it."""
    name: Naming = "{}"
    """How a map's name becomes the stimulus' name. With `{stem}` in place of `{}` it is a path, of
    which the last part without its ending counts."""
    blank: Unique[str] = ()
    """Names of maps that are not stimuli."""
    events: BetaEvents | None = None
    """Events the names are checked against."""
    regions: tuple[BetaRegion, ...] = Field(min_length=1)
    within_run: Literal["none", "centre", "z_score"] = "none"
    """What is done to every unit's betas within a run: nothing, their mean over the run's maps
    taken off, or that and their standard deviation made 1. Runs that show different images differ
    in their means for reasons that are not the images'."""
