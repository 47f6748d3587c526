"""Archives whose files a lock pins, one spec per kind, and the same as side sources."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from isomorph.study._base import Spec, Unique

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

# ---------------------------------------------------------------- beside another archive


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
