"""A git repository over HTTPS, of which only the trees and the blobs asked for are brought."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from isomorph.archives.mirrors import mirrored
from isomorph.archives.patience import (
    TryAgainError,
    patience,
    without_password,
    without_secrets,
)
from isomorph.errors import IsomorphError
from isomorph.saying import say

BATCH = 5000
"""Blobs asked for in one request: 41 bytes each, so a body of some 200 KB."""
LINK = "120000"
"""The mode of a symbolic link."""
COMMIT = re.compile(r"[0-9a-f]{40}")

_SETTINGS = (
    "credential.helper=",  # a repository that asks for a password is not a public one
    "gc.auto=0",
    "maintenance.auto=false",
    "http.lowSpeedLimit=100",  # bytes per second, for
    "http.lowSpeedTime=120",  # seconds, after which git gives up
    "fetch.negotiationAlgorithm=noop",  # nothing here is worth telling the server about
    "advice.detachedHead=false",
)
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GCM_INTERACTIVE": "never",
    "GIT_NO_LAZY_FETCH": "1",  # what lacks is asked for here, many at a time
    "LC_ALL": "C",
}
_ELSEWHERE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE",
)  # fmt: skip
"""Variables that point git at a repository, as inside a hook; they do not mean this one."""
_ABSENT = ("not found", "could not read username", "authentication failed", "error: 40", "not our")
_PASSING = (
    "could not resolve host", "connection", "timed out", "timeout", "early eof", "hung up",
    "rpc failed", "error: 5", "error: 429", "reset by peer", "unexpected disconnect", "too slow",
)  # fmt: skip
"""What git says when the line or the server is at fault, in lower case."""
_NO_SHALLOW = "dumb http transport does not support shallow"


@dataclass(frozen=True)
class Entry:
    """A file in a tree."""

    mode: str
    blob: str


@dataclass
class Repository:
    """A bare repository in a temporary folder.

    All history and all blobs of a dataset can be gigabytes and 57,000 files; what is needed are
    two trees and the few blobs of the files asked for. So one fetch brings, one commit deep and
    without blobs (`--depth=1 --filter=blob:none`), the snapshot and the records of git-annex, and
    each further fetch names thousands of blobs at once: reading them from a partial clone
    would ask the server for one after another. A server that knows no filter sends everything
    the first time, after which nothing lacks; one that cannot cut history sends that as well.

    Attributes
    ----------
    folder : Path
    url : str
        As the archive is known, before any mirror.
    """

    folder: Path
    url: str
    _local: set[str] = field(default_factory=set)

    def references(self) -> dict[str, str]:
        """Return the commit of each branch and tag by its full name, `refs/tags/1.0.0`."""
        told = self._ask(["ls-remote", "origin"])
        lines = told.decode("utf-8", "surrogateescape").split("\n")
        words = [line.split("\t", 1) for line in lines if "\t" in line]
        found = {name: commit for commit, name in words}
        # an annotated tag comes twice, the second time as its commit
        return {name: found.get(f"{name}^{{}}", sha) for name, sha in found.items()
                if name.startswith("refs/") and not name.endswith("^{}")}  # fmt: skip

    def bring(self, sources: dict[str, str]) -> None:
        """Fetch commits under local names, with their trees.

        Parameters
        ----------
        sources : dict of str to str
            Branch, tag or commit on the server by local name.
        """
        refs = [f"+{source}:refs/isomorph/{name}" for name, source in sources.items()]
        fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]
        try:
            self._ask([*fetch, "--depth=1", "--filter=blob:none", "origin", *refs])
        except _NoShallowError:
            # The attempt left the remote marked as one that sends the rest later, and this one
            # never will.
            self._run(["config", "--remove-section", "remote.origin"])
            self._run(["config", "remote.origin.url", mirrored(self.url)])
            self._ask([*fetch, "origin", *refs])
        self._look()

    def commit(self, name: str) -> str:
        """Return the commit of a local name."""
        said = self._run(["rev-parse", "--verify", f"refs/isomorph/{name}^{{commit}}"])
        return said.decode().strip()

    def tree(self, name: str) -> dict[str, Entry]:
        """Return every file of a commit by path; submodules are none."""
        entries = {}
        for line in self._run(["ls-tree", "-r", "-z", f"refs/isomorph/{name}"]).split(b"\0"):
            if line:
                head, path = line.split(b"\t", 1)
                mode, kind, blob = head.decode().split()
                if kind == "blob":
                    entries[path.decode("utf-8", "surrogateescape")] = Entry(mode, blob)
        return entries

    def read(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Return the content of blobs by their id, those not here fetched many at a time."""
        wanted = sorted(set(blobs))
        if not wanted:
            return {}
        lacking = [blob for blob in wanted if blob not in self._local]
        for start in range(0, len(lacking), BATCH):
            if start:
                say(f"{self.url}: {start:,} of {len(lacking):,} records")
            # As git itself asks for what a partial clone lacks.
            self._ask(
                ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                 "--recurse-submodules=no", "--filter=blob:none", "--stdin", "origin"],
                "\n".join(lacking[start : start + BATCH]) + "\n",
            )  # fmt: skip
        if lacking:
            self._look()
        if absent := [blob for blob in wanted if blob not in self._local]:
            raise IsomorphError(
                f"{self._address}: the server did not send {len(absent):,} of {len(wanted):,} "
                f"objects ({absent[0]}, …); run again later"
            )
        return _split(self._run(["cat-file", "--batch"], "\n".join(wanted) + "\n"), wanted)

    # ------------------------------------------------------------ git

    @property
    def _address(self) -> str:
        return without_password(mirrored(self.url))

    def _look(self) -> None:
        """Take stock of what is here; asking for one blob would fetch it."""
        listed = self._run(
            ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered"]
        )
        self._local = set(listed.decode().split())

    def _ask(self, arguments: Sequence[str], text: str = "") -> bytes:
        """Run git where it talks to the server; what may pass is waited out."""
        for attempt in patience(f"{self._address}: cannot be read"):
            with attempt:
                done = _git(self.folder, arguments, text)
                if done.returncode == 0:
                    return done.stdout
                self._refuse(done.stderr.decode("utf-8", "replace"))
        raise AssertionError("patience ends by returning or raising")

    def _refuse(self, said: str) -> None:
        low = said.lower()
        reason = _reason(said)
        if _NO_SHALLOW in low:
            raise _NoShallowError(reason)
        if any(phrase in low for phrase in _PASSING):
            raise TryAgainError(reason)
        if any(phrase in low for phrase in _ABSENT):
            raise IsomorphError(
                f"{self._address}: there is no such public repository or commit ({reason}); check "
                "archive.sources"
            )
        raise IsomorphError(f"{self._address}: git cannot read it ({reason})")

    def _run(self, arguments: Sequence[str], text: str = "") -> bytes:
        """Run git where it needs nobody."""
        done = _git(self.folder, arguments, text)
        if done.returncode != 0:
            raise IsomorphError(
                f"{self._address}: git cannot read what the server sent "
                f"({_reason(done.stderr.decode('utf-8', 'replace'))})"
            )
        return done.stdout


class _NoShallowError(Exception):
    """The server is a plain file server, which can cut no history."""


def _git(folder: Path, arguments: Sequence[str], text: str) -> subprocess.CompletedProcess[bytes]:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    kept = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    return subprocess.run(
        ["git", *settings, "--git-dir", str(folder), *arguments],
        input=text.encode(),
        capture_output=True,
        env=kept | _ENVIRONMENT,
        check=False,
    )


def _reason(said: str) -> str:
    """Return the line of git's complaint that says what is wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))] or lines
    return without_secrets(told[0].partition(": ")[2] or told[0]) if told else "silent"


def _split(output: bytes, wanted: Sequence[str]) -> dict[str, bytes]:
    """Take what `cat-file --batch` printed apart: a line `<id> <kind> <size>`, then the content."""
    contents, place = {}, 0
    for blob in wanted:
        end = output.index(b"\n", place)
        size = int(output[place:end].rpartition(b" ")[2])
        contents[blob] = output[end + 1 : end + 1 + size]
        place = end + 1 + size + 1
    return contents


@contextmanager
def repository(url: str) -> Iterator[Repository]:
    """Yield an empty repository that knows a server; it is gone when the block ends.

    Raises
    ------
    IsomorphError
        When there is no git.
    """
    if shutil.which("git") is None:
        raise IsomorphError(
            f"{url}: is read with git, which is not installed here; install git "
            "(https://git-scm.com) and run again"
        )
    with tempfile.TemporaryDirectory(prefix="isomorph-", ignore_cleanup_errors=True) as name:
        here = Repository(Path(name), url)
        here._run(["init", "--quiet", "--bare", "--template="])
        here._run(["remote", "add", "origin", mirrored(url)])
        yield here
