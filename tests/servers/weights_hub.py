"""A hub of weights on the loopback interface: files as Hugging Face serves them, and plain ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

COMMIT = "c0ffee" * 6 + "c0ff"


@dataclass
class WeightsHub:
    """Serve `/<repository>/resolve/<revision>/<file>` and `/files/<name>` while its block runs.

    `repositories` holds files by repository; `revisions` which revisions there are; `files` what
    lies at plain addresses; `gated` repositories that want their terms accepted; `requests` what
    was asked for, method and path; `busy` how many requests are first told to come again.
    """

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    revisions: set[str] = field(default_factory=lambda: {"main", COMMIT})
    files: dict[str, bytes] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    requests: list[tuple[str, str]] = field(default_factory=list)
    busy: int = 0

    @property
    def url(self) -> str:
        """The address of the hub."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fetched(self) -> list[str]:
        """Return the last parts of the addresses whose contents were asked for."""
        return [path.rpartition("/")[2] for method, path in self.requests if method == "GET"]

    def __enter__(self) -> WeightsHub:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        """Return status, content and headers for a path."""
        if self.busy:
            self.busy -= 1
            return 503, b"", {}
        if path.startswith("/files/"):
            content = self.files.get(path.removeprefix("/files/"))
            return (404, b"", {}) if content is None else (200, content, {})
        repository, found, rest = path.strip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        if not found or repository not in self.repositories:
            return 404, b"", {"X-Error-Code": "RepoNotFound"}
        if repository in self.gated:
            return 403, b"", {"X-Error-Code": "GatedRepo"}
        if revision not in self.revisions:
            return 404, b"", {"X-Error-Code": "RevisionNotFound"}
        if name not in self.repositories[repository]:
            return 404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}
        content = self.repositories[repository][name]
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        return 200, content, {"ETag": etag, "X-Repo-Commit": COMMIT}


def _handler(hub: WeightsHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

        def do_HEAD(self) -> None:
            self._answer("HEAD")

        def do_GET(self) -> None:
            self._answer("GET")

        def _answer(self, method: str) -> None:
            path = unquote(self.path.partition("?")[0])
            hub.requests.append((method, path))
            status, body, headers = hub.answer(path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if method == "GET":
                self.wfile.write(body)

    return Handler
