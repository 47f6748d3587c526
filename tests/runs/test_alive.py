"""A lock of a process that is gone is not a lock; one of a process that lives is never touched."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from isomorph.errors import IsomorphError
from isomorph.runs import alive

RUNS = """
import sys
from pathlib import Path
from isomorph.runs import alive
print(alive.begin(Path(sys.argv[1])) or "nothing", flush=True)
sys.stdin.readline()
"""
WORKS = """
import signal, sys, time
from isomorph.runs import alive
if sys.argv[1] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with alive.at_work():
    print("at work", flush=True)
    time.sleep(60)
"""


class Process:
    """A run or a job of its own, and the first line it said."""

    def __init__(self, code: str, argument: str, run: str = "") -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), alive.RUN: run}
        self.inner = subprocess.Popen(
            [sys.executable, "-c", code, argument], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.said = self.inner.stdout.readline().strip()

    def kill(self) -> None:
        self.inner.kill()
        self.close()

    def close(self) -> None:
        if not self.inner.stdin.closed:
            self.inner.stdin.close()
        self.inner.wait()
        self.inner.stdout.close()


@pytest.fixture
def start():
    made = []

    def started(*arguments: str) -> Process:
        made.append(Process(*arguments))
        return made[-1]

    yield started
    for one in made:
        one.kill()


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / ".snakemake"
    (place / "locks").mkdir(parents=True)
    return place


def lock(folder: Path) -> Path:
    file = folder / "locks" / "0.output.lock"
    file.write_text("results/a\n")
    return file


def records(folder: Path) -> list[Path]:
    return sorted((folder / "runs").glob("*-*.json"))


def test_a_lock_of_a_killed_run_is_removed_and_that_is_said(folder, start):
    run = start(RUNS, str(folder))
    assert run.said == "nothing"
    standing = lock(folder)
    run.kill()
    after = start(RUNS, str(folder))
    assert "was killed and left its lock" in after.said
    assert not standing.exists()
    assert len(records(folder)) == 1


def test_a_lock_of_a_run_that_lives_stays(folder, start):
    start(RUNS, str(folder))
    standing = lock(folder)
    assert start(RUNS, str(folder)).said == "nothing"
    assert standing.exists()


def test_a_lock_stays_as_long_as_one_of_two_runs_lives(folder, start):
    first, second = start(RUNS, str(folder)), start(RUNS, str(folder))
    standing = lock(folder)
    first.kill()
    third = start(RUNS, str(folder))
    assert (third.said, standing.exists()) == ("nothing", True)
    second.kill()
    third.kill()
    assert "left its lock" in start(RUNS, str(folder)).said
    assert not standing.exists()


def test_a_lock_nobody_noted_stays(folder, start):
    standing = lock(folder)
    assert start(RUNS, str(folder)).said == "nothing"
    assert standing.exists()


@pytest.mark.parametrize("damage", [{"host": "another"}, {"host": ""}, None])
def test_of_another_machine_or_a_damaged_record_nothing_can_be_told(folder, start, damage):
    run = start(RUNS, str(folder))
    standing = lock(folder)
    run.kill()
    (record,) = records(folder)
    said = json.loads(record.read_text())
    record.write_text(json.dumps({**said, **damage}) if damage is not None else "{")
    assert start(RUNS, str(folder)).said == "nothing"
    assert standing.exists()


def test_a_run_that_ends_takes_its_record_along(folder, start):
    run = start(RUNS, str(folder))
    assert len(records(folder)) == 1
    run.close()
    assert records(folder) == []
    assert start(RUNS, str(folder)).said == "nothing"


def test_many_that_start_at_once_remove_the_lock_once(folder, start):
    start(RUNS, str(folder)).kill()
    lock(folder)
    start(RUNS, str(folder))  # it takes the lock away, and now has one itself
    standing = lock(folder)
    assert [start(RUNS, str(folder)).said for _ in range(2)] == ["nothing"] * 2
    assert standing.exists()


def test_a_folder_that_cannot_be_written_is_as_it_would_be_without(tmp_path, start):
    (tmp_path / "file").write_text("")
    assert start(RUNS, str(tmp_path / "file")).said == "nothing"


# ---------------------------------------------------------------- jobs


def test_jobs_of_a_killed_run_are_ended_and_those_of_others_are_not(folder, start):
    killed, other = start(RUNS, str(folder)), start(RUNS, str(folder))
    by_run = {}
    for record in records(folder):
        by_run[json.loads(record.read_text())["pid"]] = str(record)
    orphan = start(WORKS, "", by_run[killed.inner.pid])
    kept = start(WORKS, "", by_run[other.inner.pid])
    assert alive.end_orphans(folder) == ""
    killed.kill()
    said = alive.end_orphans(folder)
    assert said.startswith("a job was still at work for a run that was killed")
    assert orphan.inner.wait(5) != 0
    assert kept.inner.poll() is None
    assert len([one for one in records(folder) if one.name.startswith("job-")]) == 1
    assert alive.end_orphans(folder) == ""


def test_a_job_that_does_not_end_is_named(folder, start):
    run = start(RUNS, str(folder))
    (record,) = records(folder)
    deaf = start(WORKS, "deaf", str(record))
    run.kill()
    with pytest.raises(IsomorphError, match=f"kill -9 {deaf.inner.pid} and run again"):
        alive.end_orphans(folder, grace=0.2)


def test_no_other_process_is_ended_for_its_number(folder, start, tmp_path):
    run = start(RUNS, str(folder))
    (record,) = records(folder)
    job = start(WORKS, "", str(record))
    (file,) = [one for one in records(folder) if one.name.startswith("job-")]
    bystander = start(RUNS, str(tmp_path / "elsewhere"))
    said = json.loads(file.read_text())
    file.write_text(json.dumps({**said, "pid": bystander.inner.pid}))
    run.kill()
    with pytest.raises(IsomorphError, match="still at work"):
        alive.end_orphans(folder, grace=0.2)
    time.sleep(0.1)
    assert bystander.inner.poll() is None
    assert job.inner.poll() is None


def test_a_job_without_a_run_notes_nothing(folder, monkeypatch):
    monkeypatch.delenv(alive.RUN, raising=False)
    with alive.at_work():
        assert not (folder / "runs").exists()
    monkeypatch.setenv(alive.RUN, str(folder / "gone" / "run-1.json"))
    with alive.at_work():  # a folder that is gone stops no job
        pass
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
