"""A public S3 bucket: listed, and every file hashed once, for it has no hash to trust."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from urllib.parse import quote, unquote_plus

import requests

from isomorph.archives.download import BLOCK
from isomorph.archives.lock import LockedFile, below
from isomorph.archives.mirrors import mirrored
from isomorph.archives.pace import session
from isomorph.archives.patience import (
    TIMEOUT,
    TryAgainError,
    check_status,
    patience,
    without_password,
)
from isomorph.archives.resolve.resolution import Resolution, check_path, join
from isomorph.archives.resolve.selection import choose
from isomorph.errors import IsomorphError
from isomorph.saying import Seldom
from isomorph.study.archive import BucketFiles


def resolve(files: BucketFiles, subjects: Sequence[str], where: str) -> Resolution:
    """Pin files of a bucket by downloading each once.

    An object's ETag is the md5 of its bytes only when it was uploaded in one piece and without
    encryption, which a listing does not say; so it is never used.

    Parameters
    ----------
    files : BucketFiles
    subjects : sequence of str
        What `{subject}` stands for.
    where : str
        Opening of every mistake: the dataset's file and the key.

    Raises
    ------
    IsomorphError
        When the bucket or a file is not there or not public.
    """
    folder = files.prefix.strip("/") + "/" if files.prefix.strip("/") else ""
    address = bucket_address(files.bucket)
    with session() as http:
        sizes = dict(_listed(http, files.bucket, folder, where))
        chosen = choose(sizes, files.include, (), subjects, where)
        for path in chosen.subjects:
            check_path(below(files.into, path), where, "name the others alone with include")
        pinned: list[LockedFile] = []
        say = Seldom()
        for path in chosen.subjects:
            say(f"{address}: {len(pinned):,} of {len(chosen.subjects):,} files hashed")
            url = f"{address}/{quote(folder + path)}"
            digest = _sha256(http, url, sizes[path])
            pinned.append(LockedFile(below(files.into, path), sizes[path], "sha256", digest, url))
    note = (
        f"bucket {files.bucket}, {folder or 'all of it'}: {address}, {len(pinned):,} files, "
        "downloaded and hashed here, for the bucket has no hash to trust"
    )
    subjects_of = {below(files.into, path): subject for path, subject in chosen.subjects.items()}
    into = {file.path: files.into.strip("/") for file in pinned}
    return join([Resolution(tuple(pinned), (note,), subjects_of, chosen.remarks, into)], where)


def bucket_address(bucket: str) -> str:
    """Return the address of a public bucket.

    Under its own host name a bucket is found in whatever region it stands; a dot in its name does
    not go with the certificate of those names, and such a bucket is a folder of the common host.
    """
    if "." in bucket:
        return f"https://s3.amazonaws.com/{bucket}"
    return f"https://{bucket}.s3.amazonaws.com"


def _listed(
    http: requests.Session, bucket: str, folder: str, where: str
) -> Iterator[tuple[str, int]]:
    """Yield path below a folder and size of every object (ListObjectsV2)."""
    url = bucket_address(bucket)
    # Keys may hold what XML may not, so they come encoded.
    query = {"list-type": "2", "encoding-type": "url", "prefix": folder}
    no_listing = (
        f"{without_password(mirrored(url))}: answers with no listing of a bucket; check "
        f"{where}.bucket and ISOMORPH_MIRRORS"
    )
    tokens: set[str] = set()
    while True:
        try:
            answer = _ask(http, url + ("" if "." in bucket else "/"), query)
            if answer is None:
                raise IsomorphError(f'{where}.bucket: there is no public bucket "{bucket}"')
            page = ET.fromstring(answer)
        except (ET.ParseError, LookupError, ValueError):  # which it raises for an odd encoding
            raise IsomorphError(no_listing) from None
        for element in page.iter():
            element.tag = element.tag.rpartition("}")[2]  # servers differ in the namespace
        encoded = page.findtext("EncodingType") == "url"
        for entry in page.findall("Contents"):
            key = entry.findtext("Key", "")
            key = unquote_plus(key) if encoded else key
            size = entry.findtext("Size", "")
            if not key.startswith(folder) or not re.fullmatch(r"[0-9]{1,18}", size):
                raise IsomorphError(f"{no_listing} ({key!r} of {size!r} bytes below {folder!r})")
            path = key.removeprefix(folder)
            if path and not path.endswith("/"):  # a folder that the console made
                yield path, int(size)
        if page.findtext("IsTruncated") != "true":
            return
        token = page.findtext("NextContinuationToken")
        if not token or token in tokens:
            raise IsomorphError(
                f"{no_listing} ({'its pages lead in a circle' if token else 'it breaks off'})"
            )
        tokens.add(token)
        query = {**query, "continuation-token": token}


def _ask(http: requests.Session, url: str, query: dict[str, str]) -> bytes | None:
    """Return what the server of a bucket answers, None where it knows no such bucket."""
    address = mirrored(url)
    shown = without_password(address)
    for attempt in patience(f"{shown}: cannot be read"):
        with attempt:
            response = http.get(address, params=query, timeout=TIMEOUT)
            if response.status_code == requests.codes.not_found:
                return None
            check_status(response, shown)
            return response.content
    raise AssertionError("patience ends by returning or raising")


def _sha256(http: requests.Session, url: str, size: int) -> str:
    """Return the sha256 of a file, read and not kept."""
    address = mirrored(url)
    shown = without_password(address)
    for attempt in patience(f"{shown}: cannot be downloaded"):
        with attempt:
            digest, have = hashlib.sha256(), 0
            headers = {"Accept-Encoding": "identity"}
            with http.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
                check_status(response, shown)
                for block in response.raw.stream(BLOCK, decode_content=False):
                    digest.update(block)
                    have += len(block)
            if have != size:
                raise TryAgainError(f"{have:,} bytes came, the bucket lists {size:,}")
            return digest.hexdigest()
    raise AssertionError("patience ends by returning or raising")
