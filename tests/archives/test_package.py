"""The package archive against a package index on the loopback interface."""

import email.utils
import errno
import hashlib
import json
import socket
import time
from pathlib import Path

import numpy as np
import pytest
from package_index import Fault

from isomorph import archives
from isomorph.archives import package
from isomorph.errors import IsomorphError
from isomorph.stages import fetch

NOISE = np.random.default_rng(92).bytes(900_000)  # more than one block, and incompressible
MEMBERS = {
    "toy-1.0/data/images.mat": NOISE,
    "toy-1.0/data/rdms.mat": b"rdms",
    "toy-1.0/setup.py": b"x",
}
NAME = "toy-1.0.tar.gz"
FILE = f"/files/{NAME}"


@pytest.fixture
def served(index, make_layout):
    """Serve members as `toy==1.0` and return the layout of a dataset that pins them."""

    def serve(content, name=NAME, members=("data/images.mat", "data/rdms.mat"), **changes):
        digest = index.add("toy", name, content, changes.pop("listed", "right"))
        archive = {"kind": "package", "project": "toy", "version": "1.0", "sha256": digest}
        return make_layout({**archive, "members": list(members), **changes})

    return serve


@pytest.fixture(scope="module")
def toy():
    from distributions import tar_bytes

    return tar_bytes(MEMBERS)


def left_behind(layout):
    """Return the names of all files in the archive's folder."""
    folder = layout.archive("objects")
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


WHOLE = [".unpacked.json", "data/images.mat", "data/rdms.mat", "manifest.json"]


def test_named_members_are_unpacked_and_nothing_else(index, served, pack):
    layout = served(pack(MEMBERS), f"toy-1.0.{pack.ending}")
    fetch.run(layout, "objects")
    assert left_behind(layout) == WHOLE
    assert (layout.archive("objects") / "data/images.mat").read_bytes() == NOISE
    manifest = archives.read_manifest(layout, "objects")
    assert [record.path for record in manifest.files] == ["data/images.mat", "data/rdms.mat"]
    assert manifest.files[1].sha256 == hashlib.sha256(b"rdms").hexdigest()
    assert manifest.files[0].size == len(NOISE)
    assert manifest.archive["version"] == "1.0"
    assert manifest.root == layout.archive("objects")
    assert manifest.provenance.stage == "fetch"
    assert "toy==1.0" in manifest.provenance.source


def test_manifest_is_the_json_its_readers_were_promised(served, toy):
    layout = served(toy)
    fetch.run(layout, "objects")
    content = json.loads(layout.manifest("objects").read_text())
    assert set(content) == {"dataset", "archive", "files", "root", "provenance", "seal"}
    assert set(content["files"][0]) == {"path", "size", "sha256"}


def test_second_run_asks_nobody_and_touches_nothing(index, served, toy):
    layout = served(toy)
    fetch.run(layout, "objects")
    asked, before = len(index.requests), layout.manifest("objects").stat().st_mtime_ns
    fetch.run(layout, "objects")
    assert len(index.requests) == asked
    assert layout.manifest("objects").stat().st_mtime_ns == before


def test_deleted_manifest_comes_back_without_a_download(index, served, toy):
    # A workflow engine deletes an output before it runs the job that makes it.
    layout = served(toy)
    fetch.run(layout, "objects")
    before = layout.manifest("objects").read_text()
    layout.manifest("objects").unlink()
    fetch.run(layout, "objects")
    assert layout.manifest("objects").read_text() == before
    assert len(index.asked(FILE)) == 1


@pytest.mark.parametrize("damage", ["same size", "gone"])
def test_damaged_member_is_fetched_again(index, served, toy, damage):
    layout = served(toy)
    fetch.run(layout, "objects")
    member = layout.archive("objects") / "data/rdms.mat"
    member.unlink() if damage == "gone" else member.write_bytes(b"smdr")
    fetch.run(layout, "objects")
    assert member.read_bytes() == b"rdms"
    assert len(index.asked(FILE)) == 2


def test_further_member_is_added(served, toy, make_layout):
    layout = served(toy, members=["data/rdms.mat"])
    fetch.run(layout, "objects")
    archive = {**layout.study.dataset("objects").archive.model_dump()}
    layout = make_layout({**archive, "members": ["data/rdms.mat", "setup.py"]})
    fetch.run(layout, "objects")
    assert [path.name for path in archives.find_files(layout, "objects", "**")] == [
        "rdms.mat",
        "setup.py",
    ]


# ---------------------------------------------------------------- a bad line


def ranges(index):
    return [request.range for request in index.asked(FILE)]


def test_broken_line_is_resumed_where_it_broke(index, served, toy, waits):
    layout = served(toy)
    index.fail(FILE, Fault(truncate=300_000), Fault(truncate=200_000))
    fetch.run(layout, "objects")
    assert ranges(index) == [None, "bytes=300000-", "bytes=500000-"]
    assert left_behind(layout) == WHOLE


def test_next_run_resumes_what_an_interrupted_one_left(index, served, toy, monkeypatch):
    layout = served(toy)

    def interrupt(_seconds):
        raise KeyboardInterrupt

    index.fail(FILE, Fault(truncate=300_000))
    monkeypatch.setattr("isomorph.archives.patience.time.sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch.run(layout, "objects")
    assert [name for name in left_behind(layout) if not name.endswith(".part")] == []
    fetch.run(layout, "objects")
    assert ranges(index) == [None, "bytes=300000-"]
    assert left_behind(layout) == WHOLE


def test_server_that_ignores_ranges_sends_all_again(index, served, toy, waits):
    layout = served(toy)
    index.fail(FILE, Fault(truncate=300_000), Fault(ignore_range=True))
    fetch.run(layout, "objects")
    assert left_behind(layout) == WHOLE


@pytest.mark.parametrize("fault", [Fault(wrong_start=True), Fault(refuse_range=True)])
def test_useless_ranges_start_the_download_over(index, served, toy, waits, fault):
    layout = served(toy)
    index.fail(FILE, Fault(truncate=300_000), fault)
    fetch.run(layout, "objects")
    assert ranges(index) == [None, "bytes=300000-", None]
    assert left_behind(layout) == WHOLE


def part_of(layout, content):
    """Return the part file an interrupted run would have left, holding some content."""
    archive = layout.study.dataset("objects").archive
    part = layout.archive("objects") / f"toy-1.0-{archive.sha256[:12]}.sdist.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
    return part


def test_complete_part_file_needs_no_more_bytes(index, served, toy):
    layout = served(toy)
    part_of(layout, toy)
    fetch.run(layout, "objects")
    assert ranges(index) == [f"bytes={len(toy)}-"]  # answered with 416 and the size
    assert left_behind(layout) == WHOLE


def test_part_file_of_something_else_is_found_out_by_the_hash(index, served, toy):
    layout = served(toy)
    part_of(layout, b"z" * 1000)
    fetch.run(layout, "objects")
    assert ranges(index) == ["bytes=1000-", None]
    assert left_behind(layout) == WHOLE


def test_busy_server_is_waited_for_as_long_as_it_asks(index, served, toy, waits):
    layout = served(toy)
    index.fail("/simple/toy/", Fault(status=503, retry_after="2"))
    in_a_minute = email.utils.formatdate(time.time() + 31, usegmt=True)
    index.fail(
        FILE,
        Fault(status=503, retry_after="7"),
        Fault(status=429, retry_after=in_a_minute),
        Fault(status=503, retry_after="86400"),
        Fault(status=500),
    )
    fetch.run(layout, "objects")
    assert waits[:2] == [2, 7]
    assert 25 < waits[2] <= 31
    assert waits[3:] == [60, 8]  # no server may ask for a day; then the fourth failure's own wait
    assert left_behind(layout) == WHOLE


def test_patience_ends_with_a_sentence(index, served, toy, waits):
    layout = served(toy)
    index.fail(FILE, *[Fault(status=503)] * 9)
    with pytest.raises(
        IsomorphError, match=r"toy-1.0.tar.gz: cannot be downloaded \(the server says 503"
    ):
        fetch.run(layout, "objects")
    assert waits == [1, 2, 4, 8]


def test_line_that_breaks_for_ever_without_progress_is_given_up(index, served, toy, waits):
    layout = served(toy)
    index.fail(FILE, *[Fault(truncate=1000, ignore_range=True)] * 50)
    with pytest.raises(IsomorphError, match="cannot be downloaded"):
        fetch.run(layout, "objects")
    assert len(index.asked(FILE)) < 10


def test_line_that_breaks_often_but_gets_on_is_not_given_up(index, served, toy, waits):
    layout = served(toy)
    index.fail(FILE, *[Fault(truncate=60_000)] * 12)
    fetch.run(layout, "objects")
    assert set(waits) == {1.0}
    assert left_behind(layout) == WHOLE


def test_nobody_listening_is_one_sentence(served, toy, waits, monkeypatch):
    layout = served(toy)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("ISOMORPH_PACKAGE_INDEX", f"http://user:secret@127.0.0.1:{port}/simple/")
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    message = str(caught.value)
    assert f"toy: the package index http://127.0.0.1:{port}/simple/ cannot be reached" in message
    assert "Connection refused" in message
    assert "check the network" in message
    assert "secret" not in message
    assert "\n" not in message


# ---------------------------------------------------------------- wrong bytes


def test_corrupted_download_leaves_nothing(index, served, toy):
    layout = served(toy)
    index.fail(FILE, Fault(corrupt=True))
    found = hashlib.sha256(toy[:-1] + bytes([toy[-1] ^ 0xFF])).hexdigest()
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    for fact in (
        f"{index.url.removesuffix('/simple/')}{FILE}",
        found,
        hashlib.sha256(toy).hexdigest(),
    ):
        assert fact in str(caught.value)
    assert left_behind(layout) == []


def test_index_that_lists_another_hash_is_not_downloaded_from(index, served, toy):
    layout = served(toy, sha256="0" * 64)
    with pytest.raises(
        IsomorphError, match=f"has sha256 {hashlib.sha256(toy).hexdigest()}, expected 0000"
    ):
        fetch.run(layout, "objects")
    assert index.asked(FILE) == []


def test_index_without_hashes_is_trusted_only_for_the_address(index, served, toy):
    layout = served(toy, listed=None, sha256="0" * 64)
    with pytest.raises(IsomorphError, match=r"has sha256 .*, expected 0000"):
        fetch.run(layout, "objects")
    assert left_behind(layout) == []


def test_hash_finds_the_file_among_several(index, served, toy):
    index.add("toy", "toy-1.0.zip", b"another")
    index.add("toy", "toy-1.0-py3-none-any.whl", b"a wheel")
    fetch.run(served(toy), "objects")
    assert index.asked("/files/toy-1.0.zip") == []


def test_unknown_version_suggests_one(served, toy):
    layout = served(toy, version="1.0.1", sha256="0" * 64)
    with pytest.raises(
        IsomorphError, match=r'no source distribution of version 1.0.1, did you mean "1.0"'
    ):
        fetch.run(layout, "objects")


def test_wheel_alone_is_no_source_distribution(index, make_layout):
    digest = index.add("toy", "toy-1.0-py3-none-any.whl", b"a wheel")
    archive = {"kind": "package", "project": "toy", "version": "1.0", "sha256": digest}
    with pytest.raises(IsomorphError, match=r"no source distribution of version 1\.0, known: none"):
        fetch.run(make_layout({**archive, "members": ["a"]}), "objects")


def test_unknown_project_names_the_index(index, served, toy):
    layout = served(toy, project="tyo")
    with pytest.raises(IsomorphError, match=rf'{index.url}: has no project "tyo"'):
        fetch.run(layout, "objects")


def test_what_is_no_index_is_said(index, served, toy):
    layout = served(toy)
    index.fail("/simple/toy/", Fault(status=403))
    with pytest.raises(IsomorphError, match="toy: the server says 403 Forbidden"):
        fetch.run(layout, "objects")


def test_page_of_a_strange_kind_is_no_index(index, served, toy, monkeypatch):
    index.files["/files/toy/"] = b"hello"
    layout = served(toy)
    monkeypatch.setenv("ISOMORPH_PACKAGE_INDEX", index.url.replace("/simple/", "/files/"))
    with pytest.raises(IsomorphError, match="is not a package index"):
        fetch.run(layout, "objects")


# ---------------------------------------------------------------- which index


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ["https://pypi.org/simple/"]),
        ({"PIP_INDEX_URL": "https://a/simple"}, ["https://a/simple"]),
        (
            {"PIP_EXTRA_INDEX_URL": "file:///mirror https://b/simple"},
            ["https://pypi.org/simple/", "https://b/simple"],
        ),
        ({"ISOMORPH_PACKAGE_INDEX": "http://c/", "PIP_INDEX_URL": "https://a/"}, ["http://c/"]),
    ],
)
def test_indexes_are_those_pip_is_told(monkeypatch, variables, expected):
    for name in ("ISOMORPH_PACKAGE_INDEX", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert package.package_indexes() == expected


def test_index_that_is_a_folder_is_refused(monkeypatch):
    monkeypatch.delenv("ISOMORPH_PACKAGE_INDEX", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "file:///mirror/simple")
    with pytest.raises(IsomorphError, match="ISOMORPH_PACKAGE_INDEX"):
        package.package_indexes()


def test_the_variable_that_names_no_index_is_blamed(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://a/simple")
    monkeypatch.setenv("ISOMORPH_PACKAGE_INDEX", "nonsense")
    with pytest.raises(IsomorphError, match=r"^ISOMORPH_PACKAGE_INDEX names no index"):
        package.package_indexes()


@pytest.mark.parametrize("version", ["1.1", "2.0"])
def test_hash_of_another_version_than_the_one_named_is_refused(served, toy, version):
    layout = served(toy, version=version)
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    assert f"is toy 1.0, but archive.version says {version}" in str(caught.value)
    assert left_behind(layout) == []


def test_a_version_may_be_written_longer_than_the_index_writes_it(served, toy):
    layout = served(toy, version="1.0.0")
    fetch.run(layout, "objects")
    assert left_behind(layout) == WHOLE


def test_second_index_is_asked_when_the_first_does_not_know(index, served, toy, monkeypatch):
    layout = served(toy)
    monkeypatch.setenv("ISOMORPH_PACKAGE_INDEX", f"{index.url}nothing/ {index.url}")
    fetch.run(layout, "objects")
    assert left_behind(layout) == WHOLE


# ---------------------------------------------------------------- members


def test_mistaken_member_is_suggested_and_costs_no_second_download(index, served, toy, make_layout):
    layout = served(toy, members=["data/image.mat", "rdms.mat"])
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    message = str(caught.value)
    assert message.startswith(f"{layout.study.dataset_files['objects']}: archive.members: toy-1.0-")
    assert 'has no "data/image.mat", did you mean "data/images.mat"?' in message
    assert 'no "rdms.mat", did you mean "data/rdms.mat"?' in message
    archive = {**layout.study.dataset("objects").archive.model_dump()}
    layout = make_layout({**archive, "members": ["data/images.mat", "data/rdms.mat"]})
    fetch.run(layout, "objects")
    assert len(index.asked(FILE)) == 1
    assert left_behind(layout) == WHOLE


@pytest.mark.parametrize(
    "member", ["../outside", "/etc/passwd", "data/../../outside", "C:/x", "a\\b"]
)
def test_member_that_leads_out_is_refused_before_anything_is_fetched(index, served, toy, member):
    layout = served(toy, members=[member])
    with pytest.raises(IsomorphError, match="leads out of the folder"):
        fetch.run(layout, "objects")
    assert index.requests == []


def test_disk_that_fills_while_downloading_is_given_its_room_back(served, toy, monkeypatch):
    layout = served(toy)
    opened = open

    class Handle:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            self.file.__enter__()
            return self

        def __exit__(self, *rest):
            return self.file.__exit__(*rest)

        def write(self, _block):
            self.file.write(b"some of it")
            _no_space()

    def _no_space(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    def filling(file, mode="r", *rest, **named):
        handle = opened(file, mode, *rest, **named)
        return Handle(handle) if str(file).endswith(".part") and mode in ("wb", "ab") else handle

    monkeypatch.setattr("isomorph.archives.download.open", filling, raising=False)
    with pytest.raises(IsomorphError, match=r"\.part: cannot be written, the disk is full"):
        fetch.run(layout, "objects")
    assert left_behind(layout) == []


def test_disk_that_fills_while_unpacking_leaves_no_half_member(served, toy, monkeypatch):
    layout = served(toy)

    def half(source, sink):
        sink.write(source.read(10))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("isomorph.archives.unpack.shutil.copyfileobj", half)
    with pytest.raises(
        IsomorphError, match=r"data.images\.mat: cannot be written, the disk is full"
    ):
        fetch.run(layout, "objects")
    assert [Path(name).suffix for name in left_behind(layout)] == [".sdist"]
