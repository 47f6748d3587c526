"""What is told of a study before it runs: what it takes, what is too much, what would help."""

from pathlib import Path

import pytest

from isomorph.cli import main
from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import written_by
from isomorph.runs import capacity
from isomorph.runs.capacity import Machine, Need
from isomorph.study import load_study

CONFIG = Path(__file__).parents[2] / "config"
LARGE = Machine(memory=10**12, free=10**15, cores=1000)


@pytest.fixture
def layout(tmp_path):
    return Layout(load_study(CONFIG / "demo.yaml"), tmp_path)


def test_what_a_study_takes_is_told(layout):
    need = capacity.need_of(layout, {})
    (line,) = capacity.told(layout, need, LARGE)
    assert line.startswith("still to be made: ")
    for word in (" GB of disk", "memory for the largest job (", "on the 1000 here"):
        assert word in line
    assert "guessed, from above: layers of a network" in line


def test_what_is_there_is_not_made_again(layout):
    before = capacity.need_of(layout, {})
    for job in jobs(layout.study):
        if job.stage in ("fetch", "compare"):
            for file in written_by(layout, job):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
    after = capacity.need_of(layout, {})
    assert {"fetch", "compare"} & set(before.seconds) == {"compare"}
    assert "compare" not in after.seconds
    assert "fetch" in before.disk
    assert "fetch" not in after.disk
    assert list(capacity.told(layout, Need(), LARGE)) == []


def test_more_stimuli_take_more_of_everything(layout):
    few, many = (capacity.need_of(layout, {"kriegeskorte92": n}) for n in (50, 5000))
    assert many.memory > 100 * few.memory
    assert sum(many.disk.values()) > sum(few.disk.values())
    assert sum(many.seconds.values()) > 10 * sum(few.seconds.values())


@pytest.mark.parametrize(
    ("machine", "said", "helps"),
    [
        ({"free": 10**9}, ("disk of", "6.0 GB", "1.0 GB are free"), "layers: blocks"),
        ({"memory": 8 * 10**9}, ("memory of this machine", "30.0 GB", "8.0 GB"), "resamples"),
        ({"cores": 2}, ("too long", "about 2.1 days on 2 cores"), "permutations"),
        ({"cores": 1}, ("too long", "about 4.2 days on 1 core,"), "--profile slurm"),
    ],
)  # fmt: skip
def test_what_is_too_much_is_told_with_figures_and_what_would_help(layout, machine, said, helps):
    need = Need(
        disk={"fetch": 2e9, "activations": 4e9}, memory=30e9, largest=Job("compare", ("planted",)),
        seconds={"compare": 100 * 3600.0, "explain": 3600.0},
    )  # fmt: skip
    _, line = capacity.told(layout, need, Machine(**{**vars(LARGE), **machine}))
    for words in (*said, helps, "--profile slurm"):
        assert words in line


def test_what_nobody_knows_of_a_machine_is_not_held_against_it(layout):
    need = Need(memory=30e9, largest=Job("compare", ("planted",)), seconds={"compare": 1.0})
    assert len(list(capacity.told(layout, need, Machine(0, 10**15, 1)))) == 1


def test_check_tells_a_study_too_large_for_its_machine(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(capacity, "this_machine", lambda _: Machine(10**9, 10**9, 2))
    assert main(["check", "--study", str(CONFIG / "demo.yaml"), "--root", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("too large for the disk of ") for line in lines)
    assert any(line.startswith("too large for the memory of this machine") for line in lines)


def test_this_machine_has_memory_a_disk_and_cores(tmp_path):
    found = capacity.this_machine(tmp_path / "not" / "there")
    assert found.memory > 10**8
    assert found.free > 0
    assert found.cores >= 1
