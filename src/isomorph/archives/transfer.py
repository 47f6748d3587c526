"""Many pinned files over HTTPS, a few at a time: all of them verified, or every failure said."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from urllib.parse import urlsplit, urlunsplit

import requests

from isomorph.archives.download import download
from isomorph.archives.hashes import Pin
from isomorph.archives.held import discard
from isomorph.archives.lock import Lock, LockedFile
from isomorph.archives.manifest import FileRecord
from isomorph.archives.mirrors import mirrored
from isomorph.archives.pace import session
from isomorph.archives.patience import GivenUpError
from isomorph.archives.progress import Progress
from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.saying import count, say

CONNECTIONS = "ISOMORPH_CONNECTIONS"
"""The environment variable that says how many files are downloaded at once."""
DEFAULT_CONNECTIONS, MOST_CONNECTIONS = 4, 32
NAMED = 3
"""Failures said in full; of the others the number."""
HOPELESS = 3
"""Files in a row for which nothing came through before the others are not even tried."""
WHOLE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
"""What the disk says to one file and would say to any other."""
LONGEST = 220
"""Bytes of a name that one with a hash and `.part` at its end may hold; disks hold 255 in all."""
GRACE = 2.0
"""Seconds that threads get to end when a user breaks off."""


@dataclass(frozen=True)
class Location:
    """Where to ask for a file.

    Attributes
    ----------
    addresses : list of str
        One after another; see `isomorph.archives.download.download`.
    headers : dict of str to str
        What to show there, such as a key; not where a redirect leads to another host.
    """

    addresses: list[str]
    headers: Mapping[str, str] = field(default_factory=dict)


Locate = Callable[[requests.Session, LockedFile, Callable[[float], None]], Location]
"""Finds where a file stands, given how to wait before a server is asked again."""


class _HaltedError(Exception):
    """The others have stopped; so do we."""


class _Crew(Progress):
    """Progress that several threads share, and that can stop them all."""

    def __init__(self, label: str, files: Sequence[LockedFile]) -> None:
        super().__init__(label, sum(file.size for file in files), len(files))
        self.halted = Event()
        self.given_up = 0

    def move(self, size: int) -> None:
        self._check()
        self.given_up = 0
        super().move(size)

    def find(self, size: int) -> None:
        self._check()
        super().find(size)

    def pause(self, seconds: float) -> None:
        self.halted.wait(seconds)
        self._check()

    def _check(self) -> None:
        if self.halted.is_set():
            raise _HaltedError


def connections() -> int:
    """Return how many files to download at once.

    Raises
    ------
    IsomorphError
        When ISOMORPH_CONNECTIONS is not such a number.
    """
    text = os.environ.get(CONNECTIONS, "").strip() or str(DEFAULT_CONNECTIONS)
    if not (text.isdecimal() and 1 <= int(text) <= MOST_CONNECTIONS):
        raise IsomorphError(
            f'{CONNECTIONS}: is "{text}", expected a number from 1 to {MOST_CONNECTIONS}'
        )
    return int(text)


def addresses(url: str) -> list[str]:
    """Return where to ask for a pinned file, twice in all.

    A bucket keeps versions of an object, and a lock names the one it saw; but versions are
    deleted, and records of them are stale. The hash is what counts, so the object's newest
    version is asked next. Where no version is named the second try is of the same address.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise IsomorphError(
            f"{url}: is not an address ({error}); lock the dataset again"
        ) from error
    rest = [one for one in parts.query.split("&") if not one.startswith("versionId=")]
    return [mirrored(url), mirrored(urlunsplit(parts._replace(query="&".join(rest))))]


def as_locked(_http: requests.Session, file: LockedFile, _pause: object) -> Location:
    """Return the addresses the lock itself names."""
    return Location(addresses(file.url))


def part_of(target: Path, pin: Pin) -> Path:
    """Return where the bytes of a file gather: a name that holds the hash they must have.

    So what is left of a file of an older lock is never taken for the beginning of another.
    """
    return target.with_name(f"{_stem(target.name)}.{pin.hash[:12]}.part")


def _stem(name: str) -> str:
    """Return a file's name, or a digest of it where a longer one would be too long for a disk."""
    encoded = os.fsencode(name)
    return name if len(encoded) <= LONGEST else hashlib.sha256(encoded).hexdigest()[:32]


def announce(label: str, files: Sequence[LockedFile], folder: Path, parts: str = "") -> None:
    """Say how much a dataset is and how much of it is here; refuse what the disk cannot hold.

    Parameters
    ----------
    label : str
        Name of the dataset.
    files : sequence of LockedFile
        All of them. What is here is recognised by size alone, part files included.
    folder : Path
        Where they come to stand.
    parts : str, optional
        How the bytes are divided, in words.

    Raises
    ------
    IsomorphError
        When what is missing is more than the disk has room for.
    """
    size = sum(file.size for file in files)
    here = bytes_here(files, folder)
    say(
        f"{label}: {count(len(files), 'file')}, {in_words(size)}"
        + (f" ({parts})" if parts else "")
        + f", {in_words(here)} of it here already"
    )
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents)
                    if place.is_dir())  # fmt: skip
    if size - here > (free := shutil.disk_usage(existing).free):
        raise IsomorphError(
            f"{label}: {in_words(size - here)} are still to come but the disk of {folder} has "
            f"room for {in_words(free)}; free some space, or put the folder on another disk and "
            "a link in its place"
        )


def bytes_here(files: Sequence[LockedFile], folder: Path) -> int:
    """Return how much of some files is here, told by size alone, part files included.

    Raises
    ------
    IsomorphError
        When the folder cannot be read.
    """
    try:
        return sum(_here(file, folder) for file in files)
    except OSError as error:
        raise IsomorphError(
            f"{error.filename or folder}: cannot be read, {error.strerror}"
        ) from error


def _here(file: LockedFile, folder: Path) -> int:
    target = folder / file.path
    if target.is_file() and target.stat().st_size == file.size:
        return file.size
    part = part_of(target, Pin.of(file))
    return min(part.stat().st_size, file.size) if part.is_file() else 0


def transfer(
    label: str,
    files: Sequence[LockedFile],
    folder: Path,
    lacking: Callable[[], None] = lambda: None,
    locate: Locate = as_locked,
) -> list[FileRecord]:
    """Bring pinned files to a folder.

    Files that stand there whole are not fetched again. A file that cannot be had stops no other;
    a full disk, or a network where nothing comes through, stops all.

    Parameters
    ----------
    label : str
        What is brought, for messages.
    files : sequence of LockedFile
        The files; the hash of each is what it must have, its address is a hint.
    folder : Path
        Where they come to stand, each at its path.
    lacking : callable, optional
        Called before a file is downloaded that did not stand whole.
    locate : callable, optional
        Finds where a file is to be asked for, when its turn comes.

    Returns
    -------
    list of FileRecord
        Size and sha256 of every file, in the order given.

    Raises
    ------
    IsomorphError
        When a file could not be brought: the first few failures, and how many there are. What was
        brought stays, and part files stay for the next run to resume.
    """
    crew = _Crew(label, files)
    for file in files:
        addresses(file.url)  # what is not an address, or no mirror, is said once
    waiting: SimpleQueue[LockedFile] = SimpleQueue()
    for file in sorted(files, key=lambda one: -one.size):  # no long one runs alone at the end
        waiting.put(file)
    records: dict[str, FileRecord] = {}
    failures: dict[str, BaseException] = {}

    def work() -> None:
        with session() as http:
            while not crew.halted.is_set():
                try:
                    file = waiting.get_nowait()
                except Empty:
                    return
                try:
                    records[file.path] = _bring(http, file, folder, crew, lacking, locate)
                except _HaltedError:
                    return
                except BaseException as error:  # raised again by the thread that waits for all
                    failures[file.path] = error
                    if _ends_all(error, crew):
                        crew.halted.set()

    # Daemons: whoever breaks off does not wait for a server that has gone silent.
    threads = [Thread(target=work, daemon=True) for _ in range(min(connections(), len(files)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        crew.halted.set()
        patience_ends = time.monotonic() + GRACE
        for thread in (one for one in threads if one.is_alive()):
            thread.join(max(0.0, patience_ends - time.monotonic()))
        raise
    _discard_parts(folder, records)
    if failures:
        raise _summary(label, failures, len(files), len(files) - len(records) - len(failures))
    return [records[file.path] for file in files]


def _bring(
    http: requests.Session,
    file: LockedFile,
    folder: Path,
    crew: _Crew,
    lacking: Callable[[], None],
    locate: Locate,
) -> FileRecord:
    """Bring one file and return what it is."""
    target, pin = folder / file.path, Pin.of(file)
    part = part_of(target, pin)
    if (found := pin.stands(target)) is not None:
        digest = found.sha256
        crew.find(file.size)
    else:
        lacking()
        place = locate(http, file, crew.pause)
        digest = download(
            http, place.addresses, target, pin, part=part, progress=crew, headers=place.headers
        )
    crew.finish()
    return FileRecord(file.path, file.size, digest)


def _discard_parts(folder: Path, paths: Collection[str]) -> None:
    """Remove what other locks, or this one, left of files that now stand."""
    stems: dict[Path, set[str]] = {}
    for path in paths:
        stems.setdefault((folder / path).parent, set()).add(_stem(Path(path).name))
    # Each folder is read once: there are some with 57,000 images.
    for place, known in stems.items():
        for part in place.glob("*.part"):
            if (found := _PART.fullmatch(part.name)) and found[1] in known:
                discard(part)


_PART = re.compile(r"(.+)\.[0-9a-f]{12}\.part")


def sweep(folder: Path, lock: Lock) -> None:
    """Remove what is left of files that a lock no longer names, unless somebody is at them.

    So are locks without a part file, which a process leaves that is killed when a file has come.
    """
    known = {part_of(folder / file.path, Pin.of(file)) for file in lock.files}
    held = (lock_file.with_suffix("") for lock_file in folder.rglob("*.part.lock"))
    for part in (*folder.rglob("*.part"), *(one for one in held if not one.exists())):
        if (part not in known or not part.exists()) and _PART.fullmatch(part.name):
            discard(part)


def _ends_all(error: BaseException, crew: _Crew) -> bool:
    """Tell whether a failure is one that every other file would meet too."""
    if isinstance(error, GivenUpError):
        crew.given_up += 1
        return crew.given_up >= HOPELESS
    cause = error.__cause__
    if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
        return cause.errno in WHOLE_DISK
    return not isinstance(error, IsomorphError)


def _summary(
    label: str, failures: dict[str, BaseException], files: int, untried: int
) -> BaseException:
    """Return one error that says all failures."""
    for error in failures.values():
        if not isinstance(error, IsomorphError):
            return error  # a mistake of ours, not of the world: with its traceback
    told = {path: str(failures[path]) for path in sorted(failures)}
    said = [text if path in text else f"{path}: {text}" for path, text in told.items()]
    more = [f"and {len(said) - NAMED:,} more"] if len(said) > NAMED else []
    rest = [f"{untried:,} were left for the next run"] if untried else []
    what = f"{label}: {len(said):,} of {files:,} files could not be brought"
    return IsomorphError(f"{what}: " + "; ".join([*said[:NAMED], *more, *rest]))
