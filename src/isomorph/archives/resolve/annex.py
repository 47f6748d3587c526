"""What git-annex writes down: keys that hold hashes, remotes, and versions of objects in S3.

The formats are those of git-annex's internals (https://git-annex.branchable.com/internals/):
keys `<backend>-s<size>--<hash><ending>`, and on the branch `git-annex` the files `remote.log`,
`trust.log` and `<aaa>/<bbb>/<key>.log.rmet`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from isomorph.archives.lock import DIGITS

BRANCH = "git-annex"
"""The branch that holds the records."""
REMOTES, TRUST = "remote.log", "trust.log"

ALGORITHMS = {"MD5": "md5", "MD5E": "md5", "SHA256": "sha256", "SHA256E": "sha256"}
"""The lock's algorithm by git-annex' backend; the E says that the key ends like the file."""

BUCKETS = {
    "openneuro.org": "https://s3.amazonaws.com/openneuro.org",
    "openneuro-derivatives": "https://openneuro-derivatives.s3.amazonaws.com",
}
"""Address of the public buckets. Records give several forms of it, some without TLS."""

POINTER = b"/annex/objects/"
"""How the content of an unlocked annexed file begins; its key follows."""

_KEY = re.compile(r"(?P<backend>[A-Z0-9_]+)(?:-[a-zA-Z]\d+)*--(?P<hash>.+)")
_SIZE = re.compile(r"-s(\d+)")


@dataclass(frozen=True)
class Key:
    """A key of an annexed file.

    Attributes
    ----------
    name : str
        The whole key.
    algorithm : str or None
        As the lock names it; None for a backend whose hash a lock cannot hold.
    size : int or None
        Bytes; None where the key keeps quiet.
    hash : str
        Lower-case hexadecimal where the algorithm is known.
    """

    name: str
    algorithm: str | None
    size: int | None
    hash: str


def key_of_link(content: bytes) -> Key | None:
    """Return the key a symbolic link of an annexed file leads to, None for any other link."""
    target = content.decode("utf-8", "replace")
    return _key(PurePosixPath(target).name) if "annex/objects/" in target else None


def key_of_pointer(content: bytes) -> Key | None:
    """Return the key of an unlocked annexed file, None for any other content."""
    if not content.startswith(POINTER):
        return None
    first = content.split(b"\n", 1)[0]
    return _key(first.removeprefix(POINTER).decode("utf-8", "replace").strip())


def _key(name: str) -> Key | None:
    found = _KEY.fullmatch(name)
    if found is None:
        return None
    size = _SIZE.search(name.partition("--")[0])
    algorithm = ALGORITHMS.get(found["backend"])
    digest = found["hash"].partition(".")[0].lower()
    if algorithm and not re.fullmatch(rf"[0-9a-f]{{{DIGITS[algorithm]}}}", digest):
        algorithm = None
    return Key(name, algorithm, int(size[1]) if size else None, digest)


def plain_key(blob: str, size: int) -> Key:
    """Return the key under which the content of a plain file in git was exported."""
    return Key(f"GIT--{blob}", "git", size, blob)


def versions_file(key: str) -> str:
    """Return where the branch keeps the versions of a key's objects."""
    digest = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:3]}/{digest[3:6]}/{key}.log.rmet"


# ---------------------------------------------------------------- remotes


def public_remotes(remote_log: str, trust_log: str) -> dict[str, str]:
    """Return the bucket of each remote that is a public bucket of OpenNeuro and not dead.

    Parameters
    ----------
    remote_log, trust_log : str
        Content of the branch's files; each line begins with the remote's uuid and ends with
        `timestamp=<seconds>s`, and the newest line of a remote counts.

    Returns
    -------
    dict of str to str
        Name of the bucket by uuid.
    """
    dead = {uuid for uuid, words in _newest(trust_log).items() if "X" in words}
    remotes = {}
    for uuid, words in _newest(remote_log).items():
        settings = dict(word.split("=", 1) for word in words if "=" in word)
        bucket = settings.get("bucket", "")
        public = settings.get("type") == "S3" and "publicurl" in settings
        if public and bucket in BUCKETS and uuid not in dead:
            remotes[uuid] = bucket
    return remotes


def _newest(log: str) -> dict[str, list[str]]:
    """Return the words of the newest line of each uuid."""
    newest: dict[str, tuple[float, list[str]]] = {}
    for line in log.splitlines():
        uuid, *words = line.split(" ")
        stamp = next((w for w in words if w.startswith("timestamp=")), "timestamp=0s")
        moment = _seconds(stamp.removeprefix("timestamp="))
        if uuid not in newest or moment >= newest[uuid][0]:
            newest[uuid] = (moment, words)
    return {uuid: words for uuid, (_, words) in newest.items()}


def _seconds(stamp: str) -> float:
    """Return a time stamp as seconds since 1970; one nobody can read is the oldest."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)s?", stamp)
    return float(found[1]) if found else 0.0


# ---------------------------------------------------------------- versions


@dataclass(frozen=True)
class StoredVersion:
    """One version of an object that holds the content of a key."""

    bucket: str
    object: str
    version: str
    moment: float


def stored_versions(log: str, remotes: Mapping[str, str]) -> list[StoredVersion]:
    """Return the versions that a `.log.rmet` file knows in some remotes.

    Parameters
    ----------
    log : str
        Lines `<seconds>s <uuid>:V +<version>#<object> -<version>#<object> …`; `-` takes back, a
        value with blanks is `!` and base64.
    remotes : mapping of str to str
        Bucket by uuid.
    """
    state: dict[tuple[str, str], tuple[float, bool]] = {}
    for line in log.splitlines():
        stamp, *words = line.split(" ")
        moment, uuid = _seconds(stamp), ""
        for word in words:
            if word[:1] not in ("+", "-"):
                name, _, kind = word.rpartition(":")
                uuid = name if kind == "V" else ""
                continue
            place = (uuid, word[1:])
            if uuid in remotes and moment >= state.get(place, (0.0, False))[0]:
                state[place] = (moment, word[0] == "+")
    found = []
    for (uuid, value), (moment, holds) in state.items():
        version, hash_mark, stored = _plain(value).partition("#")
        if holds and hash_mark and version and stored:
            found.append(StoredVersion(remotes[uuid], stored, version, moment))
    return found


def _plain(value: str) -> str:
    if not value.startswith("!"):
        return value
    try:
        return base64.b64decode(value[1:], validate=True).decode("utf-8")
    except ValueError:
        return ""  # no version: the address then has none


def address(repository: str, path: str, versions: list[StoredVersion]) -> str:
    """Return where to ask for a file: its own object's newest version, or what holds the same.

    Parameters
    ----------
    repository : str
        `ds000105`, or one of derivatives, `ds000105-fmriprep`.
    path : str
        In the repository.
    versions : list of StoredVersion
        Of the file's key. A key is its content's hash, so any of them holds the same bytes.

    Returns
    -------
    str
        Without a version where none is known.
    """
    if not versions:
        _, derived, pipeline = repository.partition("-")
        if derived:
            return f"{BUCKETS['openneuro-derivatives']}/{quote(f'{pipeline}/{repository}/{path}')}"
        return f"{BUCKETS['openneuro.org']}/{quote(f'{repository}/{path}')}"
    best = max(versions, key=lambda one: (one.object.endswith(f"/{path}"), one.moment))
    return f"{BUCKETS[best.bucket]}/{quote(best.object)}?versionId={quote(best.version, safe='')}"
