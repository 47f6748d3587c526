"""The Snakefile on a cluster: jobs that wait, get lost, lack memory, and are done nevertheless."""

import importlib.util
import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import one_machine_slurm
import pytest
import tiny_study as tiny

from isomorph.runs import cluster

pytestmark = pytest.mark.slow

ON_SLURM = (
    *("--profile", str(tiny.ROOT / "profiles" / "slurm")),
    *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1"),
    "--slurm-keep-successful-logs",
)
ONE, TWO = "responses_wildcards_small_one", "responses_wildcards_small_two"
"""How the cluster knows the jobs of the two subjects."""
TOO_LITTLE = "60 * 20 ** (attempt - 1) if wildcards.subject == 'two' else 2000"
"""The memory of these jobs: nothing could run in what the second has at first."""
UP_TO = ("--until", "brain_rdms", "activations")
LATE = """
import atexit, os, subprocess, sys

FILE = "results/tiny/small/responses/two.nc"
LOGS = ".snakemake/slurm_logs/rule_responses/small_two/*.log"

def hide():
    os.rename(FILE, FILE + ".unseen")
    waited = f"for i in $(seq 200); do grep -qs 'Waiting at most' {LOGS} && break; sleep 0.2; done"
    later = ["sh", "-c", f"{waited}; mv {FILE}.unseen {FILE}"]
    apart = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.Popen(later, start_new_session=True, **apart)

if "responses" in sys.argv and "two" in sys.argv:
    atexit.register(hide)
"""
"""A file system that shows what a job wrote only when it is waited for, or after forty seconds."""


@pytest.fixture(scope="module")
def slurm():
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("no snakemake-executor-plugin-slurm: pip install -e .[cluster]")
    try:
        with one_machine_slurm.one_machine() as running:
            yield running
    except one_machine_slurm.NoSlurmError as reason:
        pytest.skip(f"no SLURM here: {reason}")


@pytest.fixture(scope="module")
def story(slurm, tmp_path_factory):
    """One study run here and on a cluster that spares it nothing; what each run said."""
    top = tmp_path_factory.mktemp("slurm")
    here, there = top / "here", top / "there"
    tiny.write(here)
    tiny.write_yaml(here / "config" / "study.yaml", {**tiny.STUDY, "datasets": ["small"]})
    begun = tiny.snakemake(here, "--until", "stimuli")
    assert begun.returncode == 0, begun.stdout
    shutil.copytree(here, there, ignore=shutil.ignore_patterns(".snakemake"))
    told = {"here": here, "there": there}
    with ThreadPoolExecutor(1) as beside:
        local = beside.submit(tiny.snakemake, here, *UP_TO)
        told["first"] = first_run(slurm, there, told)
        told["saved"] = tiny.times(there)
        graphics = ("--set-resources", "activations:gpu=1")
        with submitted(slurm, there, *UP_TO, *graphics) as (_, said):
            told["second"] = said.result()
        told["asked"] = slurm.asked()
        told["local"] = local.result().stdout
    return told


@contextmanager
def submitted(slurm, folder, *arguments, **more):
    """Run the workflow on a cluster; yield its process and what it will have said."""
    environment = slurm.environment
    process = tiny.started(folder, *ON_SLURM, *arguments, environment=environment, **more)
    with ThreadPoolExecutor(1) as beside:
        try:
            yield process, beside.submit(lambda: process.communicate()[0])
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def first_run(slurm, folder, told):
    """Submit two jobs while no node takes any, cancel one, and lose the other's node."""
    slow_to_show = folder.parent / "src"
    shutil.copytree(tiny.ROOT / "src" / "isomorph", slow_to_show / "isomorph")
    main = slow_to_show / "isomorph" / "__main__.py"
    main.write_text(LATE + main.read_text())
    slurm.set_nodes("drain")
    memory = ("--set-resources", f"responses:mem_mb={TOO_LITTLE}")
    arguments = ("--until", "responses", "--retries", "1", *memory)
    lost = ""
    with submitted(slurm, folder, *arguments, source=slow_to_show) as (process, said):
        one_machine_slurm.until(lambda: len(slurm.jobs()) == 2, "nothing is submitted", 120)
        told["drained"] = slurm.asked()
        slurm.set_nodes("resume")
        while process.poll() is None:
            for number, state in slurm.jobs(ONE).items():
                if state in ("PENDING", "RUNNING"):
                    slurm.ask("scancel", number)
            again = [job for job in slurm.asked(TWO)[1:] if job["RunTime"] >= "00:00:02"]
            if again and again[0]["JobState"] == "RUNNING" and not lost:
                lost = again[0]["NodeList"]
                slurm.set_nodes("down", lost)
                # SLURM holds a job it starts again for two minutes; who runs it may not
                slurm.ask("scontrol", "update", f"jobid={again[0]['JobId']}", "starttime=now")
            time.sleep(0.2)
        told["lost"] = lost
        return said.result()


def states(story, of):
    return [job["JobState"] for job in story["asked"] if of in job["Comment"]]


def test_jobs_wait_while_their_nodes_are_drained(story):
    assert [job["JobState"] for job in story["drained"]] == ["PENDING", "PENDING"]


def test_nothing_is_asked_of_the_cluster_that_was_not_set(story):
    assert {job["Account"] for job in story["asked"]} == {"(null)"}
    assert {job["Partition"] for job in story["asked"]} == {"main"}


def test_a_job_out_of_memory_is_submitted_again_with_more(story):
    jobs = [job for job in story["asked"] if TWO in job["Comment"]]
    assert [job["MinMemoryNode"] for job in jobs] == ["60M", "1200M"], story["first"]
    assert [job["JobState"] for job in jobs] == ["FAILED", "COMPLETED"], story["first"]
    assert "responses small two" not in story["first"].split("What failed, and why:")[1]


def test_what_snakemake_takes_on_the_node_is_asked_for_too(story):
    (job,) = [job for job in story["asked"] if "rule_brain_rdms" in job["Comment"]]
    assert int(job["MinMemoryNode"].removesuffix("M")) > cluster.AROUND


def test_a_job_that_lost_its_node_is_started_again(story):
    assert story["lost"] in one_machine_slurm.NODES
    job = [job for job in story["asked"] if TWO in job["Comment"]][-1]
    assert job["Restarts"] == "1"


def test_what_other_nodes_wrote_is_waited_for(story):
    folder = story["there"] / ".snakemake" / "slurm_logs" / "rule_responses" / "small_two"
    assert any("Waiting at most 60 seconds" in log.read_text() for log in folder.glob("*.log"))
    assert "results/tiny/small/responses/two.nc" in story["saved"]


def test_a_cancelled_job_is_told_and_done_by_the_next_run(story):
    assert states(story, ONE) == ["CANCELLED", "CANCELLED", "COMPLETED"]
    why = story["first"].split("What failed, and why:")[1]
    assert "responses small one: its job was cancelled; run again to go on" in why
    assert "results/tiny/small/responses/one.nc" not in story["saved"]
    again = tiny.times(story["there"])
    assert all(again[path] == when for path, when in story["saved"].items())


def test_a_rule_may_ask_for_a_graphics_processor(story):
    (job,) = [job for job in story["asked"] if "rule_activations" in job["Comment"]]
    assert job["JobState"] == "COMPLETED"
    assert "gres:gpu:1" in job["TresPerJob"]


def test_every_artefact_is_that_of_the_run_here(story):
    made = tiny.contents(story["here"])
    assert "results/tiny/small/rdms/brain.nc" in made, story["local"]
    assert tiny.contents(story["there"]) == made, story["second"]
