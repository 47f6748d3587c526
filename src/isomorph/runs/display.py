"""The calm display of a run: what it listens to, and what it says of it.

In a terminal a line for every stage that runs is written over as it goes on; a stage that is done
leaves one. In a log every job that is done leaves a line, and there is one when nothing was said
for ten seconds. What Snakemake itself says is left out.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from isomorph.catalogue import made_for
from isomorph.errors import IsomorphError
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making import DECLARED, Fitting
from isomorph.runs import estimates, failures, progress
from isomorph.runs.screen import Screen

SILENT = 9.0
"""Seconds after which a log gets a line again."""
TICK = 1.0
"""Seconds between two looks at what jobs said."""
AGAIN = 15.0
"""Seconds between two predictions from sizes, which become known as files are made."""
TAIL = 2048
"""Bytes of the end of a log that are looked at for its last line."""
REMARKS = ("mismatch: ",)
"""How lines of a job begin that are told though it came to its end."""


class Display(logging.Handler):
    """Listens to Snakemake and shows how far its run has come.

    Parameters
    ----------
    layout : Layout
    screen : Screen
    headline : callable
        Says where the report is and what it says.

    Attributes
    ----------
    run : Progress or None
        How far it has come, from `begin` on.
    interrupted : bool
        Whether somebody stopped it.
    """

    def __init__(self, layout: Layout, screen: Screen, headline: Callable[[], object]) -> None:
        super().__init__()
        self.layout = layout
        self.screen = screen
        self.headline = headline
        self.run: progress.Progress | None = None
        self._jobs: dict[int, Job] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._opened = time.monotonic()
        self._foreseen = (0.0, -1)
        self._unconnected = False
        self._drawing = threading.RLock()
        self.interrupted = False

    def look(self) -> None:
        """Show from now on that something goes on: what is there already is looked at first."""
        self._thread.start()

    def say(self, *lines: str) -> None:
        """Write lines that stay."""
        with self._drawing:
            for line in lines:
                self.screen.say(line)

    def begin(self, jobs: Iterable[Job], cores: int) -> None:
        """Say what a run is going to do, and show from now on what it does."""
        run = progress.Progress(dict.fromkeys(jobs), cores, time.monotonic())
        run.measured = estimates.measured(self.layout)
        fitting = Fitting(self.layout)
        run.needs = {job: frozenset(fitting.ancestors(job)) for job in run.waiting}
        self._foresee(run)
        self.say(progress.plan(run, time.monotonic()))
        self.run = run

    def end(self, *, told: bool = True) -> None:
        """Stop showing, and say how the run ended and what came of it.

        Parameters
        ----------
        told : bool, optional
            Whether Snakemake came to an end of its own.
        """
        with self._drawing:
            if self._stop.is_set():
                return
            self._stop.set()
            self.screen.clear()
            if self.run is not None:
                now = time.monotonic()
                broken = self.interrupted or not told
                said = progress.summary(self.run, now, interrupted=broken)
                self.screen.say(said)
        if self.run is not None and Job("report") in self.run.done:
            self.headline()

    def close(self) -> None:
        """Say how the run ended, where Snakemake broke off without telling."""
        self.end(told=False)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Show what an event says of a job."""
        hear = HEARD.get(_event(record))
        with self._drawing:
            if is_stop(record) and not self.interrupted:
                self.interrupted = True
                self.screen.say("stopping; jobs at work get a moment to end")
            if hear is not None and self.run is not None:
                hear(self, self.run, vars(record))
                self._show()
        if str(record.msg).startswith(NOTHING):
            self.end()
            if self.layout.report.is_file():
                self.headline()

    def passes(self, record: logging.LogRecord) -> bool:
        """Tell whether a record of Snakemake's is shown beside what is shown here.

        Warnings and errors are, but not that a job failed, which is told here; and that there is
        nothing to do.
        """
        said = str(record.msg)
        if said.startswith(NOTHING):
            self.end()
            return True
        if _event(record) in HEARD or record.levelno < logging.WARNING or said.startswith(KNOWN):
            return False
        if is_stop(record) or (said.startswith("RuleException") and "CalledProcessError" in said):
            return False
        with self._drawing:
            self.screen.clear()
        return True

    def _started(self, run: progress.Progress, facts: dict[str, Any]) -> None:
        job = job_of(facts["rule_name"], facts["wildcards"])
        if job is not None:
            self._jobs[facts["jobid"]] = job
            run.start(job, time.monotonic())

    def _ended(self, run: progress.Progress, facts: dict[str, Any]) -> None:
        job = self._jobs.pop(facts["job_id"], None)
        if job is None:
            return
        run.finish(job, time.monotonic())
        for line in self._remarks(job):
            self.screen.say(f"{job}: {line}")
        if not self.screen.live:
            self.screen.say(progress.job_done(run, job))
        elif run.ended(job.stage):
            self.screen.say(progress.stage_done(run, job.stage))

    def _failed(self, run: progress.Progress, facts: dict[str, Any]) -> None:
        for number in (one["jobid"] for one in facts.get("job_error_info", [facts])):
            job = self._jobs.pop(number, None)
            if job is None:
                continue
            run.fail(job)
            if self.interrupted:
                continue
            for why in failures.said(self._log(job)) or ["it did not say why"]:
                if (reason := failures.no_connection(why)) and self._unconnected:
                    continue  # a network that is away is told once
                self._unconnected = self._unconnected or bool(reason)
                said = f"no connection ({reason})" if reason else why
                self.screen.say(f"{job}: failed: {said}")

    def _watch(self) -> None:
        """Show the run again and again until it has ended."""
        while not self._stop.wait(TICK):
            if self.run is not None:
                self._foresee(self.run)
            with self._drawing:
                if not self._stop.is_set():
                    self._show()

    def _foresee(self, run: progress.Progress) -> None:
        """Predict anew how long jobs take, now and then: files that were made tell their sizes."""
        since, done = self._foreseen
        if done == len(run.done) or time.monotonic() - since < AGAIN:
            return
        self._foreseen = (time.monotonic(), len(run.done))
        known = {*run.waiting, *run.running, *run.done, *run.measured}
        with suppress(IsomorphError):  # whoever reads what is damaged says so
            run.predicted, run.guessed = estimates.predicted(self.layout, known)

    def _show(self) -> None:
        run, now = self.run, time.monotonic()
        if run is None:
            line = f"{progress.clock(now - self._opened)}  looking at what is there"
            if self.screen.live:
                self.screen.below([line])
            elif now - self.screen.said > SILENT:
                self.screen.say(line)
        elif not (run.running or run.waiting):
            return
        elif self.screen.live:
            news = {job: self._news(job) for job in run.running}
            lines = progress.stages(run, news, now)
            self.screen.below([*lines, progress.overall(run, now)])
        elif now - self.screen.said > SILENT:
            news = {job: self._news(job) for job in run.running}
            self.screen.say(progress.heartbeat(run, news, now))

    def _log(self, job: Job) -> Path:
        return self.layout.log(job.stage, *job.names)

    def _news(self, job: Job) -> str:
        lines = last_lines(self._log(job))
        return progress.news(lines[-1], job) if lines else ""

    def _remarks(self, job: Job) -> list[str]:
        with suppress(OSError):
            lines = self._log(job).read_text(encoding="utf-8", errors="replace").splitlines()
            return [line for line in lines if line.startswith(REMARKS)]
        return []


HEARD: dict[str, Callable[[Display, progress.Progress, dict[str, Any]], None]] = {
    "job_info": Display._started,
    "job_finished": Display._ended,
    "job_error": Display._failed,
    "group_error": Display._failed,
}
"""What is heard of Snakemake's events."""

STOPPING = ("Terminating processes on user request", "Will exit after finishing currently")
"""How Snakemake begins to say that it was interrupted."""
NOTHING = "Nothing to be done"
"""How Snakemake begins to say that everything is made."""
KNOWN = ("Exiting because a job execution failed", "WorkflowError:\nAt least one job did not")
"""What Snakemake says at the end of a run that failed, beside what is told here."""
BEFORE = ("Assuming unrestricted shared filesystem", "Building DAG of jobs")
"""What Snakemake says of itself before a run, and in whatever else it does."""


class Calm(logging.Filter):
    """Lets through what people want to see of Snakemake's own words.

    Parameters
    ----------
    shown : Display
    runs : callable
        Tells whether Snakemake runs jobs; it also unlocks folders, lints, writes reports.
    dry : bool
        Whether it only says what would run.
    """

    def __init__(self, shown: Display, runs: Callable[[], bool], *, dry: bool) -> None:
        super().__init__()
        self._shown, self._runs, self._dry = shown, runs, dry
        self._counted = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is printed."""
        if str(record.msg).startswith(BEFORE):
            return False
        if not self._runs():
            self._shown.screen.clear()
            return True
        if self._dry and _event(record) == "run_info":
            first, self._counted = not self._counted, True
            return first
        return self._shown.passes(record)


def is_stop(record: logging.LogRecord) -> bool:
    """Tell whether Snakemake says that somebody stops it, whatever it was about to do."""
    said = str(record.msg)
    caught = record.levelno >= logging.ERROR and "KeyboardInterrupt" in said
    return said.startswith(STOPPING) or caught


def _event(record: logging.LogRecord) -> str:
    event = getattr(record, "event", None)
    return str(getattr(event, "value", event))


def job_of(rule: str, wildcards: dict[str, str]) -> Job | None:
    """Return the job of a rule, None of one that is no stage's.

    Examples
    --------
    >>> str(job_of("fetch_simulated", {"dataset": "planted"})), job_of("all", {})
    ('fetch planted', None)
    """
    stage = rule.removesuffix("_simulated")
    if stage not in DECLARED:
        return None
    return Job(stage, tuple(wildcards[name] for name in made_for(stage)))


def last_lines(log: Path) -> list[str]:
    """Return the lines at the end of a log that are whole; none where there is no log yet."""
    try:
        with open(log, "rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL, 0))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return [line for line in text.rpartition("\n")[0].splitlines() if line.strip()]


def is_calm(quiet: Iterable[Any], *, verbose: bool) -> bool:
    """Tell whether Snakemake is asked to say nothing of its rules, as the profile has it.

    Parameters
    ----------
    quiet : iterable
        What stands behind `--quiet`, as Snakemake keeps it.
    verbose : bool
    """
    return not verbose and "RULES" in {getattr(one, "name", str(one)) for one in quiet}


def display(layout: Layout, *, dry: bool) -> Display:
    """Return the display of a study's run, on the standard error stream.

    Parameters
    ----------
    layout : Layout
    dry : bool
        Whether the run says only what it would do.
    """

    def headline() -> None:
        study = str(layout.study.path)
        words = [sys.executable, "-m", "isomorph", "headline", "--study", study]
        subprocess.run(words, check=False)

    return Display(layout, Screen(sys.stderr), (lambda: None) if dry else headline)
