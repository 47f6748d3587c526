"""Bad weather: right bytes or one sentence, and never a wrong byte under a final name."""

import fcntl
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from threading import Event, Thread

import pytest
from filelock import FileLock, Timeout
from objects import FORBIDDEN, HELD, STALE, VANISHED, Fault
from pinned_set import (
    BUCKET,
    KEY,
    digest,
    files_below,
    noise,
    object_of,
    put,
    unversioned,
    write_locked,
)

from isomorph import archives
from isomorph.archives.hashes import Pin
from isomorph.archives.held import held, lock_of
from isomorph.archives.transfer import part_of, transfer
from isomorph.errors import IsomorphError
from isomorph.stages import fetch

CONTENT = noise(200_000)
PATH = "sub-01/bold.nii.gz"
JSON = b'{"error": "an unknown error occurred accessing this file"}'


@pytest.fixture
def pinned(objects, make_layout):
    """Pin a large file and a small one; return the layout and the large one's name and lock."""

    def pin(version=True):
        large, small = put(objects, PATH, CONTENT), put(objects, "README", b"read me", "git")
        files = [large, small] if version else [unversioned(large), small]
        return write_locked(make_layout, files), object_of(large), files[0]

    return pin


def standing(layout):
    """Return what stands in the archive's folder, part files and all."""
    folder = layout.archive("objects")
    return files_below(folder) if folder.exists() else []


def check_whole(layout):
    """Make sure the set is whole, as pinned, and nothing else is there."""
    assert standing(layout) == [".fetched.json", "README", "manifest.json", PATH]
    assert (layout.archive("objects") / PATH).read_bytes() == CONTENT
    records = {one.path: one.sha256 for one in archives.read_manifest(layout, "objects").files}
    assert records == {
        PATH: digest(CONTENT, "sha256"),
        "README": digest(b"read me", "sha256"),
    }


# ---------------------------------------------------------------- what passes

BROKEN_LINE = Fault(truncate=70_000)

PASSES = {
    "busy": [Fault(status=503), Fault(status=503)],
    "too many requests": [Fault(status=429, code="TooManyRequests", retry_after="0")],
    "broken inside": [Fault(status=500, code="InternalError")],
    "timed out": [Fault(status=408, code="RequestTimeout")],
    "truncated": [BROKEN_LINE],
    "truncated often": [BROKEN_LINE, Fault(truncate=50_000), Fault(truncate=1), Fault(truncate=0)],
    "reset": [Fault(reset=70_000)],
    "reset at once": [Fault(reset=0)],
    "corrupted": [Fault(corrupt=True)],
    "corrupted with an ETag to match": [Fault(forge=True)],
    "corrupted after a break": [BROKEN_LINE, Fault(corrupt=True)],
    "no ranges": [BROKEN_LINE, Fault(ignore_range=True)],
    "a wrong range": [BROKEN_LINE, Fault(wrong_start=True)],
    "no length": [Fault(chunked=True)],
    "no length, and cut short": [Fault(chunked=True, truncate=70_000)],
    "redirected": [Fault(redirect=True)],
    "redirected after a break": [BROKEN_LINE, Fault(redirect=True)],
    "an error in place of the file": [Fault(replace=JSON)],
    "another file of the same size": [Fault(replace=noise(len(CONTENT), 1))],
    "a longer file without a length": [Fault(replace=CONTENT + b"x", chunked=True)],
    "stale version": [STALE],
    "stale version after a break": [BROKEN_LINE, STALE],
    "forbidden version": [FORBIDDEN],
    "version that is none": [Fault(status=400, code="InvalidArgument")],
    "deleted version": [Fault(status=405, code="MethodNotAllowed")],
    "many things": [Fault(status=503), BROKEN_LINE, Fault(reset=50_000), STALE, Fault(truncate=9)],
}


@pytest.mark.parametrize("weather", PASSES)
def test_what_passes_ends_with_the_right_bytes(objects, pinned, weather):
    layout, name, _ = pinned()
    objects.fail(name, *PASSES[weather])
    fetch.run(layout, "objects")
    assert not objects.faults[name]  # all of it was met
    check_whole(layout)


def test_a_broken_line_costs_no_byte_twice(objects, pinned):
    layout, name, _ = pinned()
    objects.fail(name, BROKEN_LINE, Fault(truncate=50_000), STALE)
    fetch.run(layout, "objects")
    assert [(request.version, request.range) for request in objects.asked(name)] == [
        ("v1", None),
        ("v1", "bytes=70000-"),
        ("v1", "bytes=120000-"),
        (None, "bytes=120000-"),  # what is here is still the beginning of the pinned file
    ]


def test_retry_after_is_waited_for(objects, pinned, monkeypatch):
    layout, name, _ = pinned()
    waited = []
    monkeypatch.setattr("isomorph.archives.patience.LONGEST_WAIT", 60.0)
    monkeypatch.setattr(
        "isomorph.archives.transfer._Crew.pause", lambda _, wait: waited.append(wait)
    )
    objects.fail(name, Fault(status=429, retry_after="7"), Fault(status=503, retry_after="86400"))
    fetch.run(layout, "objects")
    assert waited == [7.0, 60.0]
    check_whole(layout)


def test_corrupted_bytes_are_asked_for_once_more_where_no_version_is_named(objects, pinned):
    layout, name, _ = pinned(version=False)
    objects.fail(name, Fault(forge=True))
    fetch.run(layout, "objects")
    assert [request.range for request in objects.asked(name)] == [None, None]
    check_whole(layout)


# ---------------------------------------------------------------- what does not pass

ELSE = noise(len(CONTENT), 1)
REFUSED = {
    "vanished": ([VANISHED] * 2, "404 Not Found"),
    "forbidden": ([FORBIDDEN] * 2, "403 Forbidden"),
    "busy forever": ([Fault(status=503)] * 20, "cannot be downloaded (the server says 503"),
    "line that never holds": (
        [Fault(truncate=1000, ignore_range=True)] * 20,
        "cannot be downloaded (the line broke at 1,000 of 200,000 bytes)",
    ),
    "corrupted always": ([Fault(corrupt=True)] * 2, f"expected {digest(CONTENT, 'md5')}"),
    "forged always": ([Fault(forge=True)] * 2, f"expected {digest(CONTENT, 'md5')}"),
    "replaced": ([Fault(replace=ELSE)] * 2, f"the file has md5 {digest(ELSE, 'md5')}, expected"),
    "an error in its place": ([Fault(replace=JSON)] * 2, "has 58 bytes, expected 200,000"),
    "too long": (
        [Fault(replace=CONTENT + b"x", chunked=True)] * 2,
        "sends more than the 200,000 bytes expected",
    ),
    "redirected in a circle": ([Fault(redirect=True)] * 99, "Exceeded 30 redirects"),
    "vanished and then corrupted": ([STALE, Fault(corrupt=True)], "404 Not Found; http"),
}


@pytest.mark.parametrize("weather", REFUSED)
def test_what_does_not_pass_is_one_sentence_and_no_file(objects, pinned, weather):
    layout, name, _ = pinned()
    faults, reason = REFUSED[weather]
    objects.fail(name, *faults)
    with pytest.raises(IsomorphError) as caught:
        fetch.run(layout, "objects")
    message = str(caught.value)
    assert message.startswith("objects: 1 of 2 files could not be brought: http")
    assert PATH in message
    assert reason in message
    assert "\n" not in message
    assert [one for one in standing(layout) if not one.endswith(".part")] == ["README"]
    objects.faults.clear()  # the sky clears
    fetch.run(layout, "objects")
    check_whole(layout)


def test_an_older_manifest_does_not_outlive_a_set_that_is_no_longer_whole(
    objects, pinned, make_layout
):
    layout, _, _ = pinned()
    fetch.run(layout, "objects")
    newer = put(objects, PATH, noise(1000, 3))
    layout = write_locked(make_layout, [newer])
    objects.fail(object_of(newer), VANISHED, VANISHED)
    with pytest.raises(IsomorphError, match="404"):
        fetch.run(layout, "objects")
    assert (layout.archive("objects") / PATH).read_bytes() == CONTENT  # whole, though the old one
    assert not layout.manifest("objects").exists()
    fetch.run(layout, "objects")
    assert [one.path for one in archives.read_manifest(layout, "objects").files] == [PATH]


# ---------------------------------------------------------------- processes

FETCH = """
import sys
from isomorph.archives import patience, held, progress
from isomorph.cli import main
patience.FIRST_WAIT, patience.LONGEST_WAIT, held.POLL = 0.01, 0.05, 0.02
sys.exit(main(sys.argv[1:]))
"""


def command(layout, code=FETCH):
    given = ["--study", layout.study.path, "--root", layout.root, "--dataset", "objects"]
    return [sys.executable, "-c", code, "fetch", *map(str, given)]


def start(layout):
    return subprocess.Popen(command(layout), stderr=subprocess.PIPE, text=True)


@pytest.fixture
def rest(objects):
    """The large file stops in the middle until this is set."""
    event = Event()
    objects.fail(f"/{BUCKET}/{KEY}/{PATH}", Fault(hold=event))
    yield event
    event.set()


@pytest.fixture
def waiting(monkeypatch):
    """Is set once somebody here is told that another process downloads what he wants."""
    event = Event()

    def say(line):
        assert "another process is downloading this, waiting for it" in line
        event.set()

    monkeypatch.setattr("isomorph.archives.held.say", say)
    return event


def wait_until(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds} s"
        time.sleep(0.01)


def wait_for_half(layout, large):
    """Wait until the large file has come to its middle, return its part file."""
    part = part_of(layout.archive("objects") / PATH, Pin.of(large))
    wait_until(lambda: part.exists() and part.stat().st_size == HELD)
    return part


def test_a_process_killed_in_mid_file_leaves_no_manifest_and_is_resumed(objects, pinned, rest):
    layout, name, large = pinned()
    with start(layout) as running:
        part = wait_for_half(layout, large)
        running.kill()
    assert running.returncode == -signal.SIGKILL
    assert not layout.manifest("objects").exists()
    assert not (layout.archive("objects") / PATH).exists()
    assert part.read_bytes() == CONTENT[:HELD]
    fetch.run(layout, "objects")
    assert [request.range for request in objects.asked(name)] == [None, f"bytes={HELD}-"]
    check_whole(layout)


def test_of_two_processes_one_waits_and_the_file_comes_once(objects, pinned, rest, waiting):
    layout, name, large = pinned()
    with start(layout) as first:
        wait_for_half(layout, large)
        second = Thread(target=fetch.run, args=(layout, "objects"))
        second.start()
        assert waiting.wait(60)
        rest.set()
        second.join(60)
        said = first.communicate(timeout=60)[1]
    assert first.returncode == 0, said
    assert len(objects.asked(name)) == 1
    check_whole(layout)


def test_who_waits_for_a_process_that_is_killed_goes_on_where_it_was(
    objects, pinned, rest, waiting
):
    layout, name, large = pinned()
    with start(layout) as first:
        wait_for_half(layout, large)
        second = Thread(target=fetch.run, args=(layout, "objects"))
        second.start()
        assert waiting.wait(60)
        assert len(objects.asked(name)) == 1
        first.kill()
    second.join(60)
    assert [request.range for request in objects.asked(name)] == [None, f"bytes={HELD}-"]
    check_whole(layout)


def test_on_a_disk_without_locks_two_threads_each_have_their_own_file(objects, pinned, monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    layout, name, _ = pinned()
    objects.fail(name, Fault(slow=0.02), Fault(slow=0.02))
    threads = [Thread(target=fetch.run, args=(layout, "objects")) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(objects.asked(name)) == 2
    check_whole(layout)


def test_a_lock_removed_between_opening_and_taking_it_holds_nothing(tmp_path, monkeypatch):
    part = tmp_path / "file.part"
    lock, calls = fcntl.flock, []

    def late(handle, operation):
        if operation != fcntl.LOCK_UN:
            if not calls:
                lock_of(part).unlink()  # the other process was done, and quicker
            calls.append(handle)
        lock(handle, operation)

    monkeypatch.setattr("fcntl.flock", late)
    monkeypatch.setattr("isomorph.archives.held.POLL", 0.0)
    with held(part, time.sleep) as mine:
        mine.write_bytes(b"mine")
        assert len(calls) == 2
        with pytest.raises(Timeout):
            FileLock(lock_of(part), timeout=0).acquire()
    assert files_below(tmp_path) == ["file.part"]


# ---------------------------------------------------------------- the disk


def test_a_file_that_may_not_grow_is_one_sentence_and_leaves_room(pinned):
    layout, _, _ = pinned()
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (90_000, 90_000))\n"
    ran = subprocess.run(
        command(layout, limit + FETCH), capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 1, ran.stderr
    last = ran.stderr.splitlines()[-1]
    assert "bold.nii.gz" in last
    assert "cannot be written, it grows larger than the disk or `ulimit -f` allows" in last
    assert "Traceback" not in ran.stderr
    assert standing(layout) == ["README"]


def test_a_disk_that_fills_in_mid_file_ends_the_set(objects, make_layout, monkeypatch):
    """On a disk of 300 kB: a file too large is given up, and those behind it are not tried."""
    if not (shutil.which("unshare") and shutil.which("mount")):
        pytest.skip("a small disk needs unshare and mount")
    files = [put(objects, f"file-{n}", noise(400_000 - n, n)) for n in range(6)]
    layout = write_locked(make_layout, files)
    layout.archive("objects").mkdir(parents=True)
    script = (
        'mount -t tmpfs -o size=300k tmpfs "$0" || exit 77; "$@"; rc=$?; '
        'find "$0" -type f >&2; exit $rc'
    )
    # What the disk says it has room for is another matter: a neighbour may fill it meanwhile.
    roomy = (
        "import shutil, types\nshutil.disk_usage = lambda _: types.SimpleNamespace(free=10**12)\n"
    )
    monkeypatch.setenv("ISOMORPH_CONNECTIONS", "1")
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, layout.archive("objects"),
         *command(layout, roomy + FETCH)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if ran.returncode == 77 or "unshare" in ran.stderr:
        pytest.skip("no small disk can be mounted here")
    assert ran.returncode == 1, ran.stderr
    (said,) = [line for line in ran.stderr.splitlines() if "could not be brought" in line]
    assert "objects: 1 of 6 files could not be brought: " in said
    assert "cannot be written, the disk is full; free some space and run again" in said
    assert said.endswith("5 were left for the next run")
    assert ran.stderr.endswith(said + "\n")  # and no file is left on the disk
    assert len(objects.log) == 1


# ---------------------------------------------------------------- a storm


def any_fault(luck, size):
    """Return a fault as luck has it."""
    return luck.choice(
        [
            Fault(status=503),
            Fault(status=429, retry_after="0"),
            Fault(status=500),
            Fault(truncate=luck.randrange(size)),
            Fault(truncate=luck.randrange(size), corrupt=True),
            Fault(reset=luck.randrange(size)),
            Fault(corrupt=True),
            Fault(forge=True),
            Fault(replace=luck.randbytes(luck.randrange(2 * size))),
            Fault(replace=luck.randbytes(size)),
            Fault(chunked=True, truncate=luck.randrange(size)),
            Fault(ignore_range=True),
            Fault(wrong_start=True),
            Fault(redirect=True),
            Fault(slow=0.001),
            STALE,
            FORBIDDEN,
            VANISHED,
        ]
    )


def test_storm(objects, tmp_path, monkeypatch, capsys):
    """Random faults over several files, run after run until all stand: no wrong byte, ever."""
    monkeypatch.setattr("isomorph.archives.patience.FIRST_WAIT", 0.0)
    luck, counts = random.Random(2026), Counter()
    for storm in range(40):
        files, right = [], {}
        for n in range(5):
            path, content = f"{storm}/file-{n}", luck.randbytes(luck.choice([1, 900, 40_000]))
            files.append(put(objects, path, content, luck.choice(["md5", "sha256", "git"])))
            right[path] = content
            faults = [any_fault(luck, len(content)) for _ in range(luck.randrange(9))]
            objects.fail(object_of(files[-1]), *faults)
        folder = tmp_path / "archive"
        for _run in range(20):
            counts["runs"] += 1
            before = sum(map(len, objects.faults.values()))
            try:
                records = transfer("storm", files, folder)
            except IsomorphError as error:
                counts["refusals"] += 1
                counts["lines too many"] += str(error).count("\n")
                records = None
            counts["faults"] += before - sum(map(len, objects.faults.values()))
            for path in files_below(folder / str(storm)):
                name = f"{storm}/{path}"
                if not path.endswith(".part"):
                    counts["files read"] += 1
                    counts["wrong"] += (folder / name).read_bytes() != right[name]
            if records is not None:
                break
        assert records is not None
        assert {r.path: r.sha256 for r in records} == {
            path: digest(content, "sha256") for path, content in right.items()
        }
        assert files_below(folder / str(storm)) == [f"file-{n}" for n in range(5)]
    capsys.readouterr()
    with capsys.disabled():
        print(f"\nstorm: {dict(counts)}")
    assert counts["faults"] > 400
    assert counts["refusals"] > 20
    assert counts["wrong"] == counts["lines too many"] == 0
