"""What the DANDI archive's API answers, checked before any of it is used.

Its description: https://api.dandiarchive.org/api/docs/redoc. Fields beyond those named here are
passed over.
"""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import Field, StringConstraints

from isomorph.archives.answers import Answer, Sha256

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""An id of the archive. It becomes part of addresses, so nothing else passes for one."""


class AssetDigest(Answer):
    """Hashes of an asset."""

    sha256: Sha256 = Field(None, alias="dandi:sha2-256")
    """Absent until the archive has computed it, some time after an upload."""


class Metadata(Answer):
    """An asset as its metadata describes it."""

    size: int | None = Field(None, alias="contentSize", ge=0)
    """Bytes."""
    digest: AssetDigest | None = None

    @property
    def sha256(self) -> str | None:
        """The asset's sha256, None where the archive has not computed it yet."""
        return self.digest.sha256 if self.digest else None


class ListedAsset(Answer):
    """An asset in the listing of a version."""

    asset_id: Annotated[str, StringConstraints(pattern=f"^{UUID}$")]
    path: str
    zarr: str | None = None
    """Id of the Zarr folder the asset is, None of a single file."""
    metadata: Metadata | None = None
    """Where the listing was asked for it."""


class ListedVersion(Answer):
    """A version in the listing of a dandiset."""

    version: str


ListedT = TypeVar("ListedT", bound=Answer)


class Page(Answer, Generic[ListedT]):
    """A page of a listing."""

    results: list[ListedT]
    next: str | None = None
    """Address of the page that follows."""
