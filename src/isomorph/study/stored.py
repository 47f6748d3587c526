"""Arrays in files of others: which array, what its axes are, and what was shown in its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from isomorph.study._base import Name, Naming, Spec, Unique

PRESENTATION, TIME, UNIT = "presentation", "time", "unit"
STIMULUS, REPETITION = "stimulus", "repetition"
OF_ROWS = (PRESENTATION, STIMULUS, REPETITION)
"""Names of axes that are of presentations. Any other but that of time is of places, and of units.
"""


class Divided(Spec):
    """A scale by what values are divided by."""

    divide: float = Field(gt=0)
    """What they are divided by, such as 300 where whole numbers stand for 300 times the value."""


def _written_as(given: object) -> str:
    return "mapping" if isinstance(given, Mapping | Divided) else "number"


Scale = Annotated[
    Annotated[float, Field(gt=0), Tag("number")] | Annotated[Divided, Tag("mapping")],
    Discriminator(_written_as),
]


class StimulusOrder(Spec):
    """What was shown in each presentation, in their order: a column of a table, or an array."""

    file: str | None = None
    """CSV or TSV table, or a file of arrays, in which the stimuli stand; `{subject}` stands for the
    subject. The files of the responses themselves unless given. Of several that match, one follows
    the other."""
    column: str | None = None
    """Column of the table."""
    variable: str | None = None
    """Path of the array in the file: a variable, a data set (`design/order`) or a field of a struct
    (`design.order`)."""
    at: int | dict[str, int] | None = None
    """Index along the array's first axis, counted from 0, where it has a row for each subject; or
    one for each subject by name."""
    counted_from: Literal[0, 1] | None = None
    """Whether the values are places, counted from 0 or from 1, in the stimulus table, or in what
    `into` lists. Without it they are names."""
    others: Literal["refuse", "drop"] = "refuse"
    """What becomes of places beyond the end of the list: they are refused, or left out and counted,
    where it holds the first stimuli alone of all that were shown."""
    name: Naming = "{}"
    """How a value that is a name becomes the stimulus' name. With `{stem}` in place of `{}` it is a
    path, of which the last part without its ending counts."""
    blank: Unique[str] = ()
    """Values that are not stimuli: `0`, `-1`, `blank`. A place that is one points nowhere."""
    into: StimulusOrder | None = None
    """What the places are places in: another list, of names, or of places in a third."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.into is not None and self.counted_from is None:
            raise ValueError("into: takes places; say counted_from, 0 or 1")
        if self.into is not None and self.into.file is None:
            raise ValueError("into.file: is required")
        if self.into is not None and self.into.into is not None and self.into.into.into is not None:
            raise ValueError("into.into.into: is one list too many, two deep at most")
        if self.column is not None and self.variable is not None:
            raise ValueError("give column, of a table, or variable, of a file of arrays")
        return self


class RunOrder(Spec):
    """The run of each presentation, in their order."""

    file: str | None = None
    """CSV or TSV table, or a file of arrays; `{subject}` stands for the subject. The files of the
    responses themselves unless given."""
    column: str | None = None
    """Column of the table."""
    variable: str | None = None
    """Path of the array in the file, see `order`."""
    holds: Literal["labels", "lengths", "pattern"] = "labels"
    """What stands there: the run of every presentation; the number of presentations of every run;
    or, run by run along the last axis, what is not 0 where a stimulus was shown."""
    each: int | None = Field(default=None, ge=1)
    """Presentations of every run instead, where all have as many."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        said = self.column is not None or self.variable is not None
        if said == (self.each is not None):
            raise ValueError("give each, or else a column or variable")
        return self


class OrderTable(Spec):
    """A table that names stimuli in the order of the rows of a file."""

    file: str
    """CSV or TSV with a row per stimulus, inside the archive or beside the file that names it."""
    column: str = "stimulus"


class InOrder(Spec):
    """How the rows of a file belong to stimuli: by the names in it, or in a stated order."""

    names: str | None = None
    """Variable of the file, or column of the table, that names the stimulus of each row. Unless
    given, `stimulus`, `stimuli` and `stimulus_names` are found, and any that holds the ids of all
    stimuli."""
    order: Literal["table", "numbers"] | Unique[str] | OrderTable | None = None
    """The order of the stimuli in a file that names none: `table`, that of the stimulus table;
    `numbers`, by the numbers in the ids, 2 before 10; a list of the ids; or a table of them."""


RdmDistance = Literal["correlation", "euclidean", "euclidean_norm", "squared_euclidean"]
"""Distances that ready RDMs can be of."""


class StoredRdms(InOrder):
    """Ready RDMs in a file.

    Where the file names its stimuli, the RDMs are put in the order of the stimulus table by name.
    Where it names none, `order` must say it, unless the ids themselves are numbered through.
    """

    variable: str | None = None
    """Variable in the file; not needed where there is one, nor for files of rsatoolbox."""
    index: tuple[int, ...] = ()
    """Leading index into the variable, for struct arrays and stacks."""
    field: str | None = None
    """Field that holds the RDM when the variable is a struct array."""
    distance: RdmDistance | None = None
    """The distance the RDMs are of."""


class StoredArrays(Spec):
    """What any reader of arrays must be told."""

    variable: str | None = None
    """Path of the array in the file: a variable, or a data set of an HDF5 file (`betas`,
    `results/betas`); not needed where there is one."""
    axes: Unique[Name] = ()
    """The axes of the array in its order, as numpy counts them, and for MATLAB files as MATLAB
    does: `presentation`, `time` and `unit`. In place of `unit` there may be any number of axes of
    places such as `z`, `y`, `x`, of which every cell is a unit; in place of `presentation`,
    `stimulus` and `repetition`, of which every cell is a presentation, one that was not shown where
    all its values are NaN. `[presentation, unit]` unless given."""
    scale: Scale = 1.0
    """What the values are multiplied by; or `{divide: 300}`, what they are divided by."""
    order: StimulusOrder | None = None
    """Where it stands what each presentation showed."""
    runs: RunOrder | None = None
    """Where it stands of which run each presentation is."""
    unfinished: bool = False
    """Whether a recording may have ended before the last presentation that `order` lists: what
    there is are then the first ones."""

    @model_validator(mode="after")
    def _axes_fit(self) -> Self:
        if self.axes:
            if {PRESENTATION, STIMULUS} <= set(self.axes):
                raise ValueError("axes: give presentation, or stimulus and repetition")
            if not {PRESENTATION, STIMULUS} & set(self.axes) and "*" not in (self.variable or ""):
                raise ValueError('axes: one must be "presentation"')
            if not set(self.axes) - {*OF_ROWS, TIME}:
                raise ValueError('axes: none is of units; name it "unit", or z, y, x of voxels')
        if self.runs is not None and self.order is None:
            raise ValueError("runs: goes with order, the presentations of which it divides")
        if self.unfinished and self.order is None:
            raise ValueError("unfinished: goes with order, which lists the presentations")
        return self
