"""How far a run has come, from what its engine says of jobs, and the lines that tell it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from isomorph.jobs import Job
from isomorph.runs import estimates
from isomorph.saying import count

NAMED = 2
"""Running jobs that are named in a log where there are more."""
NEWS = 60
"""Characters of what a job said last, in a log."""
AGAIN = re.compile(r"yet \((.*)\), again in \d+ s$")
"""How a stage says that it waits for an archive."""


@dataclass
class Progress:
    """The jobs of a run, each in one of four states.

    Attributes
    ----------
    waiting : dict of Job to None
    running : dict of Job to float
        When each began, seconds of any clock.
    done : dict of Job to float
        Seconds each took.
    failed : dict of Job to None
    cores : int
    began : float
        When the run began, of the same clock.
    predicted, measured : dict of Job to float
        Seconds, see `isomorph.runs.estimates`.
    guessed : set of Job
        Those whose prediction is a guess from above.
    needs : dict of Job to set of Job
        What must be done before each.
    """

    waiting: dict[Job, None]
    cores: int
    began: float
    running: dict[Job, float] = field(default_factory=dict)
    done: dict[Job, float] = field(default_factory=dict)
    failed: dict[Job, None] = field(default_factory=dict)
    predicted: dict[Job, float] = field(default_factory=dict)
    measured: Mapping[Job, float] = field(default_factory=dict)
    guessed: set[Job] = field(default_factory=set)
    needs: Mapping[Job, Collection[Job]] = field(default_factory=dict)

    @property
    def lost(self) -> set[Job]:
        """The jobs that wait for one that failed."""
        failed = set(self.failed)
        return {job for job in self.waiting if failed.intersection(self.needs.get(job, ()))}

    @property
    def to_come(self) -> list[Job]:
        """The jobs that wait and will run."""
        lost = self.lost
        return [job for job in self.waiting if job not in lost]

    @property
    def total(self) -> int:
        """How many jobs the run has."""
        return len(self.waiting) + len(self.running) + len(self.done) + len(self.failed)

    def start(self, job: Job, now: float) -> None:
        """Note that a job has begun, maybe once more after it failed."""
        self.waiting.pop(job, None)
        self.failed.pop(job, None)
        self.running[job] = now

    def finish(self, job: Job, now: float) -> None:
        """Note that a job came to its end."""
        self.done[job] = now - self.running.pop(job, now)

    def fail(self, job: Job) -> None:
        """Note that a job failed."""
        self.running.pop(job, None)
        self.failed[job] = None

    def ended(self, stage: str) -> bool:
        """Tell whether no job of a stage runs or waits any more."""
        return not any(job.stage == stage for job in (*self.to_come, *self.running))

    def left(self, now: float) -> float | None:
        """Return the seconds that are left, None where nothing was predicted."""
        to_come = self.to_come
        rest = [*to_come, *self.running]
        if not all(job in self.predicted for job in rest):
            return None
        known = {**self.measured, **self.done}
        expected = estimates.expected(rest, self.predicted, known)
        running = {job: (expected[job], now - since) for job, since in self.running.items()}
        return estimates.left({job: expected[job] for job in to_come}, running, self.cores)

    def time_left(self, now: float) -> str:
        """Return how long it will take, in words; '' where nobody knows."""
        seconds = self.left(now)
        if seconds is None:
            return ""
        rest = (job for job in (*self.to_come, *self.running) if job not in self.measured)
        words = estimates.in_words(seconds)
        if self.guessed.intersection(rest) and words.startswith("about"):
            return words.replace("about", "perhaps", 1)
        return words


def plan(progress: Progress, now: float) -> str:
    """Return what a run is going to do, in a line."""
    cores = count(progress.cores, "core")
    time = progress.time_left(now)
    return f"{count(progress.total, 'job')}{f', {time} on {cores}' if time else f' on {cores}'}"


def overall(progress: Progress, now: float) -> str:
    """Return how far a run has come, in a line.

    Examples
    --------
    >>> overall(Progress({Job("report"): None}, cores=1, began=0.0), now=75.0)
    '1:15  0 of 1 job done'
    """
    parts = [f"{len(progress.done)} of {count(progress.total, 'job')} done"]
    if progress.failed:
        parts.append(f"{len(progress.failed)} failed")
    if (progress.waiting or progress.running) and (time := progress.time_left(now)):
        parts.append(f"{time} left")
    return f"{clock(now - progress.began)}  {', '.join(parts)}"


def stages(progress: Progress, news: Mapping[Job, str], now: float) -> list[str]:
    """Return a line for every stage that runs.

    Parameters
    ----------
    progress : Progress
    news : mapping of Job to str
        What running jobs said last.
    now : float

    Examples
    --------
    >>> run = Progress({}, cores=1, began=0.0, running={Job("rdms", ("faces", "gabor")): 3.0})
    >>> stages(run, {Job("rdms", ("faces", "gabor")): "2 of 3 layers"}, now=10.0)
    ['rdms           0:07  0 of 1    faces gabor: 2 of 3 layers']
    """
    lines = []
    for stage in dict.fromkeys(job.stage for job in progress.running):
        at_work = [job for job in progress.running if job.stage == stage]
        first = next((job for job in at_work if news.get(job)), at_work[0])
        since = clock(now - min(progress.running[job] for job in at_work))
        lines.append(f"{stage:<13} {since:>5}  {_share(progress, stage):<9} {_who(at_work, first)}")
        if said := news.get(first):
            lines[-1] += f": {said}"
    return [line.rstrip() for line in lines]


def stage_done(progress: Progress, stage: str) -> str:
    """Return what there is to say of a stage of which no job is left."""
    took = [seconds for job, seconds in progress.done.items() if job.stage == stage]
    failed = sum(job.stage == stage for job in progress.failed)
    lost = f", {failed} failed" if failed else ""
    return f"{stage:<13} {clock(sum(took)):>5}  {count(len(took), 'job')} done{lost}"


def job_done(progress: Progress, job: Job) -> str:
    """Return what there is to say of a job that came to its end."""
    n = len(progress.done)
    return f"{job}: done in {progress.done[job]:.1f} s ({n} of {progress.total})"


def heartbeat(progress: Progress, news: Mapping[Job, str], now: float) -> str:
    """Return one line on all that runs, for a log in which nothing can be written over."""
    at_work = [
        f"{job} {clock(now - since)}{f' ({fitted(news[job], NEWS)})' if news.get(job) else ''}"
        for job, since in list(progress.running.items())[:NAMED]
    ]
    if len(progress.running) > NAMED:
        at_work.append(f"{len(progress.running) - NAMED} more")
    return f"{overall(progress, now)}; running: {', '.join(at_work) or 'nothing'}"


def summary(progress: Progress, now: float, *, interrupted: bool = False) -> str:
    """Return how a run ended, in a line.

    Examples
    --------
    >>> summary(Progress({}, cores=1, began=0.0, done={Job("report"): 9.0}), now=9.5)
    'done in 0:10: 1 job'
    """
    took = clock(now - progress.began)
    if interrupted:
        return (
            f"interrupted after {took} with {len(progress.done)} of "
            f"{count(progress.total, 'job')} done; the same command goes on from there"
        )
    if not progress.failed:
        return f"done in {took}: {count(len(progress.done), 'job')}"
    failed = f"{count(len(progress.failed), 'job')} failed"
    left = count(len(progress.waiting), "job")
    without = f", {left} not run for it" if progress.waiting else ""
    return f"{failed}{without}, {len(progress.done)} done in {took}"


def news(line: str, job: Job) -> str:
    """Return what a job said last, without its own name at the head.

    Examples
    --------
    >>> news("responses haxby2001 1: run 9 of 12", Job("responses", ("haxby2001", "1")))
    'run 9 of 12'
    >>> news("recover: planted: V4-like, correlation", Job("recover", ("planted",)))
    'V4-like, correlation'
    >>> news("a.nwb: cannot be downloaded yet (timed out), again in 4 s", Job("fetch", ("a",)))
    'no answer yet (timed out), tried again'
    """
    if waits := AGAIN.search(line):
        return f"no answer yet ({waits[1]}), tried again"
    words = re.escape(job.stage), *map(re.escape, job.names)
    return re.sub(rf"^(?:(?:{'|'.join(words)})[\s:]+)+", "", line.strip())


def fitted(line: str, width: int) -> str:
    """Return a line cut to a width.

    Examples
    --------
    >>> fitted("a long line", 8)
    'a long …'
    """
    return line if len(line) <= width else f"{line[: max(width - 1, 0)]}…"


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds, with hours where there are some.

    Examples
    --------
    >>> clock(75.2), clock(3725)
    ('1:15', '1:02:05')
    """
    minutes, rest = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _share(progress: Progress, stage: str) -> str:
    done = sum(job.stage == stage for job in progress.done)
    jobs = (*progress.waiting, *progress.running, *progress.done, *progress.failed)
    return f"{done} of {sum(job.stage == stage for job in jobs)}"


def _who(at_work: Sequence[Job], first: Job) -> str:
    others = len(at_work) - 1
    return " ".join(first.names) + (f" and {others} more" if others else "")
