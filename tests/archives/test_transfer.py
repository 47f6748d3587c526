"""Many pinned files at once: what comes, what is said, what is asked."""

import errno
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from threading import Event
from types import SimpleNamespace

import pytest
from objects import FORBIDDEN, HELD, VANISHED, Fault
from pinned_set import digest, files_below, noise, object_of, put, unversioned

from isomorph.archives.hashes import Pin, hashes
from isomorph.archives.progress import Progress
from isomorph.archives.transfer import addresses, announce, connections, part_of, transfer
from isomorph.errors import IsomorphError


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "archive"


def several(server, count=6, size=40_000):
    """Put some files of different sizes into a bucket."""
    return [
        put(
            server,
            f"sub-{n}/file-{n}.bin",
            noise(size + 1000 * n, n),
            ("md5", "sha256", "git")[n % 3],
        )
        for n in range(count)
    ]


def content(server, file):
    return (server.root / object_of(file)[1:]).read_bytes()


# ---------------------------------------------------------------- what comes


def test_every_file_comes_to_its_place_with_its_sha256(objects, folder):
    files = [*several(objects), put(objects, "empty", b"", "git")]
    records = transfer("set", files, folder)
    assert [record.path for record in records] == [file.path for file in files]
    assert files_below(folder) == sorted(file.path for file in files)
    for file, record in zip(files, records, strict=True):
        right = content(objects, file)
        assert (folder / file.path).read_bytes() == right
        assert (record.size, record.sha256) == (len(right), digest(right, "sha256"))


@pytest.mark.parametrize("size", [0, 1, 300_000])
def test_git_hash_is_what_git_says(tmp_path, size):
    file = tmp_path / "blob"
    file.write_bytes(noise(size))
    said = subprocess.run(
        ["git", "hash-object", "--no-filters", file], capture_output=True, text=True, check=True
    )
    assert hashes(file, "git", "sha256") == {
        "git": said.stdout.strip(),
        "sha256": digest(noise(size), "sha256"),
    }


def test_both_addresses_of_a_bucket_are_asked_at_its_mirror(objects, folder):
    derived = put(
        objects, "mask.nii", noise(5000), bucket="openneuro-derivatives", key="fmriprep/ds1",
        address="https://openneuro-derivatives.s3.amazonaws.com",
    )  # fmt: skip
    raw = put(objects, "a name with+signs %41.txt", b"signs")
    quoted = raw.url.replace("%", "%25").replace(" ", "%20").replace("+", "%2B")
    raw = replace(raw, url=quoted)
    transfer("set", [derived, raw], folder)
    assert (folder / "mask.nii").read_bytes() == noise(5000)
    assert (folder / raw.path).read_bytes() == b"signs"


def test_second_run_asks_nobody_and_touches_nothing(objects, folder):
    files = several(objects)
    first = transfer("set", files, folder)
    asked = len(objects.log)
    before = [(folder / file.path).stat().st_mtime_ns for file in files]
    assert transfer("set", files, folder) == first
    assert len(objects.log) == asked
    assert [(folder / file.path).stat().st_mtime_ns for file in files] == before


@pytest.mark.parametrize("damage", [b"other bytes", None])
def test_damaged_file_alone_is_fetched_again(objects, folder, damage):
    files = several(objects)
    transfer("set", files, folder)
    hurt = folder / files[2].path
    right = hurt.read_bytes()
    hurt.write_bytes(right[:-1] + b"x" if damage is None else damage)
    asked = len(objects.log)
    transfer("set", files, folder)
    assert hurt.read_bytes() == right
    assert [request.path for request in objects.log[asked:]] == [object_of(files[2])]


def test_what_an_older_lock_left_is_no_beginning_of_the_file(objects, folder):
    old = put(objects, "bold.nii", noise(90_000, 1))
    objects.fail(object_of(old), *[Fault(truncate=1000, ignore_range=True)] * 9)
    with pytest.raises(IsomorphError, match="the line broke at 1,000 of 90,000 bytes"):
        transfer("set", [old], folder)
    assert part_of(folder / old.path, Pin.of(old)).stat().st_size == 1000
    objects.faults.clear()
    objects.log.clear()
    new = put(objects, "bold.nii", noise(90_000, 2))
    transfer("set", [new], folder)
    assert [request.range for request in objects.log] == [None]
    assert (folder / "bold.nii").read_bytes() == noise(90_000, 2)
    assert files_below(folder) == ["bold.nii"]


def test_neighbours_that_look_like_parts_are_left_alone(objects, folder):
    file = put(objects, "bold.nii", noise(2000))
    folder.mkdir()
    for name in ("bold.nii.mine.part", "bold.nii.part", "other.nii.0123456789ab.part"):
        (folder / name).write_bytes(b"mine")
    transfer("set", [file], folder)
    assert len(files_below(folder)) == 4


def test_a_link_in_the_place_of_a_part_is_never_written_through(objects, folder, tmp_path):
    (tmp_path / "mine").write_bytes(b"mine")
    file = put(objects, "bold.nii", noise(2000))
    folder.mkdir()
    part_of(folder / file.path, Pin.of(file)).symlink_to(tmp_path / "mine")
    transfer("set", [file], folder)
    assert (tmp_path / "mine").read_bytes() == b"mine"
    assert (folder / "bold.nii").read_bytes() == noise(2000)
    assert not (folder / "bold.nii").is_symlink()


def test_an_empty_file_comes_where_the_disk_knows_no_locks(objects, folder, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    files = [put(objects, "empty", b""), put(objects, "bold.nii", noise(2000))]
    transfer("set", files, folder)
    assert files_below(folder) == ["bold.nii", "empty"]


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 120 + ".nii"])
def test_the_longest_name_a_disk_can_hold(objects, folder, name):
    file = replace(put(objects, "short", noise(2000)), path=name)
    old = part_of(folder / name, Pin("md5", "0" * 32))
    folder.mkdir()
    old.write_bytes(b"of an older lock")
    transfer("set", [file], folder)
    assert files_below(folder) == [name]


# ---------------------------------------------------------------- how many at once


@pytest.mark.parametrize(("variable", "most"), [(None, 4), ("2", 2), ("1", 1)])
def test_connections_are_bounded(objects, folder, monkeypatch, variable, most):
    if variable:
        monkeypatch.setenv("ISOMORPH_CONNECTIONS", variable)
    files = several(objects, 8, 20_000)
    for file in files:
        objects.fail(object_of(file), Fault(slow=0.02))
    transfer("set", files, folder)
    assert objects.busiest == most
    if most == 1:  # the longest comes first, so that none is left to run alone
        assert [request.path for request in objects.log] == [object_of(f) for f in files[::-1]]


@pytest.mark.parametrize("status", [416, 301])
def test_a_server_that_refuses_or_sends_on_to_nowhere_is_quoted(objects, folder, status):
    file = put(objects, "bold.nii", noise(2000))
    objects.fail(object_of(file), *[Fault(status=status)] * 3)
    said = rf"bold\.nii\?versionId=v1: the server says {status}"
    with pytest.raises(IsomorphError, match=said):
        transfer("set", [file], folder)
    assert len(objects.log) == 2


def test_an_address_that_is_none_is_a_sentence():
    with pytest.raises(IsomorphError, match=r"http://\[bad/x: is not an address"):
        addresses("http://[bad/x")


@pytest.mark.parametrize("text", ["0", "-1", "many", "33", "2.5"])
def test_connections_must_be_a_number(monkeypatch, text):
    monkeypatch.setenv("ISOMORPH_CONNECTIONS", text)
    with pytest.raises(IsomorphError, match=f'ISOMORPH_CONNECTIONS: is "{text}", expected a numb'):
        connections()


# ---------------------------------------------------------------- what cannot be had


def test_one_failing_file_stops_no_other_and_all_failures_are_said(objects, folder):
    files = several(objects, 8)
    gone, forbidden = files[:4], files[4]
    for file in gone:
        objects.fail(object_of(file), VANISHED, VANISHED)
    objects.fail(object_of(forbidden), FORBIDDEN, FORBIDDEN)
    with pytest.raises(IsomorphError) as caught:
        transfer("set", files, folder)
    message = str(caught.value)
    assert message.startswith("set: 5 of 8 files could not be brought: ")
    assert message.endswith("; and 2 more")
    assert "sub-0/file-0.bin?versionId=v1: the server says 404 Not Found" in message
    assert "file-3" not in message
    assert "\n" not in message
    assert files_below(folder) == [file.path for file in files[5:]]


def test_a_network_where_nothing_comes_through_is_given_up_for_all(objects, folder, monkeypatch):
    monkeypatch.setenv("ISOMORPH_CONNECTIONS", "1")
    files = several(objects, 30)
    for file in files:
        objects.fail(object_of(file), *[Fault(status=503)] * 20)
    with pytest.raises(IsomorphError, match=r"3 of 30 .*; 27 were left for the next run$"):
        transfer("set", files, folder)
    assert len({request.path for request in objects.log}) == 3


def test_a_file_that_cannot_be_reached_now_and_then_is_no_dead_network(
    objects, folder, monkeypatch
):
    monkeypatch.setenv("ISOMORPH_CONNECTIONS", "1")
    files = several(objects, 12)
    for file in files[::2]:
        objects.fail(object_of(file), *[Fault(status=503)] * 20)
    with pytest.raises(IsomorphError, match=r"set: 6 of 12 files .*; and 3 more$"):
        transfer("set", files, folder)
    assert files_below(folder) == sorted(file.path for file in files[1::2])


def test_mirrors_that_are_no_pairs_are_said_once(objects, folder, monkeypatch):
    monkeypatch.setenv("ISOMORPH_MIRRORS", "https://s3.amazonaws.com")
    with pytest.raises(IsomorphError, match=r'^ISOMORPH_MIRRORS: holds "https://s3'):
        transfer("set", several(objects), folder)


def test_second_address_is_the_same_without_the_version(monkeypatch):
    monkeypatch.setenv("ISOMORPH_MIRRORS", "https://a.org=http://b.org")
    assert addresses("https://a.org/x%20y?versionId=1") == [
        "http://b.org/x%20y?versionId=1", "http://b.org/x%20y",
    ]  # fmt: skip
    assert addresses("https://c.org/x?key=2&versionId=1")[1] == "https://c.org/x?key=2"
    assert addresses("https://c.org/x") == ["https://c.org/x"] * 2


def test_a_folder_in_the_place_of_a_file_is_said_and_stops_no_other(objects, folder):
    files = several(objects, 3)
    (folder / files[2].path / "mine").mkdir(parents=True)
    with pytest.raises(IsomorphError, match="a folder of that name stands there"):
        transfer("set", files, folder)
    assert len([path for path in files_below(folder) if not path.endswith(".part")]) == 2


# ---------------------------------------------------------------- what is said


def test_size_and_what_is_here_are_said_beforehand(objects, folder, capsys):
    files = several(objects, 3, 1_000_000)
    transfer("set", files[:1], folder)
    part = part_of(folder / files[1].path, Pin.of(files[1]))
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(500_000))
    capsys.readouterr()
    announce("ds000001", files, folder)
    assert capsys.readouterr().err == "ds000001: 3 files, 3.0 MB, 1.5 MB of it here already\n"


def test_a_disk_too_small_is_said_before_anything_is_asked(objects, folder, monkeypatch):
    files = several(objects, 3, 1_000_000)
    transfer("set", files[:1], folder)
    asked = len(objects.log)
    free = SimpleNamespace(free=1_900_000)
    monkeypatch.setattr("isomorph.archives.transfer.shutil.disk_usage", lambda _place: free)
    with pytest.raises(IsomorphError, match=r"ds1: 2\.0 MB are still to come but .* 1\.9 MB"):
        announce("ds1", files, folder)
    assert len(objects.log) == asked
    free.free = shutil.disk_usage("/").free + 10**9
    announce("ds1", files, folder)


def test_progress_of_the_whole_set(objects, folder, monkeypatch, capsys):
    monkeypatch.setattr("isomorph.saying.EVERY", 0.0)
    files = several(objects, 4, 300_000)
    transfer("ds000001", files, folder)
    said = re.findall(
        r"^ds000001: (\d) of 4 files, (\d\.\d) of 1\.2 MB, ([\d.,]+) MB/s, (\d+):(\d\d) left$",
        capsys.readouterr().err,
        flags=re.MULTILINE,
    )
    done, here = [int(one[0]) for one in said], [float(one[1]) for one in said]
    assert len(said) >= 4
    assert done == sorted(done)
    assert here == sorted(here)
    assert here[-1] == 1.2


def test_rate_and_time_left(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("isomorph.archives.progress.time.monotonic", lambda: now[0])
    progress = Progress("set", 8_000_000_000, 3)
    progress.find(1_000_000_000)  # was here: no speed
    now[0] = 104.0
    progress.move(8_000_000)
    progress.finish()
    assert progress.line() == "set: 1 of 3 files, 1,008.0 of 8,000.0 MB, 2.0 MB/s, 58:16 left"
    progress.move(-8_000_000)  # thrown away: the line is no slower for it
    assert progress.line().startswith("set: 1 of 3 files, 1,000.0 of 8,000.0 MB, 2.0 MB/s")


def test_progress_of_a_file_of_unknown_size(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("isomorph.archives.progress.time.monotonic", lambda: now[0])
    progress = Progress("toy.tar.gz")
    now[0] = 2.0
    progress.move(3_000_000)
    assert progress.line() == "toy.tar.gz: 3.0 MB, 1.5 MB/s"


# ---------------------------------------------------------------- breaking off

# Started in the background, a process ignores interrupts and so do its own; this one must not.
SCRIPT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from isomorph.archives.lock import LockedFile
from isomorph.archives.transfer import transfer
folder, *cells = sys.argv[1:]
rows = [cells[n:n + 5] for n in range(0, len(cells), 5)]
transfer("set", [LockedFile(p, int(s), a, h, u) for p, s, a, h, u in rows], Path(folder))
"""


def test_breaking_off_is_prompt_and_keeps_what_came(objects, folder):
    files = [unversioned(file) for file in several(objects, 6, 400_000)]
    silent = Event()
    for file in files:
        objects.fail(object_of(file), Fault(hold=silent))
    cells = [
        str(cell)
        for file in files
        for cell in (file.path, file.size, file.algorithm, file.hash, file.url)
    ]
    running = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", SCRIPT, folder, *cells],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    parts = wait_for(lambda: [*folder.rglob("*.part")] if folder.exists() else [], 4)
    wait_for(lambda: [part for part in parts if part.stat().st_size == HELD], 4)
    running.send_signal(signal.SIGINT)
    try:  # sooner than the minute a silent server is given
        said = running.communicate(timeout=50)[1]
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGABRT)  # where every thread stands
        said = running.communicate()[1]
    assert running.returncode != -signal.SIGABRT, said
    assert "KeyboardInterrupt" in said
    silent.set()
    assert len([*folder.rglob("*.part")]) == 4
    assert not [one for one in files_below(folder) if not one.endswith((".part", ".part.lock"))]
    objects.faults.clear()
    objects.log.clear()
    transfer("set", files, folder)
    assert sum(request.range == f"bytes={HELD}-" for request in objects.log) == 4
    assert files_below(folder) == sorted(file.path for file in files)


def wait_for(look, count, seconds=20.0):
    """Look until there are so many."""
    end = time.monotonic() + seconds
    while len(found := look()) < count:
        assert time.monotonic() < end, f"waited {seconds} s, found {found}"
        time.sleep(0.02)
    return found
