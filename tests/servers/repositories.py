"""OpenNeuro's git repositories on the loopback interface, built from folders of files.

`root/<dataset>/<version>/<path>` becomes `<url>/OpenNeuroDatasets/<dataset>.git`, and
`root/<dataset>-<pipeline>/<version>/…` `<url>/OpenNeuroDerivatives/<dataset>-<pipeline>.git`: a
tag for each version, small texts as they are, all else as links to git-annex keys, and the branch
git-annex with the remotes and the versions of the objects in S3.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

NAME = re.compile(r"ds[0-9]{6}(-[a-z0-9]+)?")
CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = true
[uploadpack]
\tallowFilter = true
"""
PUBLIC, DEAD = "58443c6c-00c7-4b06-a405-d5d699b354bc", "0e4ef9a2-0000-4000-8000-00000000dead"
"""The remote that holds everything, and one that was given up."""
TEXTS = (".json", ".tsv", ".csv", ".txt", ".md", ".bval", ".bvec", ".vhdr", ".vmrk", "")
LARGE = 100_000
"""Bytes from which a text is annexed too."""
ENDINGS = re.compile(r"(\.[A-Za-z0-9]{1,4}){0,2}$")

Versions = Callable[[str, str], str | None]
"""Version id of an object by its key in the bucket and its git-annex key; None for no record."""


@dataclass(frozen=True)
class Annexed:
    """A file of which only the key is known."""

    key: str


def made_up(stored: str, key: str) -> str:
    """Return a version id that looks like one, the same for the same object and content."""
    digest = hashlib.sha256(f"{stored} {key}".encode()).digest()
    return base64.b64encode(digest, b"._")[:32].decode()


def unversioned(stored: str, key: str) -> None:
    """Record no versions, as for many old datasets."""


def annex_key(path: str, content: bytes, backend: str) -> str:
    """Return the key git-annex gives to some content."""
    digest = hashlib.new(backend.rstrip("E").lower(), content).hexdigest()
    ending = ENDINGS.search(path.rpartition("/")[2])
    return f"{backend}-s{len(content)}--{digest}{ending[0] if ending else ''}"


def is_annexed(path: str, content: bytes) -> bool:
    """Tell whether OpenNeuro would annex a file: images and recordings, and large texts."""
    name = path.rpartition("/")[2].lstrip(".")
    suffix = f".{name.rpartition('.')[2]}" if "." in name else ""
    return suffix not in TEXTS or len(content) >= LARGE


def read_version(folder: Path, backend: str) -> dict[str, bytes | Annexed]:
    """Read a version of a dataset from a folder."""
    files: dict[str, bytes | Annexed] = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            path, content = file.relative_to(folder).as_posix(), file.read_bytes()
            annexed = is_annexed(path, content)
            files[path] = Annexed(annex_key(path, content, backend)) if annexed else content
    return files


def build(
    target: Path,
    dataset: str,
    versions: dict[str, dict[str, bytes | Annexed]],
    version_of: Versions = made_up,
    links: dict[str, str] | None = None,
) -> None:
    """Build a bare repository of the layout of OpenNeuro's.

    Parameters
    ----------
    target : Path
        Where it is made.
    dataset : str
        Name of the repository.
    versions : dict
        Content by path, by tag.
    version_of : callable
        Version ids.
    links : dict, optional
        Further symbolic links by path, in every version.
    """
    for folder in ("objects", "refs"):  # as `git init --bare` does, without a process
        (target / folder).mkdir(parents=True)
    (target / "HEAD").write_text("ref: refs/heads/main\n")
    (target / "config").write_text(CONFIG)
    stream: list[bytes] = []
    recorded: dict[str, list[str]] = {}
    bucket, prefix = _bucket(dataset), _prefix(dataset)
    for tag, files in versions.items():
        tree = []
        for path, content in files.items():
            if isinstance(content, Annexed):
                up = "../" * path.count("/")
                goal = f"{up}.git/annex/objects/Kx/3q/{content.key}/{content.key}"
                tree.append(("120000", path, goal.encode()))
                key = content.key
            else:
                tree.append(("100644", path, content))
                key = f"GIT--{_blob(content)}"
            if version := version_of(f"{prefix}{path}", key):
                value = f"{version}#{prefix}{path}"
                if " " in value:
                    value = f"!{base64.b64encode(value.encode()).decode()}"
                recorded.setdefault(key, [])
                if value not in recorded[key]:
                    recorded[key].append(value)
        tree += [("120000", path, goal.encode()) for path, goal in (links or {}).items()]
        stream += _commit("refs/heads/main", tag, tree)
        stream.append(b"reset refs/tags/%b\nfrom refs/heads/main\n\n" % tag.encode())
    public = f"bucket={bucket} exporttree=yes fileprefix={prefix} publicurl=https://s3.example.org"
    records = {
        "uuid.log": f"{PUBLIC} s3-PUBLIC timestamp=1s\n",
        "remote.log": "".join(
            f"{uuid} autoenable=true {public} name={name} type=S3 versioning=yes "
            "timestamp=1500000000s\n"
            for uuid, name in ((PUBLIC, "s3-PUBLIC"), (DEAD, "s3-PRIVATE"))
        ),
        "trust.log": f"{DEAD} X timestamp=1500000001s\n{PUBLIC} 1 timestamp=1500000001s\n",
    }
    for key, values in recorded.items():
        digest = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
        records[f"{digest[:3]}/{digest[3:6]}/{key}.log.rmet"] = (
            f"1600000000.5s {PUBLIC}:V {' '.join(f'+{value}' for value in values)}\n"
            f"1700000000.5s {DEAD}:V +gone{values[0]}\n"
        )
    tree = [("100644", path, text.encode()) for path, text in records.items()]
    stream += _commit("refs/heads/git-annex", "update", tree)
    _git(target, "fast-import", "--quiet", "--force", text=b"".join(stream))


def _commit(branch: str, message: str, tree: Iterable[tuple[str, str, bytes]]) -> list[bytes]:
    """Return a commit of just these files, as fast-import reads it."""
    who = b"nobody <nobody@example.org> 1600000000 +0000"
    said = message.encode()
    head = b"commit %b\ncommitter %b\ndata %d\n%b\n" % (branch.encode(), who, len(said), said)
    lines = [head, b"deleteall\n"]
    for mode, path, content in tree:
        quoted = path.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'M {mode} inline "{quoted}"\n'.encode())
        lines.append(b"data %d\n%b\n" % (len(content), content))
    return [*lines, b"\n"]


def _bucket(dataset: str) -> str:
    return "openneuro-derivatives" if "-" in dataset else "openneuro.org"


def _prefix(dataset: str) -> str:
    pipeline = dataset.partition("-")[2]
    return f"{pipeline}/{dataset}/" if pipeline else f"{dataset}/"


def _blob(content: bytes) -> str:
    head = b"blob %d\0" % len(content)
    return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()


def _environment() -> dict[str, str]:
    """Return the variables that are not about some other repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _git(folder: Path, *arguments: str, text: bytes = b"") -> bytes:
    done = subprocess.run(
        ["git", "--git-dir", str(folder), *arguments],
        input=text,
        env=_environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


# ---------------------------------------------------------------- the server


@dataclass
class Server:
    """Bare repositories below a folder, `<folder>/<owner>/<name>.git`.

    `log` holds the requests; `statuses` answers the next ones with errors instead; `dumb` makes it
    a plain file server.
    """

    folder: Path
    dumb: bool = False
    url: str = ""
    log: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def mirrors(self) -> str:
        """What ISOMORPH_MIRRORS must hold."""
        return f"https://github.com={self.url}"

    def place(self, dataset: str) -> Path:
        """Return where the repository of a dataset stands or shall stand."""
        owner = "OpenNeuroDerivatives" if "-" in dataset else "OpenNeuroDatasets"
        return self.folder / owner / f"{dataset}.git"

    def configure(self, dataset: str, **settings: str) -> None:
        """Set what a repository allows: `allowFilter="false"`."""
        for name, value in settings.items():
            _git(self.place(dataset), "config", f"uploadpack.{name}", value)


@contextmanager
def serve(
    root: Path | None = None,
    *,
    version_of: Versions = made_up,
    backend: str = "MD5E",
    dumb: bool = False,
) -> Iterator[Server]:
    """Serve the datasets of OpenNeuro among `root/<dataset>/<version>/…` while the block runs.

    Parameters
    ----------
    root : Path, optional
        Folders of other names are passed over. Without it, put repositories to `Server.place`.
    version_of : callable
        Version ids of the objects, `made_up` or `unversioned`.
    backend : str
        `MD5E` or `SHA256E`.
    dumb : bool
        Serve files and nothing else.
    """
    with tempfile.TemporaryDirectory() as name:
        server = Server(Path(name), dumb)
        for folder in sorted(root.iterdir()) if root else ():
            if NAME.fullmatch(folder.name) and folder.is_dir():
                versions = {
                    one.name: read_version(one, backend)
                    for one in sorted(folder.iterdir())
                    if one.is_dir()
                }
                place = server.place(folder.name)
                build(place, folder.name, versions, version_of)
                if dumb:
                    _git(place, "update-server-info")
        with _Http(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"repositories": server})
        ) as http:
            server.url = f"http://127.0.0.1:{http.server_address[1]}"
            thread = Thread(target=http.serve_forever, args=(0.01,), daemon=True)
            thread.start()
            try:
                yield server
            finally:
                http.shutdown()
                thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    """Hands requests to `git http-backend`, or sends files."""

    protocol_version = "HTTP/1.1"
    repositories: Server

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        server, parts = self.repositories, urlsplit(self.path)
        body = self._body()
        server.log.append(f"{self.command} {self.path}")
        path = unquote(parts.path)
        if server.statuses:
            self._answer(server.statuses.pop(0), b"", {})
        elif not any(path.startswith(f"/{one}/") for one in self._owned()):
            self._answer(404, b"", {})
        elif server.dumb:
            file = server.folder / path.lstrip("/")
            known = file.is_file() and ".." not in path
            self._answer(200 if known else 404, file.read_bytes() if known else b"", {})
        else:
            self._backend(path, parts.query, body)

    def _owned(self) -> list[str]:
        top = self.repositories.folder
        return [folder.relative_to(top).as_posix() for folder in top.glob("*/*.git")]

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _backend(self, path: str, query: str, body: bytes) -> None:
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        environment = _environment() | {
            "GIT_PROJECT_ROOT": str(self.repositories.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "GATEWAY_INTERFACE": "CGI/1.1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        self._answer(status, content, headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
