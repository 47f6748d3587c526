"""A public S3 bucket over HTTPS: where it stands, what it lists, and why it does not."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

import requests

from isomorph.archives.mirrors import mirrored
from isomorph.archives.patience import (
    TIMEOUT,
    RefusedError,
    check_status,
    patience,
    without_password,
)
from isomorph.errors import IsomorphError
from isomorph.saying import Seldom

COLD = {"GLACIER", "DEEP_ARCHIVE"}
"""Classes of storage from which nothing can be downloaded as it is."""


@dataclass(frozen=True)
class Stored:
    """An object as a listing has it.

    Attributes
    ----------
    size : int
        Bytes.
    etag : str
        Without its quotation marks, lower-case.
    storage : str
        Its class of storage.
    """

    size: int
    etag: str
    storage: str


@dataclass(frozen=True)
class Listing:
    """What stands below a prefix.

    Attributes
    ----------
    objects : dict of str to Stored
        By key; the empty objects that stand for folders are left out.
    folders : tuple of str
        Keys up to the delimiter and with it, where one was given.
    """

    objects: dict[str, Stored]
    folders: tuple[str, ...]


def bucket_address(bucket: str, region: str = "") -> str:
    """Return the address of a public bucket.

    Under its own host name a bucket is found in whatever region it stands; a dot in its name does
    not go with the certificate of those names, and such a bucket is a folder of a common host,
    which answers for its own region alone.
    """
    host = f"s3.{region}.amazonaws.com" if region else "s3.amazonaws.com"
    return f"https://{host}/{bucket}" if "." in bucket else f"https://{bucket}.{host}"


class Bucket:
    """A public bucket that is asked what it holds; a question is put once.

    Parameters
    ----------
    http : requests.Session
    name : str
        Of the bucket.
    where : str
        Opening of every mistake: the dataset's file and the key.
    """

    def __init__(self, http: requests.Session, name: str, where: str) -> None:
        self.name = name
        self.address = bucket_address(name)
        self._http, self._where, self._region = http, where, ""
        self._say = Seldom()
        self._known: dict[tuple[str, str, bool], Listing] = {}

    def url(self, key: str) -> str:
        """Return the address of an object."""
        return f"{self.address}/{quote(key)}"

    def listing(self, prefix: str, delimiter: str = "", whole: bool = True) -> Listing:
        """Return what stands below a prefix (ListObjectsV2).

        Parameters
        ----------
        prefix : str
            How the keys begin.
        delimiter : str, optional
            Keys that hold it behind the prefix are rolled up into a folder.
        whole : bool, optional
            All pages of it, or else the first.

        Raises
        ------
        IsomorphError
            When the bucket is not there, not open to all, or does not answer with a listing.
        """
        asked = (prefix, delimiter, whole)
        if asked not in self._known:
            self._known[asked] = self._listing(*asked)
        return self._known[asked]

    def _listing(self, prefix: str, delimiter: str, whole: bool) -> Listing:
        # Keys may hold what XML may not, so they come encoded.
        query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
        query |= {"delimiter": delimiter} if delimiter else {}
        objects: dict[str, Stored] = {}
        folders: list[str] = []
        tokens: set[str] = set()
        while True:
            self._say(f"{self.address}: listing {prefix or 'its top'}, {len(objects):,} files yet")
            page = self._page(query)
            encoded = page.findtext("EncodingType") == "url"
            for entry in page.findall("Contents"):
                key, stored = self._entry(entry, prefix, encoded)
                if not key.endswith("/"):  # a folder that the console made
                    objects[key] = stored
            for entry in page.findall("CommonPrefixes"):
                folder = entry.findtext("Prefix", "")
                folders.append(unquote_plus(folder) if encoded else folder)
            if page.findtext("IsTruncated") != "true" or not whole:
                return Listing(objects, tuple(folders))
            token = page.findtext("NextContinuationToken")
            if not token or token in tokens:
                what = "its pages lead in a circle" if token else "it breaks off"
                raise self._no_listing(what)
            tokens.add(token)
            query = {**query, "continuation-token": token}

    def _entry(self, entry: ET.Element, prefix: str, encoded: bool) -> tuple[str, Stored]:
        key, size = entry.findtext("Key", ""), entry.findtext("Size", "")
        key = unquote_plus(key) if encoded else key
        if not key.startswith(prefix) or not re.fullmatch(r"[0-9]{1,18}", size):
            raise self._no_listing(f"{key!r} of {size!r} bytes below {prefix!r}")
        etag = entry.findtext("ETag", "").strip('"').lower()
        return key, Stored(int(size), etag, entry.findtext("StorageClass", ""))

    def _page(self, query: dict[str, str]) -> ET.Element:
        """Return one answer of the bucket, from the region it says it stands in."""
        while True:
            response = self._ask(query)
            page = _parsed(response.content)
            if response.ok and page is not None and page.tag == "ListBucketResult":
                return page
            code = "" if page is None else page.findtext("Code", "")
            said = f"{response.status_code} {code}".strip()
            if response.status_code == requests.codes.not_found:
                raise IsomorphError(
                    f'{self._where}.bucket: there is no public bucket "{self.name}"'
                )
            if response.status_code == requests.codes.forbidden:
                raise IsomorphError(
                    f'{self._where}.bucket: the bucket "{self.name}" may not be listed by everyone '
                    f"({said}): it is private, or whoever reads it pays; copy the files with your "
                    "own access and name their folder with kind: local"
                )
            if response.status_code < requests.codes.multiple_choices:
                raise self._no_listing()
            region = _region(response.headers.get("x-amz-bucket-region", ""), page)
            if not region:
                raise self._no_listing(said)
            if self._region:
                raise self._no_listing(f"it is sent on from {self._region} to {region}")
            self._region, self.address = region, bucket_address(self.name, region)

    def _ask(self, query: dict[str, str]) -> requests.Response:
        address = mirrored(self.address + ("" if "." in self.name else "/"))
        shown = without_password(address)
        for attempt in patience(f"{shown}: cannot be read"):
            with attempt:
                response = self._http.get(address, params=query, timeout=TIMEOUT)
                with suppress(RefusedError):  # what that means is said by who asks
                    check_status(response, shown)
                return response
        raise AssertionError("patience ends by returning or raising")

    def _no_listing(self, what: str = "") -> IsomorphError:
        return IsomorphError(
            f"{without_password(mirrored(self.address))}: answers with no listing of a bucket; "
            f"check {self._where}.bucket and ISOMORPH_MIRRORS" + (f" ({what})" if what else "")
        )


def _parsed(answer: bytes) -> ET.Element | None:
    """Return an answer without namespaces, in which servers differ; None of what is no XML."""
    try:
        page = ET.fromstring(answer)
    except (ET.ParseError, LookupError, ValueError):  # which it raises for an odd encoding
        return None
    for element in page.iter():
        element.tag = element.tag.rpartition("}")[2]
    return page


def _region(said: str, page: ET.Element | None) -> str:
    """Return the region that a header, or else the address in an error, names; '' without."""
    endpoint = "" if page is None else page.findtext("Endpoint", "")
    name = r"[a-z]{2,3}(?:-[a-z]+)+-[0-9]{1,2}"
    found = re.search(rf"^({name})$", said) or re.search(rf"s3[.-]({name})\.amazonaws", endpoint)
    return found[1] if found else ""
