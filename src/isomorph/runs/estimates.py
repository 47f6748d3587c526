"""How long jobs take: as long as they took before, else as their sizes say at this machine's speed.

A job that ran before left a benchmark. One that did not is predicted from how large its work is,
times what jobs of its stage took beyond their predictions, here and lately.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.runs import resources
from isomorph.runs.known import TYPICAL
from isomorph.runs.sizes import sizes_of

SLOWEST, FASTEST = 20.0, 0.05
"""By how much jobs of a stage may be slower or faster than predicted and still be believed."""
OVERDUE = 0.2
"""What is left of a job that takes longer than it should, as a share of what it has taken."""


def measured(layout: Layout) -> dict[Job, float]:
    """Return the seconds that jobs took in earlier runs of a study.

    Parameters
    ----------
    layout : Layout
    """
    took = {job: _seconds(layout.benchmark(job.stage, *job.names)) for job in jobs(layout.study)}
    return {job: seconds for job, seconds in took.items() if seconds is not None}


def predicted(layout: Layout, asked: Iterable[Job]) -> tuple[dict[Job, float], set[Job]]:
    """Return the seconds jobs are predicted to take by their sizes, and which of them by guesses.

    What nobody knows yet is taken to be as large as it typically is.
    """
    sizes = {job: sizes_of(layout, job, guesses=TYPICAL) for job in asked}
    return (
        {job: resources.seconds(job.stage, one) for job, one in sizes.items()},
        {job for job, one in sizes.items() if one.guessed},
    )


def expected(
    asked: Iterable[Job], predicted: Mapping[Job, float], measured: Mapping[Job, float]
) -> dict[Job, float]:
    """Return the seconds that jobs are expected to take.

    Parameters
    ----------
    asked : iterable of Job
    predicted : mapping of Job to float
        By sizes, of these jobs and of those that were measured.
    measured : mapping of Job to float
        What jobs took, in this run or an earlier one.

    Examples
    --------
    >>> one, other = Job("compare", ("a",)), Job("compare", ("b",))
    >>> expected([one, other], {one: 10.0, other: 20.0}, {one: 30.0})[other]
    60.0
    """
    speeds = _speeds(predicted, measured)
    overall = speeds.get("", 1.0)
    return {
        job: measured.get(job, predicted[job] * speeds.get(job.stage, overall)) for job in asked
    }


def left(
    waiting: Mapping[Job, float], running: Mapping[Job, tuple[float, float]], cores: int
) -> float:
    """Return the seconds until all jobs have ended.

    No less than the work divided by the cores, and no less than what must come one after another:
    of each dataset, the longest job of every stage.

    Parameters
    ----------
    waiting : mapping of Job to float
        Expected seconds.
    running : mapping of Job to (float, float)
        Expected seconds, and those gone.
    cores : int

    Examples
    --------
    >>> one, other = Job("rdms", ("a",)), Job("compare", ("a",))
    >>> left({other: 10.0}, {one: (30.0, 20.0)}, cores=2), left({one: 8.0, other: 2.0}, {}, cores=1)
    (20.0, 10.0)
    """
    rest = dict(waiting)
    for job, (whole, gone) in running.items():
        rest[job] = max(whole - gone, OVERDUE * gone if gone > whole else 0.0)
    chains: dict[str, dict[str, float]] = {}
    for job, seconds in rest.items():
        chain = chains.setdefault("".join(job.names[:1]), {})
        chain[job.stage] = max(chain.get(job.stage, 0.0), seconds)
    after = sum(chains.pop("", {}).values())  # the report waits for all datasets
    longest = max((sum(chain.values()) for chain in chains.values()), default=0.0) + after
    return max(sum(rest.values()) / max(cores, 1), longest)


def in_words(seconds: float) -> str:
    """Return how long is left, rounded as it is known.

    Examples
    --------
    >>> in_words(20), in_words(3000), in_words(9000), in_words(300000)
    ('less than a minute', 'about 50 minutes', 'about 2.5 hours', 'about 3.5 days')
    """
    if seconds < 45:
        return "less than a minute"
    minutes = seconds / 60
    if minutes < 1.5:
        return "about a minute"
    if minutes < 90:
        return f"about {round(minutes) if minutes < 20 else 5 * round(minutes / 5)} minutes"
    hours = minutes / 60
    return f"about {hours:.1f} hours" if hours < 48 else f"about {hours / 24:.1f} days"


def _speeds(predicted: Mapping[Job, float], measured: Mapping[Job, float]) -> dict[str, float]:
    """Return what jobs took over what was predicted, by stage, and of all as that of ''."""
    took: dict[str, float] = {}
    should: dict[str, float] = {}
    for job, seconds in measured.items():
        if job not in predicted:
            continue
        for stage in (job.stage, *([""] if job.stage != "fetch" else [])):  # a network is no speed
            took[stage] = took.get(stage, 0.0) + seconds
            should[stage] = should.get(stage, 0.0) + predicted[job]
    return {
        stage: min(max(took[stage] / should[stage], FASTEST), SLOWEST)
        for stage in took
        if should[stage] > 0
    }


def _seconds(file: Path) -> float | None:
    """Return what a benchmark says a job took, None where it says nothing."""
    with suppress(OSError, UnicodeDecodeError, ValueError, KeyError, csv.Error):
        with open(file, encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text, delimiter="\t"))
        return float(rows[-1]["s"]) if rows else None
    return None
