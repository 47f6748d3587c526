"""Before the workflow decides what to run: which artefacts fit the study, by what they hold.

A workflow engine goes by the dates of files and by what it remembers of its own runs. A copied
folder has other dates, a cleaned one no memory, and a stage run by hand is in neither.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from isomorph import archives
from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import Fitting, differing, written_by

MOST = 5
"""Reasons to make something again that are told."""


def settle(layout: Layout, *, versions: bool = False) -> dict[Path, str]:
    """Return the files to be made again, each with the reason, and order the dates of the others.

    What fits gets no older than what it was made from, so that dates alone make nothing run again.

    Parameters
    ----------
    layout : Layout
    versions : bool, optional
        Whether what another version of a library computed is made again too.

    Returns
    -------
    dict of Path to str
        Files of the jobs that must run first; what goes back to them runs by itself.
    """
    fitting = Fitting(layout)
    fitting.look_ahead(jobs(layout.study))
    reasons = {job: _reason(layout, fitting, job, versions=versions) for job in jobs(layout.study)}
    found: dict[Path, str] = {}
    for job in sorted(reasons, key=lambda one: len(fitting.ancestors(one))):
        if any(reasons.get(one) for one in fitting.ancestors(job)):
            continue
        if reasons[job]:
            found |= dict.fromkeys(written_by(layout, job), reasons[job])
        else:
            _order_dates(layout, fitting, job)
    return found


def made_again(reasons: Iterable[str], most: int | None = MOST) -> list[str]:
    """Return lines on what is made again and why, each reason once.

    Parameters
    ----------
    reasons : iterable of str
    most : int or None
        How many are told; all of them for None.

    Examples
    --------
    >>> made_again(["a: is old", "b: is old", "a: is old", "c: is old"], most=2)
    ['To be made again:', '  a: is old', '  b: is old', '  and 1 more']
    """
    each = list(dict.fromkeys(reasons))
    more = len(each) - len(each[:most])
    return [
        "To be made again:",
        *(f"  {reason}" for reason in each[:most]),
        *([f"  and {more} more"] if more else []),
    ]


def _reason(layout: Layout, fitting: Fitting, job: Job, *, versions: bool) -> str:
    file = written_by(layout, job)[0]
    if (said := fitting.own(job)) or not file.exists():
        return said
    if job.stage == "fetch" and (said := archives.changed(layout, *job.names)):
        return said
    # Bytes that are taken as they are were computed by no library.
    other = differing(fitting.stamp(file).packages) if versions and fitting.code(job) else {}
    for name, (then, now) in other.items():
        return f"{file}: was made with {name} {then}, installed is {now} now"
    return ""


def _order_dates(layout: Layout, fitting: Fitting, job: Job) -> None:
    """Let nothing that a job wrote be older than what it was made from.

    Its benchmark, which the workflow counts as written by it, comes after the rest.
    """
    written = written_by(layout, job)
    _no_older(written, fitting.files(job))
    _no_older([layout.benchmark(job.stage, *job.names)], [*fitting.files(job), *written])


def _no_older(files: Iterable[Path], than: Iterable[Path]) -> None:
    newest = max((file.stat().st_mtime_ns for file in than if file.exists()), default=0)
    for file in files:
        for one in (file, file / ".snakemake_timestamp"):  # which a folder is dated by
            if one.exists() and one.stat().st_mtime_ns < newest:
                os.utime(one, ns=(newest, newest))
