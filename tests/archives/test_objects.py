"""The loopback object server, held to what a bucket does: a test of a test."""

import xml.etree.ElementTree as ET

import pytest
import requests
from objects import NAMESPACE, Fault, serve

KEYS = ["a/1.png", "a/10.png", "a/2.png", "a/b/1.png", "a/b & c.txt", "b/1.png", "zoo"]


@pytest.fixture
def server(tmp_path, no_proxy):
    for key in KEYS:
        file = tmp_path / "bucket" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(key.encode())
    with serve(tmp_path) as started:
        yield started


def pages(server, **query):
    """Return keys, folders and sizes of a listing, all its pages followed."""
    keys, folders, sizes, token, count = [], [], [], {}, 0
    while True:
        answer = requests.get(
            f"{server.url}/bucket", {"list-type": "2", **query, **token}, timeout=5
        )
        page = ET.fromstring(answer.content)
        keys += [one.text for one in page.iterfind(f"{{{NAMESPACE}}}Contents/{{{NAMESPACE}}}Key")]
        sizes += [int(one.text) for one in page.iter(f"{{{NAMESPACE}}}Size")]
        folders += [
            one.text
            for one in page.iterfind(f"{{{NAMESPACE}}}CommonPrefixes/{{{NAMESPACE}}}Prefix")
        ]
        count += 1
        if page.findtext(f"{{{NAMESPACE}}}IsTruncated") == "false":
            return keys, folders, sizes, count
        token = {"continuation-token": page.findtext(f"{{{NAMESPACE}}}NextContinuationToken")}


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_listing_goes_on_page_by_page_in_order_of_bytes(server, page):
    server.page = page
    keys, _, sizes, count = pages(server)
    assert keys == sorted(KEYS, key=str.encode)
    assert sizes == [len(key) for key in keys]
    assert count == -(-len(KEYS) // page)


def test_listing_below_a_prefix_with_and_without_folders(server):
    assert pages(server, prefix="a/")[0] == sorted(key for key in KEYS if key.startswith("a/"))
    assert pages(server, prefix="a/", delimiter="/")[:2] == (
        ["a/1.png", "a/10.png", "a/2.png", "a/b & c.txt"], ["a/b/"],
    )  # fmt: skip
    assert pages(server, prefix="none")[0] == []
    assert requests.get(f"{server.url}/none?list-type=2", timeout=5).status_code == 404


def test_objects_ranges_and_faults_in_order(server):
    url = f"{server.url}/bucket/a/b%20%26%20c.txt"
    assert requests.get(url, timeout=5).content == b"a/b & c.txt"
    assert requests.head(url, timeout=5).headers["Content-Length"] == "11"
    part = requests.get(url, headers={"Range": "bytes=2-4"}, timeout=5)
    assert (part.status_code, part.content) == (206, b"b &")
    assert part.headers["Content-Range"] == "bytes 2-4/11"
    assert requests.get(url, headers={"Range": "bytes=11-"}, timeout=5).status_code == 416
    server.fail("/bucket/a/b & c.txt", Fault(status=503), Fault(corrupt=True))
    assert requests.get(url, timeout=5).status_code == 503
    assert requests.get(url, timeout=5).content == b"a/b & c.tx\x8b"
    assert requests.get(url, timeout=5).content == b"a/b & c.txt"
    assert requests.get(f"{server.url}/bucket/../bucket/zoo", timeout=5).content == b"zoo"
    assert requests.get(f"{server.url}/bucket/none", timeout=5).status_code == 404
