"""figshare: the files of one version of an item, with the md5 the repository computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import requests
from pydantic import Field

from isomorph.archives.answers import Answer, Md5
from isomorph.archives.lock import LockedFile, below
from isomorph.archives.pace import session
from isomorph.archives.resolve.records import ask, pin
from isomorph.archives.resolve.resolution import Resolution
from isomorph.errors import IsomorphError
from isomorph.study.pinned import FigshareArchive

API = "https://api.figshare.com/v2/articles"
"""Described at https://docs.figshare.com."""
DOWNLOAD = "https://api.figshare.com/v2/file/download"
"""Sends on to the storage. The addresses that answers name may first want to see a browser."""
PAGE = 1000
"""Files asked for at once: the most figshare gives."""


class _File(Answer):
    id: int
    name: str
    size: int = Field(ge=0)
    is_link_only: bool = False
    download_url: str
    computed_md5: Md5 = None


class _Files(Answer):
    items: list[_File]


class _Article(Answer):
    is_embargoed: bool = False
    embargo_date: str | None = None
    is_confidential: bool = False
    is_metadata_record: bool = False
    folder_structure: dict[str, str] | None = None


class _Version(Answer):
    version: int


class _Versions(Answer):
    items: list[_Version]


def resolve(archive: FigshareArchive, subjects: Sequence[str], where: str) -> Resolution:
    """Pin the files of a version of an item.

    Parameters
    ----------
    archive : FigshareArchive
    subjects : sequence of str
        What `{subject}` stands for.
    where : str
        Opening of every mistake: the dataset's file and the key of the archive.

    Raises
    ------
    IsomorphError
        When the item or version is not there, was withdrawn or is closed, or a file stands
        elsewhere or has no md5.
    """
    place = f"{archive.record}/versions/{archive.version}"
    with session() as http:
        article = ask(http, f"{API}/{place}", _Article, where, _refusals(archive))
        if article is None:
            raise IsomorphError(_absent(http, archive, where))
        _refuse_closed(article, archive, where)
        folders = article.folder_structure or {}
        entries = [
            (below(folders.get(str(one.id), ""), one.name), one)
            for one in _files(http, archive, place, where)
        ]
    address = f"https://figshare.com/articles/dataset/_/{archive.record}/{archive.version}"
    return pin(archive, entries, partial(_pinned, where), subjects, where, address)


def _refusals(archive: FigshareArchive) -> Mapping[int, str]:
    return {
        requests.codes.gone: f"figshare item {archive.record} was withdrawn",
        requests.codes.forbidden: f"figshare item {archive.record} is not open to everyone; ask "
        "its authors, and name the folder you put its files in with kind: local",
    }


def _absent(http: requests.Session, archive: FigshareArchive, where: str) -> str:
    """Say what is not there, the item or its version."""
    address = f"{API}/{archive.record}/versions"
    known = ask(http, address, _Versions, where, _refusals(archive))
    if known is None or not known.items:
        return (
            f"{where}.record: figshare has no item {archive.record} that is open to everyone; it "
            "may have been withdrawn, or the number is another's"
        )
    numbers = ", ".join(str(number) for number in sorted(one.version for one in known.items))
    return (
        f"{where}.version: figshare item {archive.record} has no version {archive.version}; there "
        f"is {numbers}"
    )


def _refuse_closed(article: _Article, archive: FigshareArchive, where: str) -> None:
    why = ""
    if article.is_embargoed:
        why = "are under embargo" + (
            f" until {article.embargo_date}" if article.embargo_date else ""
        )
    elif article.is_confidential:
        why = "are confidential"
    elif article.is_metadata_record:
        why = "are not there: the item describes them alone"
    if why:
        raise IsomorphError(
            f"{where}.record: the files of figshare item {archive.record} {why}; ask its authors, "
            "and name the folder you put them in with kind: local"
        )


def _files(
    http: requests.Session, archive: FigshareArchive, place: str, where: str
) -> Iterator[_File]:
    """Yield the files of all pages."""
    seen: set[int] = set()
    number = 1
    while True:
        address = f"{API}/{place}/files?page={number}&page_size={PAGE}"
        page = ask(http, address, _Files, where, _refusals(archive))
        if page is None:
            raise IsomorphError(f"{where}: {address} went away while it was read; run again later")
        fresh = [one for one in page.items if one.id not in seen]
        yield from fresh
        seen |= {one.id for one in fresh}
        if len(fresh) < PAGE:  # also where the server knows no pages and gives the same again
            return
        number += 1


def _pinned(where: str, path: str, file: _File) -> LockedFile:
    if file.is_link_only:
        raise IsomorphError(
            f"{where}: {path} is a link to {file.download_url}, of which figshare knows neither "
            "size nor hash; leave it out of include, or fetch it on your own with kind: local"
        )
    if file.computed_md5 is None:
        raise IsomorphError(
            f"{where}: figshare has not computed the md5 of {path} yet; run again later"
        )
    return LockedFile(path, file.size, "md5", file.computed_md5, f"{DOWNLOAD}/{file.id}")
