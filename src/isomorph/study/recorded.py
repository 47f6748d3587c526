"""What responses from NWB recordings have in common: files, regions, and which units count."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from isomorph.study._base import Spec, Unique


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


class RegionTable(Spec):
    """A table that says where each unit stands, for recordings that do not."""

    table: str
    """CSV inside the archive, or beside the dataset's file; it may be gzipped."""
    unit: str = "unit"
    """Column of unit ids."""
    region: str = "region"
    """Column of regions."""
    file: str | None = None
    """Column that names the recording a row is about, by the name of its file without the ending;
    every row is about every recording unless given."""
    channels: int | None = Field(default=None, gt=0)
    """Channels of a bank, for tables of banks: the column `unit` then holds banks counted from 0,
    and a unit stands on the channel, counted from 1, that is the first number in its name."""


class RegionName(Spec):
    """One region for all units of the recordings."""

    name: str
    """What it is called."""


class Recorded(Spec):
    """Which recordings are read, and which regions of them."""

    files: str
    """Glob pattern inside the archive; `{subject}` stands for the subject. One file, one
    session."""
    companion: str | None = None
    """Name of the file, beside each recording, that holds its presentations or variables, where the
    recording does not. `{stem}` stands for the recording's name without the ending, `{session}` and
    `{subject}` for what its name (`ses-`, `sub-`), or else the recording, calls them; the rest may
    be a glob pattern: `*_behavior.nwb`. Of the files that match, the one of the recording's session
    and subject is taken, and none of another is."""
    uncovered: float = Field(default=0.1, ge=0, le=1)
    """Largest share of the presentations, or of the time of a variable, that may lie in time the
    recording does not cover. It is left out and counted; where more does, the clocks of what was
    recorded and what was shown probably differ, and the recording is refused."""
    regions: dict[str, Unique[str]] = {}
    """Names of regions and the recording's own names for each, as glob patterns in which case
    counts: `{VISp: [VISp, "VISp[0-9]*"]}`. The first that matches holds. Empty: regions as they
    are called in the recording."""
    others: Literal["drop", "keep"] = "drop"
    """What becomes of units of regions that `regions` does not name: left out and counted, or kept
    under the recording's own name."""

    @model_validator(mode="after")
    def _others_of_some(self) -> Self:
        if self.others == "keep" and not self.regions:
            raise ValueError("others: goes with regions")
        return self


class SortedUnits(Spec):
    """Which sorted units of a recording count, and where they stand."""

    region: str | RegionTable | RegionName = "location"
    """Column of the units table, or else of its electrodes, that names the region. Behind a dot
    stands what is meant of the objects a column refers to: `electrode_group.location`. Or a table,
    or the `name` of the one region of all units: `{name: IT}`."""
    electrode: str | None = None
    """Column of the units table that holds the id of the electrode a unit stands at, such as
    `peak_channel_id`, where the units table does not point at electrodes itself."""
    quality: dict[str, Criterion] = {}
    """Criteria by column of the units table, or else of their electrodes, such as `valid_data`; the
    number of units each removes is reported."""

    @model_validator(mode="after")
    def _electrodes_have_columns(self) -> Self:
        if self.electrode is not None and not isinstance(self.region, str):
            raise ValueError("electrode: goes with a column of the electrodes, not with a table")
        return self
