"""Why a job failed is always said: by itself, by how it ended, or by what stands in its way."""

import errno
import logging
import tempfile
from types import SimpleNamespace

import pytest
from snakemake.exceptions import MissingOutputException

from isomorph.errors import IsomorphError
from isomorph.runs import coming, command_line, failures


@pytest.fixture
def log(tmp_path):
    file = tmp_path / "results" / "tiny" / "logs" / "compare" / "small.log"
    file.parent.mkdir(parents=True)
    return file


def reasons(*logs, **more):
    return failures.reasons(failures.Failure(log, **more) for log in logs)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("going\nisomorph: rdms.npy: is empty\nended with exit status 1\n", "rdms.npy: is empty"),
        ("going\nended with exit status 137\n", "compare small: was killed, as systems do where "
         'memory runs out; free some, or run fewer jobs at once (--cores) (SIGKILL); the last line '
         'of {log} is "going"'),
        ("ended with exit status 137\n", "compare small: was killed, as systems do where memory "
         "runs out; free some, or run fewer jobs at once (--cores) (SIGKILL); {log} is empty"),
        ("ended with exit status 143\n", "compare small: was ended from outside; run again to go "
         "on (SIGTERM); {log} is empty"),
        ("ended with exit status 139\n", "compare small: crashed inside a library, which is no "
         "fault of the study's settings (SIGSEGV); {log} is empty"),
        ("ended with exit status 2\n", "compare small: ended with exit status 2 without saying "
         "why; {log} is empty"),
        ("Traceback (most recent call last):\n  File\nKeyError: 'x'\nended with exit status 1\n",
         "KeyError: 'x' (a defect of isomorph; the whole of it is in {log})"),
        ("going\n", 'compare small: stopped without a message; the last line of {log} is "going"'),
        ("", "compare small: stopped without a message; {log} is empty"),
        (None, "compare small: stopped without a message; {log} is empty"),
    ],
)  # fmt: skip
def test_every_failed_job_has_its_sentence(log, text, sentence):
    if text is not None:
        log.write_text(text)
    assert reasons(log) == [sentence.format(log=log)]


def test_a_sentence_stands_once(log):
    other = log.with_name("other.log")
    for file in (log, other):
        file.write_text("isomorph: the same\n")
    assert reasons(other, log) == ["the same"]


def test_a_full_disk_is_said_where_not_even_the_log_could_be_written(log, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    (sentence,) = reasons(log)
    assert "its log cannot be written either" in sentence
    assert "the disk is full; free some space and run again" in sentence


# ---------------------------------------------------------------- of jobs of a cluster


@pytest.fixture
def snakemake():
    """A logger that a listener hears; how Snakemake says of a job that it started and failed."""

    class Said(logging.Logger):
        listener = failures.Failed()

        def __init__(self):
            super().__init__("of a test")
            self.addHandler(self.listener)

        def started(self, number, log):
            self.info("runs", extra={"event": "job_info", "jobid": number, "log": [str(log)]})

        def failed(self, number, *logs, message="", **more):
            facts = {"jobid": number, "rule_name": "compare", "rule_msg": message, **more}
            facts |= {"event": SimpleNamespace(value="job_error"), "log": [*map(str, logs)]}
            self.error("bad", extra=facts)

        def why(self):
            return failures.reasons(self.listener.jobs.values())

    return Said()


def test_failed_jobs_are_kept_and_others_are_not(log, snakemake):
    other = log.with_name("other.log")
    snakemake.started(1, "fine.log")
    snakemake.failed(2, log)
    snakemake.failed(2, log)
    snakemake.failed(3, other)
    assert [one.log for one in snakemake.listener.jobs.values()] == [log, other]


def test_a_job_that_came_to_its_end_at_last_is_none_that_failed(log, snakemake):
    snakemake.failed(2, log)
    snakemake.info("done", extra={"event": "job_finished", "job_id": 2})
    assert snakemake.why() == []


def test_files_that_were_not_seen_in_time_are_told(log, snakemake):
    snakemake.started(7, log)
    log.write_text("compare small: done in 1.5 s\n")
    missing = MissingOutputException("Missing files after 5 seconds.", jobid=7)
    snakemake.error(f"{missing}", extra={"event": "error", "exception": "MissingOutputException"})
    (sentence,) = snakemake.why()
    assert sentence.startswith(
        "compare small: came to its end, but its files were not seen in time"
    )
    assert "--latency-wait" in sentence


STATUS = "SLURM-job '4' failed, SLURM status is: '{}'. Detailed failure reason unavailable."
STEP = "slurmstepd-n1: error: StepId=4.batch exceeded memory limit (223465472 > 62914560), being "
MEMORY = "needed more memory than its job had; allow its rule more (--set-resources compare:mem_mb"


@pytest.mark.parametrize(
    ("message", "cluster_log", "told"),
    [
        (STATUS.format("FAILED"), f"{STEP}killed\nslurmstepd: error: *** JOB 4 ON n1 CANCELLED AT "
         "2026-01-01T00:00:00 ***\n", MEMORY),
        (STATUS.format("FAILED"), "slurmstepd: error: Detected 1 oom_kill event in StepId=4.0. "
         "Some of the step tasks have been OOM Killed.\n", MEMORY),
        (STATUS.format("OUT_OF_MEMORY"), "", MEMORY),
        (STATUS.format("FAILED"), "slurmstepd: error: *** JOB 4 ON n1 CANCELLED AT "
         "2026-01-01T00:00:00 DUE TO TIME LIMIT ***\n", "did not end in the time its job had"),
        (STATUS.format("TIMEOUT"), None, "did not end in the time its job had"),
        (STATUS.format("NODE_FAIL"), None, "the node it ran on failed; run again"),
        (STATUS.format("CANCELLED"), None, "its job was cancelled; run again"),
        (STATUS.format("PREEMPTED"), None, "its job gave way to another one; run again"),
        ("SLURM sbatch failed. The error message was 'sbatch: error: Batch job submission failed:\n"
         "invalid partition'.\n    sbatch call:\n", None, "the cluster did not take its job: "
         "sbatch: error: Batch job submission failed: invalid partition"),
        (STATUS.format("FAILED"), "a stage speaks of CANCELLED and of memory limits\n",
         "stopped without a message"),
    ],
)  # fmt: skip
def test_what_the_cluster_says_of_a_job_is_told(log, snakemake, message, cluster_log, told):
    log.write_text("going\n")
    of_cluster = log.parent / "4.log"
    if cluster_log is not None:
        of_cluster.write_text(cluster_log)
    snakemake.failed(4, log, of_cluster, message=message)
    (sentence,) = snakemake.why()
    assert sentence.startswith(f"compare small: {told}")


def test_what_a_stage_said_itself_comes_first(log, snakemake):
    log.write_text("isomorph: rdms.npy: is empty\nended with exit status 1\n")
    snakemake.failed(4, log, message=STATUS.format("FAILED"))
    assert snakemake.why() == ["rdms.npy: is empty"]
    log.write_text("ended with exit status 137\n")
    snakemake.failed(4, log, message=STATUS.format("OUT_OF_MEMORY"))
    (sentence,) = snakemake.why()
    assert sentence.startswith(f"compare small: {MEMORY}")


def test_of_jobs_that_ran_together_those_are_told_that_did_not_end(log, snakemake):
    of_cluster = log.parent / "4.log"
    of_cluster.write_text(f"{STEP}killed\n")
    names = ("ended.log", "small.log", "waited.log")
    logs = [log.with_name(name) for name in names]
    info = [
        {"jobid": number, "rule_name": "compare", "log": [str(one)]}
        for number, one in enumerate(logs)
    ]
    facts = {"event": "group_error", "aux_logs": [str(of_cluster)], "job_error_info": info}
    snakemake.error("together", extra=facts)
    for number, one in enumerate(logs):
        snakemake.failed(number, one, indent=True)
    (sentence,) = snakemake.why()  # none had begun
    assert MEMORY in sentence
    logs[0].write_text("compare ended: done in 1.5 s\n")
    logs[1].write_text("going\n")
    (sentence,) = snakemake.why()
    assert sentence.startswith(f"compare small: {MEMORY}")


def test_unfinished_is_what_neither_ended_nor_said_why(log):
    log.write_text("a line\n")
    assert failures.is_unfinished(log)
    log.write_text("a line\ncompare small: done in 1,234.5 s\n")
    assert not failures.is_unfinished(log)
    log.write_text("isomorph: is wrong\n")
    assert not failures.is_unfinished(log)


# ---------------------------------------------------------------- what will come


def test_bytes_to_come_are_told_for_each_and_together(monkeypatch):
    sizes = {"a": 3_400_000_000, "b": 12_000_000, "here": 0, "index": None}

    def of(_, dataset):
        if dataset == "unlocked":
            raise IsomorphError("lock it first")
        return sizes[dataset]

    monkeypatch.setattr(coming, "bytes_to_come", of)
    assert coming.announcement(None, [*sizes, "unlocked"]) == (
        "to be fetched: 3.4 GB: a 3.4 GB, b 12.0 MB, index (a package, its size unknown)"
    )
    assert coming.announcement(None, ["b"]) == "to be fetched: b 12.0 MB"
    assert coming.announcement(None, ["here", "unlocked"]) == ""


# ---------------------------------------------------------------- what was asked for


def test_a_study_that_is_named_is_run_and_the_full_one_else():
    assert command_line.study_file({"study": "config/demo.yaml"}) == "config/demo.yaml"
    assert command_line.study_file({}) == "config/config.yaml"


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"stduy": "config/demo.yaml"}, '--config stduy: unknown key, did you mean "study"?'),
        ({"study": "a.yaml", "cores": 2}, "--config cores: unknown key, known: study"),
        ({"study": None}, "--config study: name the study's YAML file"),
        ({"study": " "}, "--config study: name the study's YAML file"),
        ({"study": 3}, "--config study: name the study's YAML file"),
    ],
)
def test_anything_else_is_refused(config, sentence):
    with pytest.raises(IsomorphError) as error:
        command_line.study_file(config)
    assert str(error.value).startswith(sentence)


def test_a_storage_the_stages_cannot_open_is_refused():
    command_line.refuse_storage(None)
    command_line.refuse_storage("none")
    with pytest.raises(IsomorphError, match=r"^--default-storage-provider s3: the stages read"):
        command_line.refuse_storage("s3")
