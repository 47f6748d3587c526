"""The display of a run, from events that no engine sent."""

import io
import logging
import re

import pytest

from isomorph.jobs import Job
from isomorph.runs import estimates, progress
from isomorph.runs.display import Calm, Display, is_calm, last_lines
from isomorph.runs.progress import Progress
from isomorph.runs.screen import Screen

RDMS = [Job("model_rdms", ("faces", name)) for name in ("gabor", "pixels")]
COMPARE, REPORT = Job("compare", ("faces",)), Job("report")
NEEDS = {COMPARE: set(RDMS), REPORT: {*RDMS, COMPARE}}


@pytest.fixture
def run():
    """A run of two models, one of which is at work."""
    seconds = dict.fromkeys([*RDMS, COMPARE], 100.0) | {REPORT: 10.0}
    jobs = dict.fromkeys([*RDMS, COMPARE, REPORT])
    made = Progress(jobs, cores=2, began=0.0, predicted=seconds, needs=NEEDS)
    made.start(RDMS[0], 10.0)
    return made


# ---------------------------------------------------------------- how far a run has come


def test_the_plan_says_how_long_it_takes(run):
    assert progress.plan(run, 10.0) == "4 jobs, about 4 minutes on 2 cores"
    run.guessed = set(RDMS)
    assert progress.plan(run, 10.0) == "4 jobs, perhaps 4 minutes on 2 cores"


def test_a_job_goes_from_waiting_to_done(run):
    run.finish(RDMS[0], 60.0)
    run.start(RDMS[1], 60.0)
    assert (len(run.done), len(run.waiting), run.total) == (1, 2, 4)
    assert run.done[RDMS[0]] == 50.0
    assert not run.ended("model_rdms")
    run.finish(RDMS[1], 110.0)
    assert run.ended("model_rdms")
    assert progress.stage_done(run, "model_rdms") == "model_rdms     1:40  2 jobs done"
    # both took half of what was predicted, and so will the rest
    assert run.left(110.0) == pytest.approx(55.0)


def test_what_needs_a_job_that_failed_is_not_waited_for(run):
    run.fail(RDMS[0])
    assert run.lost == {COMPARE, REPORT}
    assert run.left(10.0) == 100.0
    assert progress.overall(run, 75.0) == "1:15  0 of 4 jobs done, 1 failed, about 2 minutes left"
    run.start(RDMS[0], 20.0)  # tried once more
    assert run.lost == set()
    run.fail(RDMS[0])
    run.start(RDMS[1], 20.0)
    run.finish(RDMS[1], 30.0)
    assert progress.summary(run, 60.0) == "1 job failed, 2 jobs not run for it, 1 done in 1:00"


def test_one_line_for_every_stage_that_runs(run):
    run.start(RDMS[1], 20.0)
    run.start(COMPARE, 70.0)
    lines = progress.stages(run, {RDMS[1]: "3 of 8 layers"}, 75.0)
    assert lines == [
        "model_rdms     1:05  0 of 2    faces pixels and 1 more: 3 of 8 layers",
        "compare        0:05  0 of 1    faces",
    ]


def test_a_log_names_some_of_what_runs_and_cuts_what_they_say(run):
    for job in (RDMS[1], COMPARE):
        run.start(job, 20.0)
    line = progress.heartbeat(run, {RDMS[0]: "x" * 200}, 75.0)
    assert line.startswith("1:15  0 of 4 jobs done, about 2 minutes left; running: model_rdms ")
    assert line.endswith("…), model_rdms faces pixels 0:55, 1 more")
    assert len(line) < 200


def test_an_interruption_is_told_as_one(run):
    said = progress.summary(run, 30.0, interrupted=True)
    assert said == (
        "interrupted after 0:30 with 0 of 4 jobs done; the same command goes on from there"
    )


# ---------------------------------------------------------------- how long jobs take


def test_a_stage_that_is_slower_than_predicted_stays_so():
    predicted = dict.fromkeys([*RDMS, COMPARE], 10.0)
    found = estimates.expected([RDMS[1], COMPARE], predicted, {RDMS[0]: 30.0})
    assert found == {RDMS[1]: 30.0, COMPARE: 30.0}  # a stage nothing is known of is as all others


def test_the_pace_of_a_network_says_nothing_of_a_processor():
    fetch = Job("fetch", ("faces",))
    predicted = {fetch: 10.0, COMPARE: 10.0}
    assert estimates.expected([COMPARE], predicted, {fetch: 300.0}) == {COMPARE: 10.0}


def test_what_must_come_in_turn_is_not_divided_by_cores():
    waiting = {RDMS[0]: 10.0, RDMS[1]: 20.0, COMPARE: 30.0, REPORT: 5.0}
    assert estimates.left(waiting, {}, cores=1) == 65.0
    assert estimates.left(waiting, {}, cores=16) == 55.0


def test_a_job_that_takes_longer_than_it_should_is_not_over():
    assert estimates.left({}, {COMPARE: (10.0, 100.0)}, cores=1) == pytest.approx(20.0)


# ---------------------------------------------------------------- the screen


class Paths:
    """The paths of a study, as far as the display asks for them."""

    def __init__(self, folder):
        self.results, self.report = folder, folder / "report.html"

    def log(self, stage, *names):
        return self.results / f"{'-'.join((stage, *names))}.log"


def told(event, level=logging.INFO, message="", **facts):
    """Return a record as Snakemake sends it."""
    record = logging.LogRecord("snakemake", level, "", 0, message, None, None)
    vars(record).update(event=event, **facts)
    return record


def begins(job, number):
    names = dict(zip(("dataset", "model"), job.names, strict=False))
    return told("job_info", jobid=number, rule_name=job.stage, wildcards=names)


@pytest.fixture
def show(run, tmp_path):
    """Return the function that shows a run on a terminal or in a log, and what it wrote."""

    def made(*, live):
        stream = io.StringIO()
        shown = Display(Paths(tmp_path), Screen(stream, live=live), lambda: None)
        run.start(RDMS[0], 0.0)
        shown.run = run
        shown.handle(begins(RDMS[0], 1))
        shown.handle(begins(RDMS[1], 2))
        return shown, stream

    return made


def test_a_log_gets_a_line_when_a_job_is_done_and_the_remarks_it_left(show, tmp_path):
    shown, stream = show(live=False)
    (tmp_path / "model_rdms-faces-gabor.log").write_text("1 of 2\nmismatch: 3, not 4\ndone\n")
    shown.handle(told("job_finished", job_id=1))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "model_rdms faces gabor: mismatch: 3, not 4"
    assert re.fullmatch(r"model_rdms faces gabor: done in \d+\.\d s \(1 of 4\)", lines[1])
    assert len(lines) == 2


def test_a_terminal_gets_lines_that_are_written_over_and_one_for_a_stage_that_is_done(show):
    shown, stream = show(live=True)
    shown.handle(told("job_finished", job_id=1))
    assert "done in" not in stream.getvalue()
    shown.handle(told("job_finished", job_id=2))
    shown.end()
    lasting = stream.getvalue().rpartition("\x1b[J")[2]
    assert re.search(r"model_rdms +0:00  2 jobs done\n", stream.getvalue())
    assert re.fullmatch(r".*: 2 jobs\n", lasting)


def test_a_failure_is_said_at_once_and_a_network_that_is_away_once(show, tmp_path):
    shown, stream = show(live=False)
    away = "isomorph: a: cannot be reached (timed out); check the network (and HTTPS_PROXY, if it "
    for name in ("gabor", "pixels"):
        log = tmp_path / f"model_rdms-faces-{name}.log"
        log.write_text(f"{away}needs a proxy), then run again\n")
    for number in (1, 2):
        shown.handle(told("job_error", logging.ERROR, jobid=number))
    assert stream.getvalue() == "model_rdms faces gabor: failed: no connection (timed out)\n"


@pytest.mark.parametrize(
    "record",
    [
        told(None, message="Terminating processes on user request, this might take some time."),
        told("error", logging.ERROR, "InputFunctionException in rule x:\nKeyboardInterrupt: "),
    ],
)
def test_a_run_that_is_stopped_says_so_once(show, record):
    shown, stream = show(live=False)
    assert not shown.passes(record)
    shown.handle(record)
    shown.handle(told("job_error", logging.ERROR, jobid=1))
    shown.close()
    first, last = stream.getvalue().splitlines()
    assert first.startswith("stopping;")
    assert last.startswith("interrupted after ")


def test_of_snakemake_only_what_people_need_is_shown(show):
    shown, _ = show(live=True)
    dry, real, other = (
        Calm(shown, lambda runs=runs: runs, dry=dry)
        for runs, dry in ((True, True), (True, False), (False, False))
    )
    building = told(None, message="Building DAG of jobs...")
    table = told("run_info", message="Job stats:")
    warning = told(None, logging.WARNING, "a disk is slow")
    assert not any(one.filter(building) for one in (dry, real, other))
    assert [one.filter(told(None, message="Unlocked.")) for one in (real, other)] == [False, True]
    assert [one.filter(table) for one in (dry, dry, real)] == [True, False, False]
    assert real.filter(warning)
    assert real.filter(told(None, message="Nothing to be done (all is there)."))
    assert not real.filter(told("job_error", logging.ERROR))


def test_lines_below_are_taken_away_and_cut_to_the_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    stream = io.StringIO()
    screen = Screen(stream, live=True)
    screen.below(["x" * 50, "y"])
    screen.say("stays\x1b[2J")
    assert stream.getvalue() == f"{'x' * 18}…\x1b[K\ny\x1b[K\n\x1b[J\x1b[2F\x1b[Jstays\\x1b[2J\n"


def test_snakemake_speaks_itself_where_it_is_asked_to():
    from snakemake.settings.enums import Quietness

    assert is_calm({Quietness.HOST, Quietness.RULES}, verbose=False)
    assert not is_calm({Quietness.HOST, Quietness.RULES}, verbose=True)
    assert not is_calm({Quietness.HOST}, verbose=False)


def test_the_news_of_a_job_are_the_last_line_that_is_whole(tmp_path):
    log = tmp_path / "a.log"
    assert last_lines(log) == []
    log.write_text("first\n" + "x" * 5000 + "\nlast\nhalf a li")
    assert last_lines(log)[-1] == "last"
