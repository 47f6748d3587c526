"""Servers that send too slowly or too much, redirect to nowhere, or to where a key must not go."""

import http.server
import threading
import time
from contextlib import contextmanager

import pytest
import requests
from dandi_study import refused
from test_dandi_answers import SPEC

from isomorph.archives import pace
from isomorph.archives.dandi_answers import Metadata
from isomorph.archives.dandi_api import ask
from isomorph.archives.download import download
from isomorph.archives.hashes import Pin
from isomorph.archives.patience import ATTEMPTS, GivenUpError, RefusedError, patience
from isomorph.study.pinned import DandiArchive


@contextmanager
def serving(answer):
    """Let `answer(handler)` reply to every request; yield the address and what was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            """Keep quiet."""

        def do_GET(self):
            asked.append((self.path, self.headers.get("Authorization")))
            try:
                answer(self)
            except ConnectionError:
                self.close_connection = True

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(handler, body=b"", status=200, **headers):
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def trickle(handler):
    """Announce much and send a byte now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(400):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.02)


@pytest.fixture
def hurried(monkeypatch):
    """A fifth of a second stands for the minute over which the pace is taken."""
    monkeypatch.setattr(pace, "OVER", 0.2)
    monkeypatch.setattr("isomorph.archives.patience.FIRST_WAIT", 0.0)


def test_a_body_that_comes_a_byte_at_a_time_is_given_up(hurried, tmp_path):
    began = time.monotonic()
    with serving(trickle) as (url, asked), pace.session() as http:
        pin = Pin("sha256", "0" * 64, 100_000)
        said = refused(
            lambda: download(http, [f"{url}/a"], tmp_path / "a", pin), "bytes a second, fewer than"
        )
    assert "run again later" in said
    assert len(asked) == ATTEMPTS  # what trickled in did not count as getting on
    assert time.monotonic() - began < 10


def test_an_answer_that_comes_a_byte_at_a_time_is_given_up(hurried):
    with serving(trickle) as (url, _), pace.session() as http:

        def ask():
            for attempt in patience("x cannot be asked", lambda _: None):
                with attempt:
                    http.get(url)

        with pytest.raises(GivenUpError, match=r"x cannot be asked .*bytes a second, fewer than"):
            ask()


def test_an_answer_is_kept_in_memory_up_to_a_size(monkeypatch):
    monkeypatch.setattr(pace, "LARGEST", 1000)
    with serving(lambda handler: reply(handler, b"x" * 2000)) as (url, _), pace.session() as http:
        with pytest.raises(RefusedError, match="answers with more than"):
            http.get(url)
        with http.get(url, stream=True) as response:
            assert sum(map(len, response.iter_content(100))) == 2000


def test_an_answer_is_what_requests_makes_of_it():
    with serving(lambda handler: reply(handler, b'{"a": 1}')) as (url, _), pace.session() as http:
        assert http.get(url).json() == {"a": 1}


def test_an_answer_that_breaks_off_is_no_answer():
    def broken(handler):
        reply(handler, b"ab", **{"Content-Length": "9"})

    with serving(broken) as (url, _), pace.session() as http:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            http.get(url)
        with (
            http.get(url, stream=True) as response,
            pytest.raises(requests.exceptions.ChunkedEncodingError),
        ):
            list(response.iter_content(100))


@pytest.mark.parametrize(
    "address", ["http://[", "http://[::1", "http://a:port/", "//[x", "http://\u2100.org", "x://y"]
)
def test_a_redirect_to_what_is_no_address_is_a_sentence(address, tmp_path, monkeypatch):
    monkeypatch.setattr("isomorph.archives.patience.FIRST_WAIT", 0.0)

    def answer(handler):
        reply(handler, status=302, Location=address.encode().decode("latin-1"))

    with serving(answer) as (url, _), pace.session() as http:
        pin = Pin("sha256", "0" * 64, 1)
        refused(lambda: download(http, [f"{url}/a"], tmp_path / "a", pin), "cannot be downloaded")


def test_a_key_does_not_follow_a_redirect(monkeypatch):
    monkeypatch.delenv("ISOMORPH_MIRRORS", raising=False)
    with serving(lambda handler: reply(handler, b"{}")) as (other, asked_there):

        def answer(handler):
            if handler.headers.get("Authorization"):
                reply(handler, status=302, Location=f"{other}/stolen")
            else:
                reply(handler, status=401)

        with serving(answer) as (url, asked), pace.session() as http:
            port = url.rpartition(":")[2]
            monkeypatch.setenv(f"ISOMORPH_KEY_127_0_0_1___{port}", "5ec4e7")
            archive = DandiArchive(**(SPEC | {"instance": f"{url}/api"}))
            ask(http, archive, "assets/", Metadata, "a.nwb")
    assert [key for _, key in asked] == [None, "token 5ec4e7"]
    assert asked_there == [("/stolen", None)]


def test_a_key_shown_for_a_download_stays_with_its_server(tmp_path):
    with serving(lambda handler: reply(handler, b"{}")) as (other, asked_there):

        def answer(handler):
            reply(handler, status=302, Location=f"{other}/bucket")

        with serving(answer) as (url, asked), pace.session() as http:
            pin = Pin("md5", "99914b932bd37a50b983c5e7c90ae93b", 2)
            key = {"Authorization": "token 5ec4e7"}
            download(http, [f"{url}/a"], tmp_path / "a", pin, headers=key)
    assert (asked, asked_there) == ([("/a", "token 5ec4e7")], [("/bucket", None)])
