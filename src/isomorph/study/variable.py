"""Stimuli that are bins of continuous variables, such as a heading or a place."""

from __future__ import annotations

import math
from collections import Counter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from isomorph.study._base import Name, Spec, Unique, checked
from isomorph.study.axes import StimulusAxis

TURN = 2 * math.pi
"""Period of an angle, radians."""

FORMS: dict[str, tuple[str, ...]] = {
    "series": ("component",),
    "table": ("column", "where"),
    "file": ("time", "value"),
    "heading_of": (),
    "speed_of": ("over",),
}
"""Keys one of which says where a variable is found, and the keys that go with each."""

NEEDED = {"table": ("column",), "file": ("time", "value")}
"""Keys that must go with some of them."""

OWN_COLUMNS = frozenset(
    ("stimulus", "file", "sha256", "width", "height", "duplicate_of", "near_duplicate_of", "dwell")
)
"""Columns of the stimulus table that are not those of a variable."""

MOST = 20_000
"""Bins all variables may have together: every pair of them is a distance."""

ENDINGS = ("start", "stop", "period")
"""What follows the name of a variable in the names of its columns, one for its centre aside."""


def _ascends(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] < ends[1]:
        raise ValueError(f"must begin below where it ends, not {list(ends)}")
    return ends


Ends = Annotated[tuple[float, float], AfterValidator(_ascends)]


class _Binned(Spec):
    """Where a continuous variable is found, and how it is cut into bins."""

    series: str | None = None
    """HDF5 path of a series with a value for each time, such as a SpatialSeries:
    `processing/behavior/CompassDirection/heading`. Its `conversion` and `offset` are applied."""
    component: int | None = Field(default=None, ge=0)
    """Which column of a series with several, counted from 0."""
    table: str | None = None
    """Intervals table instead, by name or HDF5 path: the variable has the value of `column` from
    the start of an interval to its end, and none between intervals."""
    column: str | None = None
    """Column of `table` that holds the value."""
    where: dict[str, Unique[str]] = {}
    """Values a column of `table` may have for an interval to count, by column."""
    file: str | None = None
    """CSV or TSV instead, inside the archive, or beside the dataset's file; `{stem}` stands for the
    name of the recording without its ending."""
    time: str | None = None
    """Column of `file` with times, seconds on the clock of the recording."""
    value: str | None = None
    """Column of `file` with values."""
    heading_of: tuple[str, str] | None = None
    """HDF5 paths of two position series instead, such as two tracked lights: the variable is the
    direction from the first to the second, counterclockwise from the first axis, in radians; with
    `period: 360` in degrees."""
    speed_of: str | Unique[str] | None = None
    """HDF5 path of a position series instead, of which the variable is the speed; or the HDF5 paths
    of series that are its coordinates."""
    over: float = Field(default=0.25, gt=0)
    """Seconds over which `speed_of` takes the displacement: the tracking of an animal at rest
    jitters from sample to sample."""
    missing: Unique[float] | None = None
    """Values, after `conversion` and `offset`, that mean the variable is not known, such as -1 of a
    tracker that lost its light; of `heading_of` and `speed_of`, coordinates. Unless given, a value
    that stands apart from all others and comes again and again is refused; an empty list says that
    there is none."""
    bins: int = Field(default=20, ge=2, le=1000)
    """How many equally wide bins there are."""
    period: float | None = Field(default=None, gt=0)
    """After which the variable comes back to where it was: 360 of degrees, 6.283185 of radians, 180
    of orientations in degrees. Values beyond it are wrapped."""
    unwrapped: bool = False
    """With a period, whether values count on through full turns; otherwise values that span more
    than a period are refused, as the period is probably that of another unit."""
    range: Ends | None = None
    """Where the bins begin and end; unless given, at the least and greatest value in any recording.
    What lies outside counts for no bin. With a period, where the bins begin (0 unless given), and a
    period further on."""

    @property
    def begins(self) -> float:
        """Where the period begins that values are wrapped into."""
        return self.range[0] if self.range is not None else 0.0

    def form(self) -> str:
        """Return the key that says where the variable is found."""
        return next(key for key in FORMS if getattr(self, key) is not None)


class Variable(_Binned):
    """A continuous variable: where it is found, and how it is cut into bins."""

    @model_validator(mode="before")
    @classmethod
    def _an_angle_has_a_period(cls, content: Any) -> Any:
        known = isinstance(content, dict) and content.get("heading_of") is not None
        if known and content.get("period") is None:
            return {**content, "period": TURN}
        return content

    @model_validator(mode="after")
    def _is_found_somewhere(self) -> Variable:
        given = [key for key in FORMS if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(FORMS)}, not {' and '.join(given) or 'none'}")
        for form, keys in FORMS.items():
            for key in keys:
                if key in self.model_fields_set and form != given[0]:
                    raise ValueError(f"{key}: goes with {form}, not with {given[0]}")
        for key in NEEDED.get(given[0], ()):
            if getattr(self, key) is None:
                raise ValueError(f"{key}: is required with {given[0]}")
        if given[0] == "speed_of" and self.period is not None:
            raise ValueError("period: a speed has none; leave it out")
        if self.unwrapped and self.period is None:
            raise ValueError("unwrapped: goes with a period")
        if self.period is not None and self.range is not None:
            length = self.range[1] - self.range[0]
            if not math.isclose(length, self.period, rel_tol=1e-4):
                raise ValueError(
                    f"range: {list(self.range)} is {length:g} long and period {self.period:g}; "
                    "with a period, range says where its bins begin and is as long as the period"
                )
        return self


class EpochsOf(Spec):
    """Which parts of a recording count."""

    table: str = "epochs"
    """Intervals table; one that does not stand among the intervals by its HDF5 path,
    `processing/behavior/states`."""
    where: dict[str, Unique[str]] = {}
    """Values a column may have for an interval to count, by column: `{label: [wake]}`."""


class SpeedFilter(Spec):
    """How fast the animal has to move for time to count."""

    of: str | Unique[str] | None = None
    """HDF5 path of a position series, or the names of the variables or HDF5 paths of the series
    that are its coordinates."""
    series: str | None = None
    """HDF5 path of a series that is the speed itself, instead."""
    min: float | None = Field(default=None, ge=0)
    """Least speed, in the unit of the position for each second, or of the series."""
    max: float | None = Field(default=None, gt=0)
    """Greatest speed."""
    over: float = Field(default=0.25, gt=0)
    """Seconds over which the displacement is taken, with `of`."""

    @model_validator(mode="after")
    def _bounds_one_speed(self) -> SpeedFilter:
        if (self.of is None) == (self.series is None):
            raise ValueError("give of, a position, or series, a speed: one of the two")
        if self.min is None and self.max is None:
            raise ValueError("give at least one of min, max")
        if self.min is not None and self.max is not None and not self.min < self.max:
            raise ValueError(f"min: {self.min:g} must be below max, {self.max:g}")
        return self


class VariableStimuli(_Binned):
    """Bins of continuous variables, such as where an animal was or where it was heading.

    A stimulus is a bin of the product of the variables. A single variable may be written without
    `variables`: its `name`, and the keys that say where it is found.
    """

    has_images: ClassVar[bool] = False

    kind: Literal["variable"]
    files: str
    """Glob pattern of the NWB files; `{subject}` stands for each subject. One file, one session."""
    name: Name | None = None
    """What the single variable is called, where `variables` is not given."""
    variables: dict[Name, Variable] = {}
    """The variables by name; the stimuli are the product of their bins."""
    minimum: float = Field(default=0.5, gt=0)
    """Seconds for which a bin must be visited in each repetition of each session; bins visited for
    less are left out and counted."""
    epochs: EpochsOf | None = None
    """Intervals that count; all of the recording unless given."""
    speed: SpeedFilter | None = None
    """Speeds that count; all unless given."""
    gap: float | None = Field(default=None, gt=0)
    """Seconds between two samples above which nothing is known of the time between them; unless
    given, four times the usual interval."""
    block: float = Field(default=10.0, gt=0)
    """Length of the blocks of time that go in turn to the repetitions, seconds. Neighbouring
    samples are alike, so that repetitions made of them would agree whatever they measured."""
    repetitions: int = Field(default=2, ge=1, le=100)
    """How many repetitions the blocks are dealt to."""

    @model_validator(mode="after")
    def _has_variables(self) -> VariableStimuli:
        single = list(self._single())
        if self.variables and (single or self.name is not None):
            key = [*single, "name"][0]
            raise ValueError(f"{key}: goes with a single variable; put it below variables")
        if not self.variables:
            if self.name is None:
                raise ValueError(
                    "name: is required of a single variable" if single else "variables: is required"
                )
            checked(self._single(), Variable)
        if (bins := math.prod(one.bins for one in self.every.values())) > MOST:
            raise ValueError(
                f"variables: their bins make {bins:,} stimuli, expected at most {MOST:,}"
            )
        for column, times in Counter(self.columns).items():
            if times > 1 or column in OWN_COLUMNS:
                raise ValueError(
                    f'variables: "{column}" would be two columns of the stimulus table; rename one'
                )
        return self

    @property
    def every(self) -> dict[str, Variable]:
        """The variables by name, a single one among them."""
        if self.name is None:
            return self.variables
        return {self.name: Variable.model_validate(self._single())}

    def _single(self) -> dict[str, Any]:
        """Return the keys of a single variable that are given."""
        given = self.model_fields_set & set(_Binned.model_fields)
        return {key: getattr(self, key) for key in _Binned.model_fields if key in given}

    @property
    def columns(self) -> tuple[str, ...]:
        """What the stimulus table says of the bins, by variable."""
        return tuple(
            column
            for name in self.every
            for column in (name, *(f"{name}_{ending}" for ending in ENDINGS))
        )

    @property
    def axes(self) -> tuple[StimulusAxis, ...]:
        """The axes that the stimuli are bins of, one for each variable."""
        return tuple(StimulusAxis(name, one.period) for name, one in self.every.items())
