"""What was recorded, one spec per form it comes in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from isomorph.study._base import Name, Spec, Unique


class Presentations(Spec):
    """Where a recording says what was shown when."""

    table: str | None = None
    """Intervals table of the NWB file; `trials` unless a series is named."""
    series: str | None = None
    """HDF5 path of an IndexSeries instead: its timestamps are the onsets, its data the values."""
    onset: str = "start_time"
    """Column of stimulus onsets."""
    stimulus: str | None = None
    """Column whose values name the stimulus; of an IndexSeries its data unless given."""
    name: str = "{}"
    """How a value becomes the stimulus' name: `image_{}`, `NaturalScene{}`. With `{stem}` in place
    of `{}` the value is a path, of which the last part without its ending counts."""
    offset: int = 0
    """Added to a value that is a number before it becomes a name."""
    blank: Unique[str] = ()
    """Values that are no stimulus: `-1`, `omitted`."""
    where: dict[str, Unique[str]] = {}
    """Values a column may have for the presentation to count, by column: catch trials out."""
    clock: float = Field(default=1.0, gt=0)
    """Units of the onset column in a second: 1 for seconds, 1000 for samples at 1 kHz."""
    suspect: str | None = None
    """A value that blanks may have been folded into: left out when it is shown about twice as
    often as the others, and said so."""

    @model_validator(mode="after")
    def _one_place(self) -> Presentations:
        if self.table is not None and self.series is not None:
            raise ValueError("give table or series, not both")
        if self.series is None and self.stimulus is None:
            raise ValueError("stimulus: is required with a table")
        return self


class Criterion(Spec):
    """What a unit's column must satisfy; NaN never satisfies a bound."""

    min: float | None = None
    max: float | None = None
    allowed: Unique[str] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Criterion:
        if self.min is None and self.max is None and self.allowed is None:
            raise ValueError("give at least one of min, max, allowed")
        return self


class NwbResponses(Spec):
    """Spike counts from NWB recordings."""

    kind: Literal["nwb"]
    files: str
    """Glob pattern inside the archive; `{subject}` stands for the subject. One file, one
    session."""
    presentations: Presentations
    window: tuple[float, float]
    """Response window after onset, seconds, half-open `[start, stop)`."""
    region: str = "location"
    """Column of the units table, or else of its electrodes, that names the region."""
    quality: dict[str, Criterion] = {}
    """Criteria by units column; the number of units each removes is reported."""

    @field_validator("window")
    @classmethod
    def _ordered(cls, window: tuple[float, float]) -> tuple[float, float]:
        if not window[0] < window[1]:
            raise ValueError(f"must start before it stops, not {list(window)}")
        return window


class ArrayResponses(Spec):
    """Ready responses: an array `(presentation, unit)` beside two tables."""

    kind: Literal["arrays"]
    responses: str
    """`.npy` file inside the archive; `{subject}` stands for the subject."""
    presentations: str
    """CSV with a `stimulus` column and optionally `session` and `run`, a row per presentation."""
    units: str
    """CSV with a `region` column and optionally `unit`, a row per unit."""


class RdmSource(Spec):
    """Ready RDMs of one region in one file."""

    region: str
    file: str
    """`.mat`, `.npy` or `.npz` file inside the archive."""
    variable: str | None = None
    """Variable in the file; not needed for `.npy`."""
    index: tuple[int, ...] = ()
    """Leading index into the variable, for struct arrays and stacks."""
    field: str | None = None
    """Field that holds the RDM when the variable is a struct array."""
    subjects: Unique[Name] = Field(min_length=1)
    """Subjects along the first remaining axis, or the one subject when there is none."""
    sessions: Unique[Name] = ("1",)
    """Sessions along the next axis; with one session there is no such axis."""
    distance: Literal["correlation", "euclidean", "squared_euclidean"]
    """The distance the authors used."""
    description: str = ""


class RdmResponses(Spec):
    """Ready RDMs; the data behind them are not published."""

    kind: Literal["rdms"]
    sources: tuple[RdmSource, ...] = Field(min_length=1)


ResponsesSpec = Annotated[NwbResponses | ArrayResponses | RdmResponses, Field(discriminator="kind")]
