"""A package index on the loopback interface, with the faults of real ones."""

from __future__ import annotations

import hashlib
import html
import re
import sys
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


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
        Flip every bit of the last byte.
    ignore_range : bool
        Send all with status 200 although a range was asked for.
    wrong_start : bool
        Send all with status 206 although a range was asked for.
    refuse_range : bool
        Answer 416 to any range.
    """

    status: int = 200
    retry_after: str | None = None
    truncate: int | None = None
    corrupt: bool = False
    ignore_range: bool = False
    wrong_start: bool = False
    refuse_range: bool = False


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    path: str
    range: str | None


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that hang up, which the faults make them do."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass
class PackageIndex:
    """Serve `/simple/<project>/` and `/files/<name>` while its block runs.

    `faults` holds, by path, what goes wrong with the next answers, one after another;
    `requests` what was asked for.
    """

    projects: dict[str, dict[str, str | None]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def add(self, project: str, name: str, content: bytes, digest: str | None = "right") -> str:
        """Add a file to a project and return its sha256; the index may keep quiet about it."""
        right = hashlib.sha256(content).hexdigest()
        self.projects.setdefault(project, {})[name] = right if digest == "right" else digest
        self.files[f"/files/{name}"] = content
        return right

    def fail(self, path: str, *faults: Fault) -> None:
        """Let the next answers for a path go wrong."""
        self.faults.setdefault(path, deque()).extend(faults)

    def asked(self, path: str) -> list[Request]:
        """Return the requests for a path."""
        return [request for request in self.requests if request.path == path]

    @property
    def url(self) -> str:
        """The address of the index."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/simple/"

    def __enter__(self) -> PackageIndex:
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def page(self, project: str) -> bytes | None:
        """Return the page of a project as PEP 503 has it."""
        if project not in self.projects:
            return None
        links = "".join(
            f'<a href="/files/{html.escape(name)}{f"#sha256={digest}" if digest else ""}">'
            f"{html.escape(name)}</a>\n"
            for name, digest in self.projects[project].items()
        )
        return f"<!DOCTYPE html><html><body>{links}</body></html>".encode()


def _handler(index: PackageIndex) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

        def do_GET(self) -> None:
            index.requests.append(Request(self.path, self.headers["Range"]))
            waiting = index.faults.get(self.path)
            fault = waiting.popleft() if waiting else Fault()
            if fault.status != 200:
                headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
                self._answer(fault.status, b"", headers)
            elif found := re.fullmatch(r"/simple/([^/]+)/", self.path):
                page = index.page(found[1])
                self._answer(404 if page is None else 200, page or b"", {}, "text/html")
            elif self.path in index.files:
                self._send(index.files[self.path], fault)
            else:
                self._answer(404, b"", {})

        def _send(self, content: bytes, fault: Fault) -> None:
            whole = len(content)
            if fault.corrupt:
                content = content[:-1] + bytes([content[-1] ^ 0xFF])
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
            if asked is None or fault.ignore_range:
                self._answer(200, content, {}, truncate=fault.truncate)
                return
            start = 0 if fault.wrong_start else int(asked[1])
            if start >= whole or fault.refuse_range:
                self._answer(416, b"", {"Content-Range": f"bytes */{whole}"})
                return
            span = {"Content-Range": f"bytes {start}-{whole - 1}/{whole}"}
            self._answer(206, content[start:], span, truncate=fault.truncate)

        def _answer(
            self,
            status: int,
            body: bytes,
            headers: dict[str, str],
            kind: str = "application/octet-stream",
            truncate: int | None = None,
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:truncate])
            if truncate is not None:
                self.close_connection = True

    return Handler
