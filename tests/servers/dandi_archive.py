"""The DANDI archive's API on the loopback interface, read side, with the faults of real ones.

It serves `root/<dandiset>/<version>/<asset path>`. What can be asked is written in the archive's
own API description, and is as much as isomorph and the archive's own client need; assets are read
again at every request, so a file that changes is another asset from then on.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

PART = 64 << 20
"""Bytes of a part of a multipart upload, whose number the etag carries."""
PIECE = 1 << 16
"""Bytes sent at a time."""
NAMESPACE = uuid.UUID("00000000-0000-0000-0000-0000000da7d1")
CLIENT = "0.74.0"
"""The oldest client the archive says it serves."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one answer.

    Attributes
    ----------
    status : int
        Answer with this status and no content.
    retry_after : str or None
        The header of that name.
    truncate : int or None
        Close the line after so many bytes of the body.
    corrupt : bool
        Flip every bit of the file's last byte.
    etag : bool
        In metadata: give the etag of the corrupted file.
    digest : bool
        In metadata: leave the sha256 out, as before the archive has computed it.
    ignore_range : bool
        Send all with status 200 although a range was asked for.
    redirect : str or None
        Send the client there first.
    always : bool
        Stay in force for all answers to come.
    """

    status: int = 200
    retry_after: str | None = None
    truncate: int | None = None
    corrupt: bool = False
    etag: bool = False
    digest: bool = False
    ignore_range: bool = False
    redirect: str | None = None
    always: bool = False


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    range: str | None
    authorization: str | None = None


@dataclass(frozen=True)
class Asset:
    """One file of one version of a dandiset."""

    dandiset: str
    version: str
    path: str
    file: Path
    size: int
    sha256: str
    etag: str
    modified: str

    @property
    def id(self) -> str:
        return str(
            uuid.uuid5(NAMESPACE, f"{self.dandiset}/{self.version}/{self.path}/{self.sha256}")
        )

    @property
    def blob(self) -> str:
        return str(uuid.uuid5(NAMESPACE, self.sha256))

    @property
    def metadata_path(self) -> str:
        return f"/api/assets/{self.id}/"

    @property
    def download_path(self) -> str:
        return f"/api/assets/{self.id}/download/"

    @property
    def blob_path(self) -> str:
        """Where the bytes are, as in the archive's bucket."""
        return f"/blobs/{self.blob[:3]}/{self.blob[3:6]}/{self.blob}"


def dandi_etag(content: bytes) -> str:
    """Return the etag of a file as a multipart upload gives it: a hash of hashes and their count.

    Source: the dandischema package, `dandischema.digests.dandietag`.
    """
    part = PART if len(content) <= PART * 10_000 else math.ceil(len(content) / 10_000)
    digests = [
        hashlib.md5(content[start : start + part]).digest()
        for start in range(0, len(content), part)
    ]
    return f"{hashlib.md5(b''.join(digests)).hexdigest()}-{len(digests)}"


def altered(content: bytes) -> bytes:
    """Return a file with its last byte flipped."""
    return content[:-1] + bytes([content[-1] ^ 0xFF])


@dataclass
class Server:
    """A running archive.

    Attributes
    ----------
    root : Path
        Holds `<dandiset>/<version>/<asset path>`.
    url : str
        What stands in for https://api.dandiarchive.org.
    embargo : str or None
        The API key without which nothing is shown.
    latency : float
        Seconds before each answer.
    bandwidth : float or None
        Bytes per second of all bodies together.
    page : int
        Assets to a page where the client does not say.
    log : list of Request
        What was asked for.
    faults : dict of str to deque of Fault
        By path, what goes wrong with the next answers, one after another.
    unlisted : set of str
        Asset ids that are no longer in their version, though they still exist.
    sent : int
        Bytes of all bodies.
    """

    root: Path
    url: str = ""
    embargo: str | None = None
    latency: float = 0.0
    bandwidth: float | None = None
    page: int = 100
    log: list[Request] = field(default_factory=list)
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    sent: int = 0
    _known: dict[tuple[Path, int, int], tuple[str, str]] = field(default_factory=dict)
    _lock: Any = field(default_factory=Lock)
    _line_free: float = 0.0

    def fail(self, path: str, *faults: Fault) -> None:
        """Let the next answers for a path go wrong."""
        self.faults.setdefault(path, deque()).extend(faults)

    def asked(self, path: str) -> list[Request]:
        """Return the requests for a path."""
        return [request for request in self.log if request.path == path]

    def assets(self) -> list[Asset]:
        """Return every asset there is, in order of path."""
        found = []
        for file in sorted(self.root.glob("*/*/**/*")):
            if file.is_file() and not file.name.startswith("."):
                dandiset, version, *path = file.relative_to(self.root).parts
                if re.fullmatch(r"[0-9]{6}", dandiset):
                    found.append(self._asset(file, dandiset, version, "/".join(path)))
        return found

    def asset(self, path: str) -> Asset:
        """Return the asset at `<dandiset>/<version>/<asset path>`."""
        dandiset, version, rest = path.split("/", 2)
        return self._asset(self.root / path, dandiset, version, rest)

    def _asset(self, file: Path, dandiset: str, version: str, path: str) -> Asset:
        stat = file.stat()
        key = (file, stat.st_size, stat.st_mtime_ns)
        with self._lock:
            if key not in self._known:
                content = file.read_bytes()
                self._known[key] = hashlib.sha256(content).hexdigest(), dandi_etag(content)
            sha256, etag = self._known[key]
        modified = datetime.fromtimestamp(int(stat.st_mtime), UTC).isoformat()
        return Asset(dandiset, version, path, file, stat.st_size, sha256, etag, modified)

    def take(self, path: str) -> Fault:
        """Return what goes wrong with the answer now due, and forget it."""
        with self._lock:
            waiting = self.faults.get(path)
            if not waiting:
                return Fault()
            return waiting[0] if waiting[0].always else waiting.popleft()

    def pace(self, size: int) -> None:
        """Count bytes and wait until so many may have gone over the line."""
        with self._lock:
            self.sent += size
        if not self.bandwidth:
            return
        with self._lock:
            self._line_free = free = max(self._line_free, time.monotonic()) + size / self.bandwidth
        while self.bandwidth and (wait := free - time.monotonic()) > 0:
            time.sleep(min(wait, 0.05))  # the line may become free of its limit meanwhile


@contextmanager
def serve(root: Path, **settings: Any) -> Iterator[Server]:
    """Serve a folder while the block runs; settings are attributes of `Server`."""
    server = Server(Path(root), **settings)
    http = _Http(("127.0.0.1", 0), type("Handler", (_Handler,), {"archive": server}))
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True  # a client that was killed keeps no one waiting

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that hang up, which the faults make them do."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    archive: Server

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        server, parts = self.archive, urlsplit(self.path)
        path = unquote(parts.path)
        server.log.append(
            Request(self.command, path, self.headers["Range"], self.headers["Authorization"])
        )
        if server.latency:
            time.sleep(server.latency)
        fault = server.take(path)
        if fault.redirect:
            self._answer(302, b"", {"Location": fault.redirect})
        elif fault.status != 200:
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            self._answer(fault.status, b"", headers)
        elif found := re.fullmatch(r"/blobs/\w{3}/\w{3}/([\w-]+)", path):
            self._blob(found[1], fault)
        elif path.rstrip("/") == "/api/info":
            self._json(self._about())
        elif not path.startswith("/api/"):
            self._lacking()
        elif server.embargo and self.headers["Authorization"] != f"token {server.embargo}":
            self._json({"detail": "Authentication credentials were not provided."}, 401)
        elif path == "/api/auth/token":
            self._json(server.embargo or "")
        elif found := re.fullmatch(r"/api/assets/([\w-]+)/(?:(info|download)/)?", path):
            self._one(found[1], found[2], fault)
        elif found := re.fullmatch(r"/api/dandisets/(\d{6})/(.*)", path):
            self._dandiset(found[1], found[2], parse_qs(parts.query), fault)
        else:
            self._lacking()

    # ------------------------------------------------------------ what there is

    def _about(self) -> dict[str, Any]:
        api = {"url": f"{self.archive.url}/api"}
        return {
            "version": "0.0.0",
            "schema_version": "0.7.0",
            "cli-minimal-version": CLIENT,
            "cli-bad-versions": [],
            "services": {"api": api, "webui": {"url": self.archive.url}},
        }

    def _dandiset(
        self, dandiset: str, rest: str, query: dict[str, list[str]], fault: Fault
    ) -> None:
        held: dict[str, list[Asset]] = {}
        for asset in self.archive.assets():
            if asset.dandiset == dandiset:
                held.setdefault(asset.version, []).append(asset)
        versions = {name: self._version(name, assets) for name, assets in held.items()}
        found = re.fullmatch(r"versions/([^/]+)/(.*)", rest)
        if not held or (found and found[1] not in held):
            self._lacking()
        elif rest == "":
            published = [one for name, one in versions.items() if name != "draft"]
            last = list(versions.values())[-1]
            self._json(
                {
                    "identifier": dandiset,
                    "created": last["created"],
                    "modified": last["modified"],
                    "contact_person": "nobody",
                    "embargo_status": "EMBARGOED" if self.archive.embargo else "OPEN",
                    "most_recent_published_version": published[-1] if published else None,
                    "draft_version": versions.get("draft", {**last, "version": "draft"}),
                }
            )
        elif rest == "versions/":
            self._pages(list(versions.values()), query)
        elif found is None:
            self._lacking()
        elif found[2] == "info/":
            self._json(
                versions[found[1]]
                | {"asset_validation_errors": [], "version_validation_errors": []}
                | {"metadata": {}, "contact_person": "nobody"}
            )
        elif found[2] == "assets/":
            listed = [one for one in held[found[1]] if one.id not in self.archive.unlisted]
            self._list(listed, query, fault)
        elif one := re.fullmatch(r"assets/([\w-]+)/(?:(info|download)/)?", found[2]):
            self._one(one[1], one[2], fault)
        else:
            self._lacking()

    def _version(self, name: str, assets: list[Asset]) -> dict[str, Any]:
        return {
            "version": name,
            "name": assets[0].dandiset,
            "asset_count": len(assets),
            "active_uploads": 0,
            "size": sum(asset.size for asset in assets),
            "status": "Valid" if name == "draft" else "Published",
            "created": assets[0].modified,
            "modified": assets[0].modified,
        }

    def _list(self, assets: list[Asset], query: dict[str, list[str]], fault: Fault) -> None:
        """List assets; `path` is a prefix, unless an asset has just that path."""
        if prefix := query.get("path", [""])[0]:
            exact = [asset for asset in assets if asset.path == prefix]
            assets = exact or [asset for asset in assets if asset.path.startswith(prefix)]
        if glob := query.get("glob", [""])[0]:
            pattern = re.compile(re.escape(glob).replace(r"\*", ".*"), re.IGNORECASE)
            assets = [asset for asset in assets if pattern.fullmatch(asset.path)]
        if query.get("order", [""])[0] == "-path":
            assets = assets[::-1]
        full = query.get("metadata", ["false"])[0].lower() in ("1", "true")
        self._pages([self._record(asset, full, fault) for asset in assets], query)

    def _pages(self, rows: list[Any], query: dict[str, list[str]]) -> None:
        number = int(query.get("page", ["1"])[0])
        size = min(int(query.get("page_size", [str(self.archive.page)])[0]), 1000)

        def link(page: int) -> str:
            others = {name: values[0] for name, values in query.items()}
            path = urlsplit(self.path).path
            return f"{self.archive.url}{path}?{urlencode(others | {'page': page})}"

        self._json(
            {
                "count": len(rows) if number == 1 else None,
                "next": link(number + 1) if number * size < len(rows) else None,
                "previous": link(number - 1) if number > 1 else None,
                "results": rows[(number - 1) * size : number * size],
            }
        )

    def _one(self, identifier: str, what: str | None, fault: Fault) -> None:
        asset = next((one for one in self.archive.assets() if one.id == identifier), None)
        if asset is None:
            self._lacking()
        elif what == "download":
            self._answer(302, b"", {"Location": self.archive.url + asset.blob_path})
        elif what == "info":
            self._json(self._record(asset, True, fault))
        else:
            self._json(self._metadata(asset, fault))

    def _record(self, asset: Asset, full: bool, fault: Fault) -> dict[str, Any]:
        return {
            "asset_id": asset.id,
            "blob": asset.blob,
            "zarr": None,
            "path": asset.path,
            "size": asset.size,
            "created": asset.modified,
            "modified": asset.modified,
        } | ({"metadata": self._metadata(asset, fault)} if full else {})

    def _metadata(self, asset: Asset, fault: Fault) -> dict[str, Any]:
        if fault.etag:
            asset = replace(asset, etag=dandi_etag(altered(asset.file.read_bytes())))
        digest = {"dandi:dandi-etag": asset.etag, "dandi:sha2-256": asset.sha256}
        if fault.digest:
            del digest["dandi:sha2-256"]
        return {
            "schemaKey": "Asset",
            "schemaVersion": "0.7.0",
            "id": f"dandiasset:{asset.id}",
            "identifier": asset.id,
            "path": asset.path,
            "contentSize": asset.size,
            "encodingFormat": "application/x-nwb",
            "dateModified": asset.modified,
            "blobDateModified": asset.modified,
            "digest": digest,
            "contentUrl": [
                self.archive.url + asset.download_path,
                self.archive.url + asset.blob_path,
            ],
        }

    # ------------------------------------------------------------ how it is sent

    def _blob(self, identifier: str, fault: Fault) -> None:
        asset = next((one for one in self.archive.assets() if one.blob == identifier), None)
        if asset is None:
            self._lacking()
            return
        headers = {"ETag": f'"{asset.etag}"', "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["Range"] or "")
        if asked is None or fault.ignore_range or not any(asked.groups()):
            self._answer(200, _content(asset, 0, asset.size, fault), headers, fault.truncate)
            return
        first = int(asked[1]) if asked[1] else max(0, asset.size - int(asked[2]))
        end = min(asset.size, int(asked[2]) + 1) if asked[1] and asked[2] else asset.size
        if first >= end:
            self._answer(416, b"", {"Content-Range": f"bytes */{asset.size}"})
            return
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{asset.size}"
        self._answer(206, _content(asset, first, end, fault), headers, fault.truncate)

    def _json(self, content: Any, status: int = 200) -> None:
        self._answer(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _lacking(self) -> None:
        self._json({"detail": "Not found."}, 404)

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str], truncate: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/octet-stream", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        sent = memoryview(body)[:truncate]
        for start in range(0, len(sent), PIECE):
            self.archive.pace(len(sent[start : start + PIECE]))
            self.wfile.write(sent[start : start + PIECE])
        if truncate is not None:
            self.close_connection = True


def _content(asset: Asset, start: int, end: int, fault: Fault) -> bytes:
    """Return some bytes of a file, the last of them all flipped where the fault says so."""
    with open(asset.file, "rb") as file:
        file.seek(start)
        content = file.read(end - start)
    return altered(content) if fault.corrupt and end == asset.size else content
