"""Buckets of objects on the loopback interface, read as S3 is, with the faults of real ones."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
PIECE = 1 << 14
"""Bytes a slow server sends at a time."""
HELD = 1 << 16
"""Bytes a server sends before it holds the rest back."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one answer.

    Attributes
    ----------
    status : int
        Answer with this status and an error document in place of the object.
    code : str
        What the error document calls it.
    retry_after : str or None
        The header of that name.
    truncate : int or None
        Announce all and close the line after so many bytes of the body.
    reset : int or None
        The same, but the line is torn down instead of closed.
    corrupt : bool
        Flip every bit of the last byte; the ETag stays that of the right bytes.
    forge : bool
        The same, with the ETag of the wrong bytes.
    replace : bytes or None
        Send these bytes, whole, with status 200, whatever was asked for.
    ignore_range : bool
        Send all with status 200 although a range was asked for.
    wrong_start : bool
        Send all with status 206 although a range was asked for.
    chunked : bool
        Do not say how long the body is.
    redirect : bool
        Send the client to another address of the same object.
    slow : float
        Seconds before each piece of 16 KiB.
    hold : Event or None
        Send the first 64 KiB, and the rest once this is set.
    stale : bool
        There is no such version: waits for a request that names one, and meets that alone.
    """

    status: int = 200
    code: str = "SlowDown"
    retry_after: str | None = None
    truncate: int | None = None
    reset: int | None = None
    corrupt: bool = False
    forge: bool = False
    replace: bytes | None = None
    ignore_range: bool = False
    wrong_start: bool = False
    chunked: bool = False
    redirect: bool = False
    slow: float = 0.0
    hold: Event | None = None
    stale: bool = False


STALE = Fault(status=404, code="NoSuchVersion", stale=True)
"""The version a lock names has gone; the object has not."""
VANISHED = Fault(status=404, code="NoSuchKey")
FORBIDDEN = Fault(status=403, code="AccessDenied")


@dataclass(frozen=True)
class Request:
    """One request as it came in: path without query, unquoted, and the prefix of a listing."""

    method: str
    path: str
    version: str | None
    range: str | None
    prefix: str | None = None


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that hang up, which the faults make them do."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass
class Server:
    """Objects below a folder, `<root>/<bucket>/<key>`, asked for at `<url>/<bucket>/<key>`.

    `faults` holds, by `/<bucket>/<key>`, what goes wrong with the next answers, one after another;
    `log` what was asked for. `page` is the most keys one listing holds. `busiest` counts the most
    answers that were under way at once. `pieces` holds, by `/<bucket>/<key>`, the sizes of the
    pieces an object was uploaded in, `storage` its class of storage. A bucket in `regions` is
    served below `/@<region>/<bucket>` alone, and elsewhere says so as S3 does.
    """

    root: Path
    url: str = ""
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    log: list[Request] = field(default_factory=list)
    page: int = 1000
    pieces: dict[str, list[int]] = field(default_factory=dict)
    storage: dict[str, str] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=dict)
    busy: int = 0
    busiest: int = 0
    lock: Lock = field(default_factory=Lock)

    def fail(self, path: str, *faults: Fault) -> None:
        """Let the next answers for a path go wrong."""
        self.faults.setdefault(path, deque()).extend(faults)

    def asked(self, path: str) -> list[Request]:
        """Return the requests for a path."""
        return [request for request in self.log if request.path == path]

    def mirrors(self, *buckets: str) -> str:
        """Return what ISOMORPH_MIRRORS must hold for the two addresses each bucket has."""
        hosts = [f"https://{one}.s3.amazonaws.com={self.url}/{one}" for one in buckets]
        hosts += [
            f"https://{one}.s3.{region}.amazonaws.com={self.url}/@{region}/{one}"
            for one, region in self.regions.items()
        ]
        return " ".join([*hosts, f"https://s3.amazonaws.com={self.url}"])

    def etag(self, path: str, content: bytes) -> str:
        """Return the ETag of an object: its md5, or that of the md5s of its pieces."""
        sizes = self.pieces.get(path)
        if not sizes:
            return _md5(content)
        ends = [sum(sizes[:number]) for number in range(len(sizes) + 1)]
        parts = [content[start:stop] for start, stop in pairwise(ends)]
        digests = [hashlib.md5(part, usedforsecurity=False).digest() for part in parts]
        return f"{_md5(b''.join(digests))}-{len(sizes)}"

    def next_fault(self, request: Request) -> Fault:
        """Take what goes wrong with one request."""
        with self.lock:
            self.log.append(request)
            waiting = self.faults.get(request.path)
            if not waiting or (waiting[0].stale and request.version is None):
                return Fault()
            return waiting.popleft()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count an answer while it is under way."""
        with self.lock:
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
        try:
            yield
        finally:
            with self.lock:
                self.busy -= 1

    def content(self, path: str) -> bytes | None:
        """Return the bytes of an object."""
        parts = path.split("/")[1:]
        if len(parts) < 2 or ".." in parts:
            return None
        file = self.root.joinpath(*parts)
        return file.read_bytes() if file.is_file() else None

    def listing(self, bucket: str, query: dict[str, str]) -> bytes:
        """Return one page of the keys of a bucket, as ListObjectsV2 has it."""
        top, prefix = self.root / bucket, query.get("prefix", "")
        files = {file.relative_to(top).as_posix(): file for file in top.rglob("*")}
        known = {key for key, file in files.items() if file.is_file() and key.startswith(prefix)}
        names = sorted(_rolled(known, prefix, query.get("delimiter", "")), key=str.encode)
        after = query.get("start-after", "")
        if "continuation-token" in query:
            after = urlsafe_b64decode(query["continuation-token"]).decode()
        names = [name for name in names if name.encode() > after.encode()]
        most = min(self.page, int(query.get("max-keys", "1000")))
        shown, more = names[:most], len(names) > most
        encoded = query.get("encoding-type") == "url"
        quoted = quote if encoded else escape
        encoding = "<EncodingType>url</EncodingType>" if encoded else ""
        items = "".join(
            f"<Contents><Key>{quoted(name)}</Key>"
            "<LastModified>2024-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>&quot;{self.etag(f'/{bucket}/{name}', files[name].read_bytes())}&quot;</ETag>"
            f"<Size>{files[name].stat().st_size}</Size>"
            f"<StorageClass>{self.storage.get(f'/{bucket}/{name}', 'STANDARD')}</StorageClass>"
            "</Contents>"
            if name in known
            else f"<CommonPrefixes><Prefix>{quoted(name)}</Prefix></CommonPrefixes>"
            for name in shown
        )
        token = urlsafe_b64encode(shown[-1].encode()).decode() if more else ""
        following = f"<NextContinuationToken>{token}</NextContinuationToken>" if more else ""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="{NAMESPACE}">'
            f"<Name>{escape(bucket)}</Name><Prefix>{quoted(prefix)}</Prefix>"
            f"<KeyCount>{len(shown)}</KeyCount><MaxKeys>{most}</MaxKeys>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{encoding}{following}{items}"
            "</ListBucketResult>"
        ).encode()


@contextmanager
def serve(root: Path) -> Iterator[Server]:
    """Serve the objects below a folder while the block runs."""
    server = Server(Path(root))
    with _Listener(("127.0.0.1", 0), _handler(server)) as listener:
        server.url = f"http://127.0.0.1:{listener.server_address[1]}"
        thread = Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


def _rolled(keys: set[str], prefix: str, delimiter: str) -> set[str]:
    """Replace keys that go on behind a delimiter by what stands before it."""
    if not delimiter:
        return keys
    rests = {key: key.removeprefix(prefix).partition(delimiter) for key in keys}
    return {prefix + head + mark if mark else key for key, (head, mark, _) in rests.items()}


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every small body waits 40 ms behind its headers

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            with server.answering():
                self._get()

        def _get(self) -> None:
            asked = urlsplit(self.path)
            query = dict(parse_qsl(asked.query, keep_blank_values=True))
            path = unquote(asked.path)
            region, _, rest = path.removeprefix("/@").partition("/")
            path = f"/{rest}" if path.startswith("/@") else path
            home = server.regions.get(path.split("/")[1])
            fault = server.next_fault(
                Request(
                    self.command,
                    path,
                    query.get("versionId"),
                    self.headers["Range"],
                    query.get("prefix"),
                )
            )
            content = server.content(path)
            if fault.status != 200:
                again = {"Retry-After": fault.retry_after} if fault.retry_after else {}
                self._error(fault.status, fault.code, again)
            elif home and region != home:
                self._error(301, "PermanentRedirect", {"x-amz-bucket-region": home})
            elif fault.redirect:
                self._error(307, "TemporaryRedirect", {"Location": f"{asked.path}?redirected=yes"})
            elif "list-type" in query:
                bucket = path.strip("/")
                if (server.root / bucket).is_dir():
                    kind = {"Content-Type": "application/xml"}
                    self._answer(200, server.listing(bucket, query), kind, Fault())
                else:
                    self._error(404, "NoSuchBucket")
            elif fault.replace is not None:
                self._answer(200, fault.replace, {"ETag": f'"{_md5(fault.replace)}"'}, fault)
            elif content is None:
                self._error(404, "NoSuchKey")
            elif "partNumber" in query and path in server.pieces:
                first = content[: server.pieces[path][0]]
                self._answer(206, first, {"ETag": f'"{server.etag(path, content)}"'}, fault)
            else:
                self._send(content, fault)

        def _send(self, content: bytes, fault: Fault) -> None:
            tag, whole = _md5(content), len(content)
            if fault.corrupt or fault.forge:
                content = content[:-1] + bytes([content[-1] ^ 0xFF])
                tag = _md5(content) if fault.forge else tag
            headers = {"ETag": f'"{tag}"'}
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers["Range"] or "")
            if asked is None or fault.ignore_range:
                self._answer(200, content, headers, fault)
                return
            start = 0 if fault.wrong_start else int(asked[1])
            stop = min(int(asked[2]) + 1, whole) if asked[2] else whole
            if start >= whole:
                self._error(416, "InvalidRange", {"Content-Range": f"bytes */{whole}"})
                return
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{whole}"
            self._answer(206, content[start:stop], headers, fault)

        def _error(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
            document = f'<?xml version="1.0"?><Error><Code>{code}</Code></Error>'.encode()
            self._answer(status, document, headers or {}, Fault())

        def _answer(self, status: int, body: bytes, headers: dict[str, str], fault: Fault) -> None:
            self.send_response(status)
            for name, value in ({"Content-Type": "application/octet-stream"} | headers).items():
                self.send_header(name, value)
            if fault.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            else:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "HEAD":
                return
            stops = [stop for stop in (fault.truncate, fault.reset) if stop is not None]
            self._pour(body[: min(stops)] if stops else body, fault)
            if stops:
                self.close_connection = True
            if fault.reset is not None:  # close without lingering sends RST in place of FIN
                self.wfile.flush()
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()

        def _pour(self, body: bytes, fault: Fault) -> None:
            if fault.hold:
                self.wfile.write(body[:HELD])
                fault.hold.wait()
                body = body[HELD:]
            for start in range(0, len(body), PIECE if fault.slow else len(body) or 1):
                time.sleep(fault.slow)
                self.wfile.write(body[start : start + (PIECE if fault.slow else len(body))])

    return Handler
