"""Ready betas: one response map per stimulus or trial, estimated by the authors."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from isomorph.study._base import Name, Naming, Spec, Unique
from isomorph.study.stored import REPETITION, TIME, StoredArrays


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
    the same grayordinates as the betas, a volume (NIfTI) on the same grid, or a file of arrays with
    a value, or a name, per unit."""
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
    values: Unique[float | str] = ()
    """A unit is marked where the map is one of these instead: numbers, or names of labels."""
    variable: str | None = None
    """Path of the array in a file of arrays, as of the betas."""
    axes: Unique[Name] = ()
    """Axes of that array, such as `x`, `y`, `z`; those of the betas that are of units unless
    given."""
    counted_from: Literal[0, 1] | None = None
    """Whether the array lists the units of the region instead, by their places counted from 0 or
    from 1."""
    fastest: Literal["first", "last"] | None = None
    """Along which axis units follow each other in those places, where they stand along several:
    `first` as MATLAB's `find` counts, `last` as NumPy does."""

    @model_validator(mode="after")
    def _bounds_need_a_name(self) -> BetaRegion:
        if self.fastest is not None and self.counted_from is None:
            raise ValueError("fastest: goes with counted_from")
        bounded = self.min is not None or self.max is not None
        chosen = {"values": self.values, "counted_from": self.counted_from is not None}
        for key, given in {"min or max": bounded, **chosen}.items():
            if self.name is None and given:
                raise ValueError(f"name: is required with {key}")
        if bool(bounded) + sum(map(bool, chosen.values())) > 1:
            raise ValueError("give min and max, or values, or counted_from: one of the three")
        return self


class BetaResponses(StoredArrays):
    """Ready betas, a map per stimulus or trial, in CIFTI, NIfTI or files of arrays.

    Maps of CIFTI and NIfTI files, one for each run, and stimuli are matched by name, never by
    position in a list of events. The name of a map comes from `labels` where given, else from the
    map itself. Files of arrays (HDF5, MATLAB, netCDF, NumPy), one for each session or run, say by
    `order` what was shown; or they hold an array for each trial, whose name says it
    (`variable: betas/*`). All files of a subject make one session, for its units are the same
    throughout. A unit in two regions counts in both.
    """

    kind: Literal["betas"]
    files: str
    """Glob pattern inside the archive; `{subject}` stands for the subject."""
    labels: str | None = None
    """Glob pattern of text files with the name of each map on a line of its own, in the order of
    the maps. The file with the session, task and run of the betas counts. Volumes need it."""
    fields_from: str | None = None
    """Regular expression that finds in a map's name the group `stimulus`, and optionally `run` and
    `session`: `(?P<session>ses-[0-9]+)_(?P<stimulus>.+)`."""
    grayordinates: str | None = None
    """Glob pattern of a CIFTI file over the same grayordinates, in their order, as the units of
    arrays; `{subject}` stands for the subject. With it label files over any part of the same
    surfaces fit."""
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
    sessions: Literal["none", "centre", "z_score"] = "none"
    """The same within a session. Sessions differ in the amplitude of their betas for reasons that
    are not the images'."""

    @model_validator(mode="after")
    def _names_once(self) -> BetaResponses:
        if self.order is not None:
            for key in ("labels", "fields_from", "events"):
                if getattr(self, key) is not None:
                    raise ValueError(f"{key}: names of maps are of no use beside order; give one")
        if REPETITION in self.axes:
            raise ValueError(
                "axes: betas are of single trials; responses of kind arrays may repeat"
            )
        if TIME in self.axes:
            raise ValueError("axes: betas have no axis of time; responses of kind arrays may")
        if self.within_run != "none" and self.sessions != "none":
            raise ValueError("sessions: leaves nothing to do within_run has not done; give one")
        if self.fields_from is not None:
            groups = groups_of(self.fields_from)
            if "stimulus" not in groups or not groups <= {"stimulus", "run", "session"}:
                raise ValueError(
                    "fields_from: needs the group (?P<stimulus>…), and may have run and session"
                )
        return self


def groups_of(pattern: str) -> set[str]:
    """Return the names of the groups of a regular expression.

    Raises
    ------
    ValueError
        When it is none.
    """
    try:
        return set(re.compile(pattern).groupindex)
    except re.error as error:
        raise ValueError(f"fields_from: is not a regular expression, {error}") from None
