"""Records of public repositories: their APIs asked, and what they say of files pinned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import requests

from isomorph.archives.answers import Answer, read_answer
from isomorph.archives.lock import LockedFile
from isomorph.archives.mirrors import mirrored
from isomorph.archives.patience import TIMEOUT, check_status, patience, without_password
from isomorph.archives.resolve.resolution import Resolution, placed
from isomorph.archives.resolve.selection import choose
from isomorph.errors import IsomorphError
from isomorph.saying import count
from isomorph.study.pinned import PickedFiles

AnswerT = TypeVar("AnswerT", bound=Answer)
EntryT = TypeVar("EntryT")


def ask(
    http: requests.Session,
    address: str,
    model: type[AnswerT],
    where: str,
    refusals: Mapping[int, str],
) -> AnswerT | None:
    """Ask the API of a repository.

    Parameters
    ----------
    http : requests.Session
    address : str
        What to ask.
    model : type
        What the answer must be; an answer that is a list is its field `items`.
    where : str
        Opening of every mistake: the dataset's file and the key.
    refusals : mapping of int to str
        What it means where the repository answers with a status.

    Returns
    -------
    model or None
        None where the repository has no such thing.

    Raises
    ------
    IsomorphError
        When the repository cannot be reached, refuses, or does not answer as it should.
    """
    place = mirrored(address)
    shown = without_password(place)
    for attempt in patience(f"{where}: {shown} cannot be reached"):
        with attempt:
            response = http.get(place, headers={"Accept": "application/json"}, timeout=TIMEOUT)
            told = "json" in response.headers.get("Content-Type", "")  # by the API, not before it
            if told and response.status_code in refusals:
                raise IsomorphError(f"{where}.record: {refusals[response.status_code]}")
            if response.status_code == requests.codes.not_found:
                return None
            check_status(response, f"{where}: {shown}")
            try:
                content = response.json()
            except (ValueError, RecursionError):
                content = None
            content = {"items": content} if isinstance(content, list) else content
            return read_answer(model, content, f"{where}: {shown} does not answer as expected")
    raise AssertionError("patience ends by returning or raising")


def pin(
    source: PickedFiles,
    entries: Iterable[tuple[str, EntryT]],
    pinned: Callable[[str, EntryT], LockedFile],
    subjects: Sequence[str],
    where: str,
    note: str,
) -> Resolution:
    """Pin those files of a record that patterns ask for.

    Parameters
    ----------
    source : PickedFiles
    entries : iterable of (str, entry)
        Path, as it counts from the record, and what the repository says of every file patterns
        may match.
    pinned : callable
        Makes the line of a lock of one of them.
    subjects : sequence of str
        What `{subject}` stands for.
    where : str
        Opening of every mistake.
    note : str
        What they are resolved from.

    Raises
    ------
    IsomorphError
        When patterns and files do not fit, or two of the files have one path.
    """
    known: dict[str, list[EntryT]] = {}
    for path, entry in entries:
        known.setdefault(path, []).append(entry)
    if not known:
        raise IsomorphError(f"{where}.record: the record has no files")
    chosen = choose(known, source.include, source.exclude, subjects, where)
    for path in chosen.subjects:
        if len(known[path]) > 1:
            raise IsomorphError(
                f"{where}.record: the record has {len(known[path])} files called {path}, which no "
                "pattern tells apart; leave them out with exclude"
            )
    files = [pinned(path, known[path][0]) for path in chosen.subjects]
    return placed(source, files, chosen, where, f"{note}, {count(len(files), 'file')}")
