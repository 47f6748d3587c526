"""A public S3 bucket: what its patterns ask for is listed, and pinned by what S3 knows of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import requests

from isomorph.archives import hashes
from isomorph.archives.download import BLOCK
from isomorph.archives.lock import LockedFile, below, into_of
from isomorph.archives.mirrors import mirrored
from isomorph.archives.pace import session
from isomorph.archives.patience import (
    TIMEOUT,
    TryAgainError,
    check_status,
    patience,
    without_password,
)
from isomorph.archives.patterns import find, matches, nearest
from isomorph.archives.resolve.resolution import Resolution, check_path, placed
from isomorph.archives.resolve.s3 import COLD, Bucket, Stored
from isomorph.archives.resolve.selection import choose, expanded
from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.saying import Seldom, count, say
from isomorph.study.pinned import BucketArchive

_SIGN = re.compile(r"[*?\[]")
"""Where a pattern ends to be a plain path."""


def resolve(files: BucketArchive, subjects: Sequence[str], where: str) -> Resolution:
    """Pin the files of a bucket that patterns ask for.

    Parameters
    ----------
    files : BucketArchive
    subjects : sequence of str
        What `{subject}` stands for.
    where : str
        Opening of every mistake: the dataset's file and the key.

    Raises
    ------
    IsomorphError
        When the bucket or a file is not there or not open to all.

    Notes
    -----
    The ETag of an object that was uploaded whole is the md5 of its bytes. (With keys of KMS or of
    a client's own it is not, but such objects are closed to readers without a signature; the
    smallest file is downloaded to see that this bucket does as others do.) Of an object uploaded
    in pieces it is the md5 of their md5s, which can be computed again from the bytes once the size
    of a piece is known; S3 tells that of the first, and the others are of the same size wherever
    their number fits. Whatever else is found is downloaded and hashed, once.
    """
    folder = files.prefix.strip("/") + "/" if files.prefix.strip("/") else ""
    with session() as http:
        bucket = Bucket(http, files.bucket, where)
        patterns = [one for text in files.include for one in expanded(text, subjects).values()]
        found = {
            key.removeprefix(folder): stored
            for pattern in patterns
            for key, stored in _search(bucket, folder, pattern)
        }
        near = _near(bucket, folder, patterns, found)
        if not found and not near:
            raise IsomorphError(_lists_nothing(bucket, folder, where))
        chosen = choose(found, files.include, files.exclude, subjects, where, near)
        for path in chosen.subjects:  # addresses are made of it below
            check_path(below(into_of(files), path), where)
        of_key = {folder + path: found[path] for path in chosen.subjects}
        pinned = [
            LockedFile(
                key.removeprefix(folder), of_key[key].size, algorithm, digest, bucket.url(key)
            )
            for key, (algorithm, digest) in _pins(http, bucket, of_key, where).items()
        ]
    return placed(files, pinned, chosen, where, f"{bucket.address}/{folder}, {_how(pinned)}")


def _how(pinned: Sequence[LockedFile]) -> str:
    """Say by what files are pinned."""
    kinds = Counter(file.algorithm.partition("/")[0::2] for file in pinned)
    pieces = sum(number for (_, piece), number in kinds.items() if piece)
    said = {
        "whose md5 the bucket lists": kinds["md5", ""],
        "uploaded in pieces, by the md5 of the md5s of these": pieces,
        "downloaded and hashed here": kinds["sha256", ""],
    }
    return ", ".join(f"{count(number, 'file')} {how}" for how, number in said.items() if number)


# ---------------------------------------------------------------- listing no more than is asked for


def _search(bucket: Bucket, folder: str, pattern: str) -> Iterator[tuple[str, Stored]]:
    """Yield what stands where a pattern can match: a bucket may hold millions of other objects.

    Folder by folder down to the first `**`, below which everything is listed; in each only the
    keys that begin as the pattern does.
    """
    steps = pattern.split("/")
    while len(steps) > 1 and not _SIGN.search(steps[0]):
        folder += steps.pop(0) + "/"
    step = steps[0]
    listing = bucket.listing(folder + _SIGN.split(step, maxsplit=1)[0], "" if "**" in step else "/")
    if "**" in step or len(steps) == 1:
        yield from listing.objects.items()
        return
    for inner in listing.folders:
        if matches(step, [inner.removeprefix(folder).removesuffix("/")]):
            yield from _search(bucket, inner, "/".join(steps[1:]))


def _near(
    bucket: Bucket, folder: str, patterns: Sequence[str], found: dict[str, Stored]
) -> list[str]:
    """Return what stands in the innermost folder there is of each pattern that matches nothing."""
    near: set[str] = set()
    known = sorted(found)
    for pattern in patterns:
        if find(pattern, known):
            continue
        above = _SIGN.split(pattern, maxsplit=1)[0].split("/")[:-1]
        for depth in range(len(above), -1, -1):
            place = folder + "".join(f"{step}/" for step in above[:depth])
            listing = bucket.listing(place, "/", whole=False)
            if beside := [*listing.objects, *listing.folders]:
                near |= {one.removeprefix(folder) for one in beside}
                break
    return sorted(near)


def _lists_nothing(bucket: Bucket, folder: str, where: str) -> str:
    top = bucket.listing("", "/", whole=False)
    if folder and (there := [*top.folders, *top.objects]):
        return (
            f'{where}.prefix: the bucket "{bucket.name}" lists nothing below "{folder}", '
            f"{nearest(folder, there)}"
        )
    return f'{where}.bucket: the bucket "{bucket.name}" lists nothing'


# ---------------------------------------------------------------- pinning


def _pins(
    http: requests.Session, bucket: Bucket, objects: dict[str, Stored], where: str
) -> dict[str, tuple[str, str]]:
    """Return algorithm and hash of each object."""
    pins: dict[str, tuple[str, str]] = {}
    say_now = Seldom()
    for key, stored in objects.items():
        if stored.storage in COLD:
            raise IsomorphError(
                f"{where}: {key} lies in cold storage ({stored.storage}), from which nothing can "
                "be downloaded; leave it out with exclude"
            )
        say_now(f"{bucket.address}: {len(pins):,} of {count(len(objects), 'file')} looked at")
        whole, _, pieces = stored.etag.partition("-")
        if not re.fullmatch(r"[0-9a-f]{32}", whole):
            continue
        if not pieces:
            pins[key] = ("md5", whole)
        elif piece := _piece(http, bucket.url(key), stored.size, pieces):
            pins[key] = (f"md5/{piece}", whole)
    md5s = [key for key, (algorithm, _) in pins.items() if algorithm == "md5"]
    if md5s:
        first = min(md5s, key=lambda key: (objects[key].size, key))
        if _digest(http, bucket.url(first), objects[first].size, "md5") != pins[first][1]:
            pins = {key: pin for key, pin in pins.items() if pin[0] != "md5"}
    lacking = [key for key in objects if key not in pins]
    if lacking:
        size = in_words(sum(objects[key].size for key in lacking))
        say(
            f"{bucket.address}: {count(len(lacking), 'file')}, {size}, to be downloaded and hashed "
            "here, for want of a listed hash of their bytes"
        )
    for done, key in enumerate(lacking):
        say_now(f"{bucket.address}: {done:,} of {count(len(lacking), 'file')} hashed")
        pins[key] = ("sha256", _digest(http, bucket.url(key), objects[key].size, "sha256"))
    return {key: pins[key] for key in objects}


def _piece(http: requests.Session, url: str, size: int, pieces: str) -> int | None:
    """Return the bytes of a piece of an object, None where its pieces are not of one size."""
    address = mirrored(url)
    shown = without_password(address)
    for attempt in patience(f"{shown}: cannot be read"):
        with attempt:
            response = http.head(
                address, params={"partNumber": "1"}, timeout=TIMEOUT, allow_redirects=True
            )
            check_status(response, shown)
            length = response.headers.get("Content-Length", "")
            piece = int(length) if re.fullmatch(r"[1-9][0-9]{0,12}", length) else size + 1
            return piece if str(-(-size // piece)) == pieces else None
    raise AssertionError("patience ends by returning or raising")


def _digest(http: requests.Session, url: str, size: int, algorithm: str) -> str:
    """Return the hash of a file, read and not kept."""
    address = mirrored(url)
    shown = without_password(address)
    for attempt in patience(f"{shown}: cannot be downloaded"):
        with attempt:
            digest, have = hashes.begin(algorithm, size), 0
            headers = {"Accept-Encoding": "identity"}
            with http.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
                check_status(response, shown)
                for block in response.raw.stream(BLOCK, decode_content=False):
                    digest.update(block)
                    have += len(block)
            if have != size:
                raise TryAgainError(f"{have:,} bytes came, the bucket lists {size:,}")
            return str(digest.hexdigest())
    raise AssertionError("patience ends by returning or raising")
