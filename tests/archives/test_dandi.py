"""Assets of the DANDI archive by the one transfer, in fair weather and in bad."""

import errno
import hashlib
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from dandi_archive import Fault, serve
from dandi_study import ARCHIVE, locked, patch_network, patch_waits, refused

from isomorph.archives.dandi import bring

VERSION = "0.240123.1806"
ONE, TWO = "sub-1/sub-1_ses-1_ecephys+image.nwb", "sub-2/sub-2_ses-1_ecephys+image.nwb"
SIZE = 600_000
SPEC = {"kind": "dandi", "dandiset": "000469", "version": VERSION, "include": ["**"]}
DRAFT = SPEC | {"version": "draft"}
ELSEWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def no_waits(monkeypatch):
    return patch_waits(monkeypatch)


@pytest.fixture
def root(tmp_path):
    """Two assets, the same in a published version and in a draft."""
    rng = np.random.default_rng(0)
    for path in (ONE, TWO):
        content = rng.bytes(SIZE)
        for version in (VERSION, "draft"):
            file = tmp_path / "served" / "000469" / version / path
            file.parent.mkdir(parents=True)
            file.write_bytes(content)
    return tmp_path / "served"


@pytest.fixture
def archive(root, monkeypatch):
    """The archive on the loopback interface, which stands in for the public one."""
    with serve(root) as server:
        patch_network(monkeypatch, server.url)
        yield server


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "files"


def leftovers(folder):
    """Return every file in a folder that is not at its final place."""
    return list(folder.rglob("*.part"))


@pytest.fixture
def fetch(archive, make_layout, folder):
    """Bring one asset of the version and tell whether its bytes are right."""

    def fetched(path=ONE, spec=SPEC, **changes):
        asset = archive.asset(f"000469/{spec['version']}/{path}")
        bring(make_layout(spec), "objects", [locked(asset, **changes)], folder)
        found = hashlib.sha256((folder / path).read_bytes()).hexdigest()
        return found == asset.sha256 and not leftovers(folder)

    return fetched


@pytest.fixture
def one(archive):
    return archive.asset(f"000469/{VERSION}/{ONE}")


# ------------------------------------------------------------------------- fair weather


def test_files_stand_at_their_paths_and_are_not_asked_for_again(
    archive, make_layout, folder, capfd
):
    assets = [archive.asset(f"000469/{VERSION}/{path}") for path in (ONE, TWO)]
    layout = make_layout(SPEC)
    bring(layout, "objects", [locked(asset) for asset in assets], folder)
    for asset in assets:
        assert (folder / asset.path).read_bytes() == asset.file.read_bytes()
    assert not leftovers(folder)
    assert capfd.readouterr() == ("", "")
    asked = len(archive.log)
    bring(layout, "objects", [locked(asset) for asset in assets], folder)
    assert len(archive.log) == asked


def test_bytes_that_are_wrong_under_the_final_name_are_replaced(fetch, folder):
    (folder / ONE).parent.mkdir(parents=True)
    (folder / ONE).write_bytes(bytes(SIZE))
    assert fetch()


def test_two_paths_may_hold_the_same_bytes(archive, make_layout, folder):
    (archive.root / f"000469/{VERSION}/{TWO}").write_bytes(
        (archive.root / f"000469/{VERSION}/{ONE}").read_bytes()
    )
    assets = [archive.asset(f"000469/{VERSION}/{path}") for path in (ONE, TWO)]
    bring(make_layout(SPEC), "objects", [locked(asset) for asset in assets], folder)
    assert (folder / ONE).read_bytes() == (folder / TWO).read_bytes()


def test_another_instance_is_asked_where_the_dataset_says_so(archive, fetch, monkeypatch):
    monkeypatch.delenv("ISOMORPH_MIRRORS")
    assert fetch(spec=SPEC | {"instance": f"{archive.url}/api"})


# ------------------------------------------------------------------------- bad weather

PASSING = {
    "503": ("blob", [Fault(503), Fault(503)]),
    "503 of the API": ("metadata", [Fault(503)]),
    "503 of the redirect": ("download", [Fault(503)]),
    "429 with Retry-After": ("blob", [Fault(429, retry_after="7")]),
    "500": ("blob", [Fault(500)]),
    "truncated": ("blob", [Fault(truncate=400_000)]),
    "truncated thrice": ("blob", [Fault(truncate=size) for size in (300_000, 100_000, 7)]),
    "truncated at once": ("blob", [Fault(truncate=0)]),
    "truncated, then no ranges": (
        "blob",
        [Fault(truncate=400_000), Fault(ignore_range=True)],
    ),
    "no ranges": ("blob", [Fault(ignore_range=True, always=True)]),
    "corrupted once": ("blob", [Fault(corrupt=True)]),
    "redirected": ("blob", [Fault(redirect="/elsewhere"), Fault()]),
    "sha256 not yet computed": ("metadata", [Fault(digest=True)]),
}


@pytest.mark.parametrize("name", PASSING)
def test_weather_that_passes_leaves_the_right_bytes(archive, fetch, one, no_waits, name):
    where, faults = PASSING[name]
    path = getattr(one, f"{where}_path")
    if name == "redirected":
        faults = [Fault(redirect=f"{archive.url}{path}"), *faults[1:]]
    archive.fail(path, *faults)
    assert fetch()
    assert not archive.faults[path] or archive.faults[path][0].always
    if name == "429 with Retry-After":
        assert 7 in no_waits


LASTING = {
    "corrupted": ("blob", Fault(corrupt=True), "corrupted on the way or is not the file"),
    "503": ("blob", Fault(503), "503"),
    "503 of the API": ("metadata", Fault(503), "run again later"),
    "403": ("blob", Fault(403), "403"),
    "blob gone": ("blob", Fault(404), "404"),
    "truncated at the same place": (
        "blob",
        Fault(truncate=0),
        "the line broke at 0 of 600,000 bytes",
    ),
    "redirected in a circle": ("blob", Fault(redirect="circle"), "redirects"),
}


@pytest.mark.parametrize("name", LASTING)
def test_weather_that_lasts_is_told_in_one_sentence(archive, fetch, one, folder, no_waits, name):
    where, fault, said = LASTING[name]
    path = getattr(one, f"{where}_path")
    if fault.redirect:
        fault = Fault(redirect=f"{archive.url}{path}")
    archive.fail(path, Fault(**{**vars(fault), "always": True}))
    refused(fetch, ONE, said)
    assert not (folder / ONE).exists()
    archive.faults.clear()
    assert fetch()  # what was left behind does no harm


def test_bytes_altered_together_with_their_etag_are_refused(archive, fetch, one, folder):
    archive.fail(one.metadata_path, Fault(etag=True, always=True))
    archive.fail(one.blob_path, Fault(corrupt=True, always=True))
    refused(fetch, ONE, f"expected {one.sha256}")
    assert not (folder / ONE).exists()
    archive.faults.clear()
    downloads = len(archive.asked(one.blob_path))
    assert fetch()
    # from the start, not from where the altered file ended
    assert [request.range for request in archive.asked(one.blob_path)[downloads:]] == [None]


def test_an_archive_that_is_not_there_is_told_in_one_sentence(fetch, monkeypatch, no_waits):
    monkeypatch.setenv("ISOMORPH_MIRRORS", f"{ARCHIVE}=http://127.0.0.1:9")
    refused(fetch, ONE, "cannot be reached", "check the network")


def test_a_server_that_is_no_archive_is_told_in_one_sentence(archive, fetch, one):
    archive.fail(one.metadata_path, Fault(redirect=archive.url + one.blob_path))
    refused(fetch, ONE, "does not answer as the DANDI archive does")


@pytest.fixture
def broken_disk(monkeypatch):
    """Let the disk refuse what is appended to a file, with an error of one's choice."""

    def refuse(*error):
        def opened(file, mode="r"):
            raise OSError(*error)

        monkeypatch.setattr("isomorph.archives.download.open", opened, raising=False)

    return refuse


def test_a_full_disk_is_told_and_left_with_room(fetch, folder, broken_disk):
    broken_disk(28, "No space left on device")
    refused(fetch, ONE, "the disk is full")
    assert not leftovers(folder)


# ------------------------------------------------------------------------- what was locked


def test_a_wrong_hash_in_the_lock_is_told_before_anything_is_downloaded(
    archive, fetch, one, folder
):
    refused(lambda: fetch(hash="0" * 64), one.sha256, "0" * 64, "isomorph lock")
    assert not archive.asked(one.blob_path)
    assert not (folder / ONE).exists()


def test_a_wrong_hash_is_told_where_the_archive_knows_none(archive, fetch, one, folder):
    archive.fail(one.metadata_path, Fault(digest=True, always=True))
    refused(lambda: fetch(hash="0" * 64), one.sha256, "0" * 64)
    assert not (folder / ONE).exists()
    assert not leftovers(folder)


def test_a_wrong_size_in_the_lock_is_told(fetch):
    refused(lambda: fetch(size=SIZE + 1), "600,000 bytes, expected 600,001")


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"algorithm": "md5", "hash": "0" * 32}, "expected sha256"), ({"url": ARCHIVE}, "its url")],
)
def test_a_line_that_is_no_pinned_asset_is_told(fetch, changes, said):
    refused(lambda: fetch(**changes), ONE, said, "isomorph lock")


def test_an_asset_that_left_its_version_is_fetched_by_its_id(archive, fetch, one):
    archive.unlisted.add(one.id)
    assert fetch()


def test_an_asset_whose_id_is_gone_is_fetched_by_its_path(archive, fetch):
    assert fetch(url=f"{ARCHIVE}/api/assets/{ELSEWHERE}/download/")


def test_an_asset_that_is_gone_altogether_is_told(archive, make_layout, one, folder):
    one.file.unlink()
    refused(
        lambda: bring(make_layout(SPEC), "objects", [locked(one)], folder),
        ONE, "is gone from the archive", VERSION, "isomorph lock",
    )  # fmt: skip


def test_a_version_that_is_gone_is_told(make_layout, one, folder):
    spec = SPEC | {"version": "0.999999.0000"}
    line = locked(one, url=f"{ARCHIVE}/api/assets/{ELSEWHERE}/download/")
    refused(lambda: bring(make_layout(spec), "objects", [line], folder), "0.999999.0000")


def test_a_draft_that_moved_on_is_told_with_the_command_that_locks_it_anew(
    archive, make_layout, folder
):
    before = archive.asset(f"000469/draft/{ONE}")
    before.file.write_bytes(b"another recording")
    now = archive.asset(f"000469/draft/{ONE}")
    refused(
        lambda: bring(make_layout(DRAFT), "objects", [locked(before)], folder),
        "the draft has moved on", now.sha256, "`isomorph lock --study",
    )  # fmt: skip


# ------------------------------------------------------------------------- embargo


@pytest.fixture
def terminal(monkeypatch):
    """A terminal on which nobody answers: whoever asks it has failed."""

    class Terminal(io.StringIO):
        def readline(self, *_):
            raise AssertionError("somebody was asked")

        read = __next__ = readline

    monkeypatch.setattr(sys, "stdin", Terminal())


def test_an_embargo_without_a_key_names_the_variable_and_asks_nobody(
    archive, fetch, folder, terminal
):
    archive.embargo = "secret"
    refused(fetch, ONE, "embargo", "DANDI_API_KEY")
    assert not (folder / ONE).exists()


def test_an_embargo_with_a_key_opens(archive, fetch, terminal, monkeypatch):
    archive.embargo = "secret"
    monkeypatch.setenv("DANDI_API_KEY", "secret")
    assert fetch()
    assert not [name for name in os.environ if name.endswith("_API_KEY") and "127" in name]


def test_a_key_that_is_refused_is_told_without_being_said(
    archive, fetch, terminal, monkeypatch, capfd
):
    archive.embargo = "secret"
    monkeypatch.setenv("DANDI_API_KEY", "a-wrong-one")
    sentence = refused(fetch, "DANDI_API_KEY", "refused")
    assert "a-wrong-one" not in sentence + "".join(capfd.readouterr())


def test_a_key_is_not_shown_to_an_archive_it_is_not_for(archive, fetch, monkeypatch):
    archive.embargo = "secret"
    monkeypatch.setenv("DANDI_API_KEY", "secret")
    monkeypatch.delenv("ISOMORPH_MIRRORS")
    refused(
        lambda: fetch(spec=SPEC | {"instance": f"{archive.url}/api"}), "ISOMORPH_KEY_127_0_0_1___"
    )
    assert not [request for request in archive.log if request.authorization]


def test_an_open_asset_is_asked_for_without_a_key(archive, fetch, monkeypatch):
    monkeypatch.setenv("DANDI_API_KEY", "expired")
    assert fetch()
    assert not [request for request in archive.log if request.authorization]


# ------------------------------------------------------------------------- processes

PROGRAM = """
import sys
from pathlib import Path
from isomorph.archives.dandi import bring
from isomorph.archives.lock import LockedFile
from isomorph.layout import Layout
from isomorph.study import load_study
study, folder, *line = sys.argv[1:]
layout = Layout(load_study(Path(study)), Path(study).parents[1])
line[1] = int(line[1])
bring(layout, "objects", [LockedFile(*line)], Path(folder))
"""


def start(layout, asset, folder):
    """Bring an asset in a process of its own, which nobody will answer."""
    line = locked(asset)
    arguments = [line.path, str(line.size), line.algorithm, line.hash, line.url]
    command = [sys.executable, "-c", PROGRAM, str(layout.study.path), str(folder), *arguments]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,  # held open: whoever reads it waits forever
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def wait_for(condition, seconds=30.0):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def gathered(folder):
    return sum(path.stat().st_size for path in leftovers(folder))


def test_a_killed_download_is_resumed_where_it_broke_off(archive, make_layout, fetch, one, folder):
    archive.bandwidth = 3e5
    process = start(make_layout(SPEC), one, folder)
    wait_for(lambda: gathered(folder) > 150_000)
    process.kill()
    process.communicate()
    have = gathered(folder)
    assert not (folder / ONE).exists()
    archive.bandwidth = None
    assert fetch()
    assert archive.asked(one.blob_path)[-1].range == f"bytes={have}-"


def test_a_second_process_waits_for_the_first_and_downloads_nothing(
    archive, make_layout, one, folder
):
    archive.bandwidth = 1e4
    layout = make_layout(SPEC)
    first = start(layout, one, folder)
    wait_for(lambda: archive.asked(one.blob_path))
    second = start(layout, one, folder)
    assert "another process is downloading this, waiting" in second.stdout.readline()
    archive.bandwidth = None
    said = [process.communicate()[0] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], said
    assert len(archive.asked(one.blob_path)) == 1
    assert (folder / ONE).read_bytes() == one.file.read_bytes()
    assert not leftovers(folder)


def test_one_failure_stops_no_other_and_leaves_what_is_whole(archive, make_layout, folder):
    assets = [archive.asset(f"000469/{VERSION}/{path}") for path in (ONE, TWO)]
    lines = [locked(assets[0]), locked(assets[1], hash="0" * 64)]
    refused(lambda: bring(make_layout(SPEC), "objects", lines, folder), TWO)
    assert (folder / ONE).exists()
    assert not (folder / TWO).exists()
    bring(make_layout(SPEC), "objects", [locked(asset) for asset in assets], folder)
    assert (folder / ONE).read_bytes() == Path(assets[0].file).read_bytes()


def test_what_the_system_refuses_otherwise_is_told_in_one_sentence(fetch, broken_disk):
    broken_disk(5000, "an unknown error")
    refused(fetch, ONE, "cannot be written", "an unknown error")


def test_a_disk_without_locks_holds_an_archive_too(fetch, folder, monkeypatch):
    def no_locks(handle, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    assert fetch()
