"""What was recorded, one spec per form it comes in."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from isomorph.study._base import Name, Spec, Unique
from isomorph.study.betas import BetaRegion, BetaResponses
from isomorph.study.bids import BidsResponses, names_a_region
from isomorph.study.columns import Columns, NamingOfColumns, refuse_empty, refuse_uneven
from isomorph.study.epochs import EpochResponses
from isomorph.study.film import NwbFilmRows
from isomorph.study.rates import RateResponses
from isomorph.study.recorded import (
    Criterion,
    Recorded,
    RegionName,
    RegionTable,
    SortedUnits,
)
from isomorph.study.stored import REPETITION, TIME, RdmDistance, StoredArrays, StoredRdms
from isomorph.study.windows import Window, refuse_same


class Presentations(Spec):
    """Where a recording says what was shown when.

    A value of the recording becomes a stimulus in this order: blanks are set aside, `names` looks
    it up, `offset` is added, `name` is filled in, and the stimulus of that name is found.
    """

    table: str | None = None
    """Intervals table of the NWB file; `trials` unless a series is named. A glob pattern stands for
    the one table it matches in a recording, where sessions name theirs after what they show."""
    series: str | None = None
    """HDF5 path of an IndexSeries instead: its timestamps are the onsets, its data the values. With
    a table too, onsets and `where` are the table's, row by row."""
    onset: str = "start_time"
    """Column of stimulus onsets."""
    events: str | None = None
    """HDF5 path of a series of events whose codes mark the onsets, such as TTL pulses:
    `acquisition/events`. The values are then those of the table's column or the series, one for
    each onset in the order of their times; where their numbers differ they are refused."""
    codes: dict[str, Literal["onset", "offset"]] = {}
    """What the codes of events mean, others being about something else: `{"1": onset,
    "2": offset}`. With offsets, each onset must be followed by one."""
    stimulus: str | Columns | None = None
    """Column whose values name the stimulus, or a list of columns that make it together, as in
    `stimuli` of kind `conditions`. With a series, a dataset inside it; `data` unless given."""
    names: str | None = None
    """HDF5 path of a list of names in which the values are places counted from 0, such as the
    `external_file` of an image series, or of a container of images that states its
    `order_of_images`. The data of an IndexSeries over such a container are looked up there even
    unless it is named."""
    name: NamingOfColumns = "{}"
    """How a value becomes the stimulus' name: `image_{}`, `NaturalScene{}`; of several columns
    `{}_{}`. With `{stem}` in place of `{}` the value is a path, of which the last part without its
    ending counts."""
    empty: str | None = None
    """What stands in the name for a missing value where another column of the list has one."""
    offset: int = 0
    """Added to a value that is a number before it becomes a name."""
    ignore_order: bool = False
    """Whether `name` and `offset` hold even where they make of a place the name of an image that
    the recording's own `order_of_images` puts elsewhere, which is refused otherwise."""
    blank: Unique[str] = ()
    """Values that are not stimuli: `-1`, `omitted`. With a list of columns, names of stimuli."""
    where: dict[str, Unique[str]] = {}
    """Values a column may have for the presentation to count, by column: catch trials out. Numbers
    compare as numbers, truth values as `True` and `False`."""
    clock: float = Field(default=1.0, gt=0)
    """Units of the onset column, or of the times of a series or of events, in a second: 1 for
    seconds, 1000 for samples at 1 kHz."""
    film: NwbFilmRows | None = None
    """How rows show films, where stimuli are frames of these. Values then name films, or number
    frames, and `offset` and `names` do not apply to the latter."""
    suspect: str | None = None
    """A value that blanks may have been folded into: left out when it is shown at least 1.5 times
    as often as the median of the others, and said so."""

    @model_validator(mode="after")
    def _one_place(self) -> Presentations:
        film = self.film
        if film is not None and film.tables and (self.table or self.series):
            raise ValueError("film.tables: names tables or series; leave table and series out")
        of_series = self.series is not None or (
            film is not None and film.tables and all("/" in one for one in film.tables)
        )
        named = film is not None and film.named and film.rows == "plays"
        if self.stimulus is None and not of_series and not named:
            raise ValueError("stimulus: is required with a table")
        refuse_uneven(self.name, self.stimulus or "data", "stimulus")
        refuse_empty(self.empty, self.stimulus)
        if isinstance(self.stimulus, tuple):
            alone = {"series", "names", "offset", "suspect"} & self.model_fields_set
            if alone:
                raise ValueError(
                    f"{min(alone)}: goes with a single column, and stimulus lists several"
                )
        if self.series is not None and self.table is None:
            for key in ("where", "onset"):
                if key in self.model_fields_set:
                    raise ValueError(f"{key}: names columns, which a series has none of; add table")
        if (self.events is None) != (not self.codes):
            raise ValueError("events: goes with codes, which say what each code means")
        if self.events is not None:
            if "onset" not in self.codes.values():
                raise ValueError("codes: none means onset")
            if "onset" in self.model_fields_set:
                raise ValueError("onset: names a column of onsets, which events mark; name one")
        return self


class Windowed(Recorded):
    """What every response around an onset needs: when, and which regions."""

    presentations: Presentations
    window: Window | None = None
    """The one response window."""
    windows: dict[Name, Window] = {}
    """Several windows instead, by name: each is a time bin, and RDMs are of every bin."""
    bins: float | None = Field(default=None, gt=0)
    """Length of the time bins the one window is cut into, seconds; RDMs are of every bin."""
    baseline: Window | None = None
    """Window relative to onset whose mean response (of spikes: whose rate, times the length of the
    response window) is taken off."""

    @model_validator(mode="after")
    def _windowed(self) -> Self:
        if (self.window is None) == (not self.windows):
            raise ValueError("give window or windows, one of the two")
        refuse_same(self.windows)
        if self.bins is not None:
            if self.window is None:
                raise ValueError("bins: cuts one window; give window, not windows")
            parts = (self.window[1] - self.window[0]) / self.bins
            if abs(parts - round(parts)) > 1e-6 or round(parts) < 2:
                raise ValueError(
                    f"bins: {self.bins:g} s cut the window {list(self.window)} into {parts:g} "
                    "parts, expected a whole number, two or more"
                )
        return self

    @property
    def edges(self) -> tuple[float, ...]:
        """Edges of the time bins relative to onset, seconds; none without `bins`."""
        if self.bins is None or self.window is None:
            return ()
        start, stop = self.window
        parts = round((stop - start) / self.bins)
        # Sums of decimal fractions are off by rounding, and 0 would be -5.55112e-17.
        return (*(round(start + part * self.bins, 9) + 0.0 for part in range(parts)), stop)

    @property
    def times(self) -> tuple[tuple[float, float], ...]:
        """Start and stop of every time bin, in order of time; of the one window where there is one.

        Seconds from onset.
        """
        if self.edges:
            return tuple(pairwise(self.edges))
        return (self.window,) if self.window is not None else tuple(sorted(self.windows.values()))


class NwbResponses(Windowed, SortedUnits):
    """Spike counts from NWB recordings."""

    kind: Literal["nwb"]
    rate: bool = False
    """Whether responses are spikes per second instead of counts."""


class TraceResponses(Windowed):
    """Mean fluorescence in a window, from imaged regions of interest (ROIs) in NWB recordings."""

    kind: Literal["traces"]
    signal: str
    """HDF5 path of the RoiResponseSeries: `processing/ophys/DfOverF/DfOverF`."""
    region: str | RegionTable | RegionName = "location"
    """Attribute of the imaging plane, or column of the ROI table, that names the region; or a
    table, or the `name` of the one region of all ROIs."""
    unit: str | None = None
    """Column of the ROI table that names the ROIs; their ids unless given."""
    quality: dict[str, Criterion] = {}
    """Criteria by column of the ROI table; the number of ROIs each removes is reported."""


class RasterResponses(Windowed):
    """Spike counts from rasters: a number of spikes per time bin and unit, in NWB recordings."""

    kind: Literal["rasters"]
    raster: str
    """HDF5 path of the series whose data are `(time, unit)`."""
    units: str
    """HDF5 path of the list of unit names, in the order of the raster."""
    region: RegionTable | RegionName
    """A table, or the `name` of the one region of all units."""
    rate: bool = False
    """Whether responses are spikes per second instead of counts."""


class EvenBins(Spec):
    """Time bins that are equally long and follow each other."""

    start: float
    """When the first begins, seconds from onset."""
    width: float = Field(gt=0)
    """How long each is, seconds."""


class ArrayResponses(StoredArrays):
    """Ready responses: an array of presentations by units, also over time, and what its axes are.

    Tables beside the array say it, or other files: `order` for what was shown, `regions` for where
    units stand. A unit in two regions counts in both.
    """

    kind: Literal["arrays"]
    responses: str
    """`.npy`, `.npz`, `.mat`, HDF5 or netCDF file inside the archive; `{subject}` stands for the
    subject. Of several that match, which takes `order`, each is a session, or with `region` a
    region."""
    presentations: str | None = None
    """CSV or TSV with a `stimulus` column and optionally `session` and `run`, a row per
    presentation."""
    units: str | None = None
    """CSV or TSV with a `region` column and optionally `unit`, a row per unit."""
    regions: tuple[BetaRegion, ...] = ()
    """Files that mark the units of regions instead."""
    region: Annotated[str, AfterValidator(names_a_region)] | None = None
    """Regular expression whose one group finds the region in the name of each file instead, where
    every region has a file of its own, of the same presentations."""
    times: str | EvenBins | None = None
    """CSV or TSV with `time_start` and `time_stop`, seconds from onset, a row per time bin in order
    of time; or `{start: -0.05, width: 0.001}`, where all bins are equally long. It goes with the
    axis `time`."""
    window: Window | None = None
    """Start and stop of the response window, seconds from onset: responses are means over its time
    bins. Without it RDMs are of every bin."""

    @model_validator(mode="after")
    def _told_once(self) -> ArrayResponses:
        if (self.presentations is None) == (self.order is None):
            raise ValueError("give presentations, a table, or order: one of the two")
        if sum((self.units is not None, bool(self.regions), self.region is not None)) != 1:
            raise ValueError("give units, a table, or regions, or region: one of the three")
        if "*" in (self.variable or ""):
            raise ValueError("variable: names one array; arrays for each trial are of kind betas")
        if REPETITION in self.axes and self.order is None:
            raise ValueError("axes: repetition goes with order, which lists the stimuli")
        if self.axes and (TIME in self.axes) != (self.times is not None):
            raise ValueError("times: goes with the axis time, whose bins it lists")
        if self.window is not None and self.times is None:
            raise ValueError("window: goes with times, the bins of which it averages")
        return self


class RdmSource(StoredRdms):
    """Ready RDMs of one region in one file."""

    region: str
    file: str
    """`.mat`, `.npy`, `.npz`, HDF5 or CSV file inside the archive, such as rsatoolbox writes; a CSV
    table is square, with the names of the stimuli in its header."""
    subjects: Unique[Name] = Field(min_length=1)
    """Subjects along the first remaining axis, or the one subject when there is none; in a file
    that names exactly the same subjects, by name."""
    sessions: Unique[Name] = ("1",)
    """Sessions along the next axis; with one session there is no such axis."""
    distance: RdmDistance
    """The distance the authors used."""
    description: str = ""


class RdmResponses(Spec):
    """Ready RDMs; the data behind them are not published."""

    kind: Literal["rdms"]
    sources: tuple[RdmSource, ...] = Field(min_length=1)


ResponsesSpec = Annotated[
    NwbResponses
    | TraceResponses
    | RasterResponses
    | ArrayResponses
    | RdmResponses
    | BidsResponses
    | BetaResponses
    | EpochResponses
    | RateResponses,
    Field(discriminator="kind"),
]
