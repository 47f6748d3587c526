"""Weights over the network: fetched once, compared with their pin, kept under `data/weights`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from isomorph.archives.held import alone
from isomorph.archives.mirrors import mirrored
from isomorph.archives.pace import session
from isomorph.archives.patience import TIMEOUT, without_secrets
from isomorph.disk import disk_errors, replace_synced, sha256
from isomorph.errors import IsomorphError
from isomorph.foreign import first_line, reading
from isomorph.models.source import Request

BLOCK = 1 << 20
LOCK = ".lock"
"""Held, under `data/weights`, while something is brought there."""
HASH_IN_NAME = re.compile(r"-([a-f0-9]{8,64})\.")
"""The first digits of a file's sha256 in its name, as torchvision and timm write them.

They tell a transfer that went wrong, and nothing more: another file with the same digits is quickly
made. Who wants one file and no other pins its whole hash, `weights.sha256`.
"""


@dataclass(frozen=True)
class LocalWeights:
    """A file of weights that is the right one.

    Attributes
    ----------
    file : Path
    sha256 : str
    source : str
        Where it is from: an address, or a repository with its revision.
    """

    file: Path
    sha256: str
    source: str


def from_url(request: Request, url: str, place: Path) -> LocalWeights:
    """Return weights that lie at an address.

    Parameters
    ----------
    request : Request
    url : str
        Digits of a hash in the file's name are compared with what was fetched.
    place : Path
        Where the file is kept; one put there by hand is taken.

    Raises
    ------
    IsomorphError
        When the address cannot be reached, or the file is another one than was pinned.
    """
    found = HASH_IN_NAME.search(url.rpartition("/")[2])

    def download(folder: Path) -> Path:
        return fetched(request, url, folder / place.name, place)

    return kept(request, place, found[1] if found else "", download, url)


def fetched(request: Request, url: str, file: Path, place: Path) -> Path:
    """Fetch what lies at an address.

    Parameters
    ----------
    request : Request
    url : str
        Asked at its mirror where there is one.
    file : Path
        Where it is written.
    place : Path
        Where it will stand in the end, for errors.

    Raises
    ------
    IsomorphError
        When the address cannot be reached or answers with an error, or the disk is full.
    """
    try:
        with (
            session() as http,
            http.get(mirrored(url), stream=True, timeout=TIMEOUT) as response,
        ):
            if response.status_code != requests.codes.ok:
                raise IsomorphError(  # noqa: TRY301
                    f"{request.instance}: {url} answers {response.status_code} {response.reason}; "
                    f"put the file at {place} by hand"
                )
            with disk_errors(place), open(file, "wb") as out:
                for block in response.iter_content(BLOCK):
                    out.write(block)
    except IsomorphError:
        raise
    except Exception as error:  # of requests, or of what it is made of
        raise unreachable(request, url, place, without_secrets(first_line(error))) from error
    return file


@contextmanager
def scratch(place: Path) -> Iterator[Path]:
    """Yield a folder beside where something will stand, gone at the end.

    Where that fails, folders made for it go as well.

    Parameters
    ----------
    place : Path
        Where it will stand.

    Raises
    ------
    IsomorphError
        When the disk refuses it, or what is written there or moved from there to its place.
    """
    made = [folder for folder in place.parents if not folder.exists()]
    try:
        with disk_errors(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=place.parent, prefix=".partial-") as folder:
                yield Path(folder)
    except BaseException:
        with suppress(OSError):
            for empty in made:
                empty.rmdir()
        raise


def refuse_other(request: Request, digest: str, what: str, remedy: str, start: str = "") -> None:
    """Refuse weights whose hash is not the pinned one.

    Parameters
    ----------
    request : Request
    digest : str
        sha256 of the weights.
    what : str
        The weights, for messages.
    remedy : str
        What to do about it.
    start : str, optional
        First digits that it must have beside.

    Raises
    ------
    IsomorphError
        Naming both hashes.
    """
    pin = request.spec.weights.sha256 if request.spec.weights else None
    for expected, same in ((start, digest.startswith(start)), (pin, pin in (None, digest))):
        if not same:
            raise IsomorphError(
                f"{request.instance}: {what} has sha256 {digest}, expected {expected}; {remedy}"
            )


def kept(
    request: Request,
    place: Path,
    start: str,
    download: Callable[[Path], Path],
    source: str,
) -> LocalWeights:
    """Return the file that stands at a place, or bring it there; a wrong one never gets there.

    Parameters
    ----------
    request : Request
    place : Path
        Where the file stands in the end, under the name that it was brought with.
    start : str
        First digits that the hash of what is brought must have.
    download : callable
        Brings the file into a folder and returns it.
    source : str
        Where it is from, see `LocalWeights`.

    Raises
    ------
    IsomorphError
        When it cannot be brought, or the file is another one than was pinned.
    """
    with alone(request.weights / LOCK):  # one job fetches, the others find
        if place.is_file():
            with reading(place, "weights"):
                digest = sha256(place)
            refuse_other(request, digest, str(place), "remove it, or correct weights.sha256")
            return LocalWeights(place, digest, source)
        with scratch(place) as folder:
            found = download(folder)
            digest = sha256(found)
            refuse_other(request, digest, source, "correct weights.sha256, or fetch again", start)
            place = place.with_name(found.name)
            replace_synced(found, place)
    return LocalWeights(place, digest, source)


def unreachable(request: Request, url: str, place: Path, reason: object) -> IsomorphError:
    """Return what is said where weights cannot be brought, and what works without a network."""
    return IsomorphError(
        f"{request.instance}: {url} cannot be reached ({first_line(reason)}); without a network "
        f"the models package/*, untrained/* and baseline/* work, and weights put by hand at {place}"
    )
