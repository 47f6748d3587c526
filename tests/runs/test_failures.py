"""Why a job failed is always said: by itself, by how it ended, or by what stands in its way."""

import errno
import logging
import tempfile
from types import SimpleNamespace

import pytest

from isomorph.errors import IsomorphError
from isomorph.runs import coming, command_line, failures


@pytest.fixture
def log(tmp_path):
    file = tmp_path / "results" / "tiny" / "logs" / "compare" / "small.log"
    file.parent.mkdir(parents=True)
    return file


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
    assert failures.reasons([log]) == [sentence.format(log=log)]


def test_a_sentence_stands_once(log):
    other = log.with_name("other.log")
    for file in (log, other):
        file.write_text("isomorph: the same\n")
    assert failures.reasons([other, log]) == ["the same"]


def test_a_full_disk_is_said_where_not_even_the_log_could_be_written(log, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    (sentence,) = failures.reasons([log])
    assert "its log cannot be written either" in sentence
    assert "the disk is full; free some space and run again" in sentence


def test_logs_of_failed_jobs_are_kept_and_others_are_not(log):
    listener = failures.Failed()
    logger = logging.Logger("of a test")
    logger.addHandler(listener)
    logger.info("fine", extra={"event": "job_info", "log": ["a.log"]})
    logger.error("bad", extra={"event": SimpleNamespace(value="job_error"), "log": [str(log)]})
    logger.error("bad too", extra={"event": "job_error", "log": [str(log), "b.log"]})
    assert [str(one) for one in listener.logs] == [str(log), "b.log"]


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
