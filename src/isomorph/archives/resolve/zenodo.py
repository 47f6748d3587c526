"""Zenodo: the files of one version of a record, with the md5 the repository computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

import requests
from pydantic import Field, StringConstraints

from isomorph.archives.answers import Answer
from isomorph.archives.lock import LockedFile
from isomorph.archives.pace import session
from isomorph.archives.resolve.records import ask, pin
from isomorph.archives.resolve.resolution import Resolution
from isomorph.errors import IsomorphError
from isomorph.study.pinned import ZenodoArchive

API = "https://zenodo.org/api/records"
"""Described at https://developers.zenodo.org and, newer, https://inveniordm.docs.cern.ch."""


class _File(Answer):
    key: str
    size: int = Field(ge=0)
    checksum: Annotated[str, StringConstraints(pattern=r"^md5:[0-9a-f]{32}$")]


class _Metadata(Answer):
    access_right: str = "open"
    embargo_date: str | None = None


class _Record(Answer):
    id: int
    metadata: _Metadata = _Metadata()
    files: list[_File] | None = None


class _Hit(Answer):
    id: int


class _Hits(Answer):
    hits: list[_Hit]


class _Found(Answer):
    hits: _Hits


def resolve(archive: ZenodoArchive, subjects: Sequence[str], where: str) -> Resolution:
    """Pin the files of a record.

    Parameters
    ----------
    archive : ZenodoArchive
    subjects : sequence of str
        What `{subject}` stands for.
    where : str
        Opening of every mistake: the dataset's file and the key of the archive.

    Raises
    ------
    IsomorphError
        When the record is not there, was withdrawn, is closed, or is no single version.
    """
    number = archive.record
    with session() as http:
        record = _record(http, number, where)
    right = record.metadata.access_right
    if right != "open":
        until = f" until {record.metadata.embargo_date}" if record.metadata.embargo_date else ""
        raise IsomorphError(
            f"{where}.record: the files of Zenodo record {number} are not open to everyone "
            f"({right}{until}); ask its authors, and name the folder you put them in with kind: "
            "local"
        )

    def pinned(path: str, file: _File) -> LockedFile:
        url = f"{API}/{number}/files/{quote(path)}/content"
        return LockedFile(path, file.size, "md5", file.checksum.removeprefix("md5:"), url)

    entries = ((one.key, one) for one in record.files or ())
    return pin(archive, entries, pinned, subjects, where, f"https://zenodo.org/records/{number}")


def _record(http: requests.Session, number: int, where: str) -> _Record:
    refusals = {
        requests.codes.gone: f"Zenodo record {number} was withdrawn",
        requests.codes.forbidden: f"Zenodo record {number} is not open to everyone; ask its "
        "authors, and name the folder you put its files in with kind: local",
    }
    record = ask(http, f"{API}/{number}", _Record, where, refusals)
    if record is not None and record.id == number:
        return record
    # Asked for the number of all versions, Zenodo answers with the newest or with nothing.
    newest = None if record is None else record.id
    if newest is None:
        query = f"?q=conceptrecid%3A{number}&sort=mostrecent&size=1"
        found = ask(http, API + query, _Found, where, {})
        newest = found.hits.hits[0].id if found and found.hits.hits else None
    if newest is None:
        raise IsomorphError(f"{where}.record: Zenodo has no record {number}; check the number")
    raise IsomorphError(
        f"{where}.record: {number} is the number of all versions of a Zenodo record together, "
        f"which changes with each; name one of them, the newest is {newest}"
    )
