"""Zenodo, figshare and OSF on the loopback interface: their public APIs and their downloads.

Answers have the fields of the real ones that matter, in their places, and some that do not. Bytes
are asked for at the repository and, as there, come from a storage it sends on to: an object server.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import objects

STORE = "stored"
Answered = tuple[int, Any]


@dataclass
class Zenodo:
    """A version of a record of Zenodo."""

    files: dict[str, bytes] = field(default_factory=dict)
    concept: int = 1
    access: dict[str, str] = field(default_factory=lambda: {"access_right": "open"})
    status: int = 200


@dataclass
class Figshare:
    """A version of an item of figshare; a file is its name and bytes, which two may share."""

    files: list[tuple[str, bytes]] = field(default_factory=list)
    folders: dict[str, str] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)
    unhashed: set[str] = field(default_factory=set)


@dataclass
class Osf:
    """A project of OSF, files by path."""

    files: dict[str, bytes] = field(default_factory=dict)
    kind: str = "nodes"
    withdrawn: bool = False
    status: int = 200
    hashes: tuple[str, ...] = ("md5", "sha256")


@dataclass
class Repositories:
    """Serves what stands in `zenodo` by record, `figshare` by item and version, `osf` by name.

    `page` is the most entries one answer of OSF or figshare holds; `asked` the paths and queries
    that were asked for; `agents` who asked; `concepts` whether Zenodo sends on from the number of
    all versions; `gate` a status that something before the repositories answers with.
    """

    store: objects.Server
    zenodo: dict[int, Zenodo] = field(default_factory=dict)
    figshare: dict[tuple[int, int], Figshare] = field(default_factory=dict)
    osf: dict[str, Osf] = field(default_factory=dict)
    page: int = 1000
    concepts: bool = False
    gate: int = 0
    agents: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def mirrors(self) -> str:
        """What ISOMORPH_MIRRORS must hold."""
        hosts = ("zenodo.org", "api.figshare.com", "api.osf.io", "osf.io")
        return " ".join(f"https://{host}={self.url}/{host}" for host in hosts)

    def __enter__(self) -> Repositories:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, asked: str) -> Answered:
        """Return status and content, or the address to go on to."""
        self.asked.append(asked)
        parts = urlsplit(asked)
        host, *steps = unquote(parts.path).strip("/").split("/")
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        hosts = {
            "zenodo.org": self._zenodo,
            "api.figshare.com": self._figshare,
            "api.osf.io": self._osf,
            "osf.io": self._osf_download,
        }
        return hosts[host](steps, query)

    def stored(self, content: bytes) -> Answered:
        """Send on to the storage, whose address is signed."""
        name = hashlib.sha256(content).hexdigest()
        place = self.store.root / STORE / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return 302, f"{self.store.url}/{STORE}/{name}?X-Amz-Signature=secret"

    # ------------------------------------------------------------ Zenodo

    def _zenodo(self, steps: list[str], query: dict[str, str]) -> Answered:
        assert steps[:2] == ["api", "records"]
        if len(steps) == 2:  # a search
            concept = int(query["q"].removeprefix("conceptrecid:"))
            hits = [one for one in sorted(self.zenodo, reverse=True)
                    if self.zenodo[one].concept == concept]  # fmt: skip
            found = [self._record(one) for one in hits[: int(query["size"])]]
            return 200, {"hits": {"hits": found, "total": len(hits)}, "aggregations": {}}
        number = int(steps[2])
        newest = max((n for n, one in self.zenodo.items() if one.concept == number), default=None)
        if number not in self.zenodo:
            if newest is not None and self.concepts:
                return 302, f"{self.url}/zenodo.org/api/records/{newest}"
            return 404, {"status": 404, "message": "The persistent identifier does not exist."}
        one = self.zenodo[number]
        if one.status == 410:
            tombstone = {"removal_reason": {"id": "retracted"}, "is_visible": True}
            message = "The record has been deleted."
            return 410, {"status": 410, "message": message, "tombstone": tombstone}
        if one.status != 200:
            return one.status, {"status": one.status, "message": "Permission denied."}
        if len(steps) == 3:
            return 200, self._record(number)
        assert steps[3] == "files"
        assert steps[-1] == "content"
        return self.stored(one.files["/".join(steps[4:-1])])

    def _record(self, number: int) -> dict[str, Any]:
        one = self.zenodo[number]
        files = [
            {
                "id": "39922d36-4a0f-4650-9a07-53c703528e62",
                "key": key,
                "size": len(content),
                "checksum": f"md5:{_md5(content)}",
                "links": {"self": f"https://zenodo.org/api/records/{number}/files/{key}/content"},
            }
            for key, content in one.files.items()
        ]
        return {
            "created": "2024-12-16T18:51:11.121129+00:00",
            "id": number,
            "conceptrecid": str(one.concept),
            "doi": f"10.5281/zenodo.{number}",
            "metadata": {"title": "data", **one.access},
            "files": files,
        }

    # ------------------------------------------------------------ figshare

    def _figshare(self, steps: list[str], query: dict[str, str]) -> Answered:
        if steps[:3] == ["v2", "file", "download"]:
            item, place = divmod(int(steps[3]), 1000)
            newest = max(one for one in self.figshare if one[0] == item)
            return self.stored(self.figshare[newest].files[place][1])
        assert steps[:2] == ["v2", "articles"]
        assert steps[3] == "versions"
        number = int(steps[2])
        versions = [version for item, version in self.figshare if item == number]
        absent = 404, {"message": "Entity not found: article", "code": "EntityNotFound"}
        if len(steps) == 4:
            api = f"https://api.figshare.com/v2/articles/{number}/versions"
            said = [{"version": one, "url": f"{api}/{one}"} for one in versions]
            return (200, said) if versions else absent
        if int(steps[4]) not in versions:
            return absent
        one = self.figshare[number, int(steps[4])]
        files = [
            {
                "id": self._file_id(number, place),
                "name": name,
                "size": 0 if name in one.links else len(content),
                "is_link_only": name in one.links,
                "download_url": "https://example.org/elsewhere"
                if name in one.links
                else f"https://ndownloader.figshare.com/files/{self._file_id(number, place)}",
                "supplied_md5": "",
                "computed_md5": "" if name in one.links | one.unhashed else _md5(content),
                "mimetype": "application/octet-stream",
            }
            for place, (name, content) in enumerate(one.files)
        ]
        if steps[5:] == ["files"]:
            size = min(self.page, int(query["page_size"]))
            first = (int(query["page"]) - 1) * size
            return 200, files[first : first + size]
        said = {"id": number, "version": int(steps[4]), "is_embargoed": False, "embargo_date": None}
        said |= {"folder_structure": one.folders, "files": files[:10], "is_confidential": False}
        return 200, said | one.said

    def _file_id(self, number: int, place: int) -> int:
        return number * 1000 + place

    # ------------------------------------------------------------ OSF

    def _osf(self, steps: list[str], query: dict[str, str]) -> Answered:
        _, kind, name, *rest = steps
        one = self.osf.get(name)
        if one is None or one.kind != kind:
            return 404, {"errors": [{"detail": "Not found."}]}
        if one.status != 200:
            return one.status, {"errors": [{"detail": "No."}]}
        if not rest:
            said: dict[str, Any] = {"title": "data", "public": True}
            said |= {"withdrawn": one.withdrawn} if kind == "registrations" else {}
            return 200, {"data": {"id": name, "type": kind, "attributes": said}}
        folder = "".join(f"{step}/" for step in rest[2:])
        inside = [path.removeprefix(folder) for path in one.files if path.startswith(folder)]
        names = list(dict.fromkeys(path.partition("/")[0] + "/" * ("/" in path) for path in inside))
        size, number = min(self.page, int(query["page[size]"])), int(query.get("page", "1"))
        shown = names[(number - 1) * size : number * size]
        here = f"https://api.osf.io/{'/'.join(steps)}/"
        more = f"{here}?page={number + 1}&page%5Bsize%5D={size}"
        entries = [self._entry(name, one, folder + inner, here) for inner in shown]
        following = more if number * size < len(names) else None
        return 200, {"data": entries, "links": {"first": None, "next": following}}

    def _entry(self, name: str, one: Osf, path: str, here: str) -> dict[str, Any]:
        attributes: dict[str, Any] = {
            "name": path.strip("/").rpartition("/")[2],
            "provider": "osfstorage",
            "kind": "folder" if path.endswith("/") else "file",
            "materialized_path": f"/{path}",
        }
        said: dict[str, Any] = {"id": hashlib.md5(path.encode()).hexdigest(), "type": "files"}
        if path.endswith("/"):
            href = f"{here}{quote(attributes['name'])}/"
            said["relationships"] = {"files": {"links": {"related": {"href": href, "meta": {}}}}}
            attributes |= {"size": None, "current_version": 1, "extra": {"hashes": {}}}
        else:
            content = one.files[path]
            known = {"md5": _md5(content), "sha256": hashlib.sha256(content).hexdigest()}
            hashes = {key: known[key] if key in one.hashes else None for key in known}
            attributes |= {"size": len(content), "current_version": 3, "extra": {"hashes": hashes}}
        return {**said, "attributes": attributes}

    def _osf_download(self, steps: list[str], query: dict[str, str]) -> Answered:
        assert steps[0] == "download"
        assert query["version"] == "3"
        by_id = {
            hashlib.md5(path.encode()).hexdigest(): content
            for one in self.osf.values()
            for path, content in one.files.items()
        }
        return self.stored(by_id[steps[1]])


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _handler(server: Repositories) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

        def do_GET(self) -> None:
            server.agents.add(self.headers["User-Agent"])
            if server.gate:
                self.send_response(server.gate)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            status, content = server.answer(self.path)
            body = b"" if status == 302 else json.dumps(content).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", content)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
