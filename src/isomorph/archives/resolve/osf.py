"""OSF: the files of a project or registration, with the sha256 and version the repository has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal
from urllib.parse import quote

import requests
from pydantic import Field

from isomorph.archives.answers import Answer, Md5, Sha256
from isomorph.archives.lock import LockedFile
from isomorph.archives.pace import session
from isomorph.archives.patterns import reaches
from isomorph.archives.resolve.records import ask, pin
from isomorph.archives.resolve.resolution import Resolution
from isomorph.archives.resolve.selection import expanded
from isomorph.errors import IsomorphError
from isomorph.saying import Seldom
from isomorph.study.pinned import OsfArchive

API = "https://api.osf.io/v2"
"""Described at https://developer.osf.io."""
DOWNLOAD = "https://osf.io/download"
PAGE = 100
"""Files asked for at once: the most OSF gives. Without a key it answers 100 times an hour."""


class _Hashes(Answer):
    md5: Md5 = None
    sha256: Sha256 = None


class _Extra(Answer):
    hashes: _Hashes = _Hashes()


class _Attributes(Answer):
    kind: Literal["file", "folder"]
    materialized_path: str
    size: int | None = Field(None, ge=0)
    current_version: int | None = None
    extra: _Extra | None = None


class _Related(Answer):
    href: str


class _Links(Answer):
    related: _Related


class _Files(Answer):
    links: _Links


class _Relationships(Answer):
    files: _Files | None = None


class _Entry(Answer):
    id: str
    attributes: _Attributes
    relationships: _Relationships = _Relationships()


class _Pages(Answer):
    next: str | None = None


class _Listing(Answer):
    data: list[_Entry]
    links: _Pages = _Pages()


class _State(Answer):
    withdrawn: bool = False


class _Node(Answer):
    attributes: _State


class _Project(Answer):
    data: _Node


def resolve(archive: OsfArchive, subjects: Sequence[str], where: str) -> Resolution:
    """Pin the files of a project, a component or a registration, those OSF itself stores.

    Folders are listed one by one, and only those that patterns can match.

    Parameters
    ----------
    archive : OsfArchive
    subjects : sequence of str
        What `{subject}` stands for.
    where : str
        Opening of every mistake: the dataset's file and the key of the archive.

    Raises
    ------
    IsomorphError
        When the project is not there, was deleted or withdrawn or is private, or OSF knows no
        hash of a file.
    """
    patterns = [one for text in archive.include for one in expanded(text, subjects).values()]
    refusals = {
        requests.codes.gone: f"OSF project {archive.record} was deleted",
        requests.codes.unauthorized: f"OSF project {archive.record} is private; ask its authors, "
        "and name the folder you put its files in with kind: local",
    }
    refusals[requests.codes.forbidden] = refusals[requests.codes.unauthorized]
    with session() as http:
        kind = _kind(http, archive.record, where, refusals)
        top = f"{API}/{kind}/{archive.record}/files/osfstorage/?page%5Bsize%5D={PAGE}"
        entries = [
            (one.attributes.materialized_path.lstrip("/"), one)
            for one in _walk(http, top, patterns, where, refusals)
        ]
    note = f"https://osf.io/{archive.record}/"
    return pin(archive, entries, partial(_pinned, where), subjects, where, note)


def _kind(http: requests.Session, record: str, where: str, refusals: dict[int, str]) -> str:
    """Return what a name is of, `nodes` or `registrations`."""
    for kind in ("nodes", "registrations"):
        found = ask(http, f"{API}/{kind}/{record}/", _Project, where, refusals)
        if found is None:
            continue
        if found.data.attributes.withdrawn:
            raise IsomorphError(f"{where}.record: OSF registration {record} was withdrawn")
        return kind
    raise IsomorphError(
        f"{where}.record: OSF has no project or registration {record}; check the name at the end "
        "of its address"
    )


def _walk(
    http: requests.Session,
    top: str,
    patterns: Sequence[str],
    where: str,
    refusals: dict[int, str],
) -> Iterator[_Entry]:
    """Yield the files in every folder that a pattern can match, page by page."""
    waiting, asked, say = [top], set[str](), Seldom()
    while waiting:
        address = waiting.pop()
        if address in asked:
            raise IsomorphError(f"{where}: {address}: the pages of OSF lead in a circle")
        asked.add(address)
        say(f"{top.partition('?')[0]}: {len(asked):,} pages of its folders read")
        page = ask(http, address, _Listing, where, refusals)
        if page is None:
            raise IsomorphError(f"{where}: {address} went away while it was read; run again")
        if page.links.next:
            waiting.append(page.links.next)
        for entry in page.data:
            path = entry.attributes.materialized_path.lstrip("/")
            if entry.attributes.kind == "file":
                yield entry
            elif entry.relationships.files and any(reaches(one, path) for one in patterns):
                folder = entry.relationships.files.links.related.href.partition("?")[0]
                waiting.append(f"{folder}?page%5Bsize%5D={PAGE}")


def _pinned(where: str, path: str, entry: _Entry) -> LockedFile:
    said = entry.attributes
    hashes = said.extra.hashes if said.extra else _Hashes()
    algorithm = "sha256" if hashes.sha256 else "md5"
    digest = hashes.sha256 or hashes.md5
    if digest is None or said.size is None:
        raise IsomorphError(
            f"{where}: OSF states no {'hash' if digest is None else 'size'} of {path}; leave its "
            "folder out of include"
        )
    version = f"?version={said.current_version}" if said.current_version else ""
    url = f"{DOWNLOAD}/{quote(entry.id)}/{version}"
    return LockedFile(path, said.size, algorithm, digest, url)
