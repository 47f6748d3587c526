"""Why jobs failed: what they said themselves, else how they ended."""

from __future__ import annotations

import logging
import os
import re
import signal
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isomorph.archives.patience import NO_NETWORK
from isomorph.artefacts import disk_errors
from isomorph.errors import IsomorphError
from isomorph.runs import cluster

MARK = "isomorph: "
"""How a line of a log begins that says why a stage stopped."""
ENDED = "ended with exit status "
"""How a line of a log begins that the shell wrote, after a stage that failed."""
DONE = re.compile(r": done in [\d.,]+ s$")
"""How the last line of a stage ends that came to its end."""
UNSEEN = re.compile(r"Job (\d+) +completed successfully, but some output files are missing")
"""How Snakemake says that it cannot see what a job has made."""
NOT_SEEN = (
    "came to its end, but its files were not seen in time; run again to go on, and where the file "
    "system is slow to show what other nodes wrote, wait longer (--latency-wait)"
)
WORDS = {
    signal.SIGKILL: "was killed, as systems do where memory runs out; free some, or run fewer jobs "
    "at once (--cores)",
    signal.SIGTERM: "was ended from outside; run again to go on",
    signal.SIGINT: "was interrupted; run again to go on",
    signal.SIGXCPU: "used up the time it was allowed; raise the limit and run again",
    signal.SIGXFSZ: "wrote a larger file than `ulimit -f` allows; raise the limit and run again",
}
"""What a signal means for who reads it."""


@dataclass(frozen=True)
class Failure:
    """A job that failed.

    Attributes
    ----------
    log : Path
        What it said itself.
    told : str
        What the cluster that ran it said of it, '' of nothing.
    shared : bool
        Whether it ran together with other jobs, of which any may have failed.
    """

    log: Path
    told: str = ""
    shared: bool = False


class Failed(logging.Handler):
    """Listens to Snakemake and keeps the jobs that failed and were not brought to an end since.

    Attributes
    ----------
    jobs : dict of int to Failure
        By Snakemake's number of a job.
    """

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[int, Failure] = {}
        self._logs: dict[int, Path] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what an event says of a job."""
        event = getattr(record, "event", None)
        hear = HEARD.get(str(getattr(event, "value", event)))
        if hear is not None:
            hear(self, vars(record))

    def _started(self, facts: dict[str, Any]) -> None:
        for log in facts["log"][:1]:
            self._logs[facts["jobid"]] = Path(str(log))

    def _ended(self, facts: dict[str, Any]) -> None:
        self.jobs.pop(facts["job_id"], None)

    def _failed(self, facts: dict[str, Any]) -> None:
        number, (own, *others) = facts["jobid"], [Path(str(log)) for log in facts["log"]]
        if facts.get("indent"):  # one of a group, of which all was said before
            return
        told = cluster.reason(facts["rule_name"], facts.get("rule_msg") or "", others)
        self.jobs[number] = Failure(own, told)

    def _failed_together(self, facts: dict[str, Any]) -> None:
        others = [Path(str(log)) for log in facts["aux_logs"]]
        for one in facts["job_error_info"]:
            told = cluster.reason(one["rule_name"], "", others)
            self.jobs[one["jobid"]] = Failure(Path(str(one["log"][0])), told, shared=True)

    def _left_nothing(self, facts: dict[str, Any]) -> None:
        unseen = UNSEEN.search(str(facts.get("msg")))
        if unseen and (log := self._logs.get(int(unseen[1]))):
            self.jobs[int(unseen[1])] = Failure(log, NOT_SEEN)


HEARD: dict[str, Callable[[Failed, dict[str, Any]], None]] = {
    "job_info": Failed._started,
    "job_finished": Failed._ended,
    "job_error": Failed._failed,
    "group_error": Failed._failed_together,
    "error": Failed._left_nothing,
}
"""What is heard of Snakemake's events."""


def reasons(failures: Iterable[Failure]) -> list[str]:
    """Return why each of some jobs failed, each sentence once.

    A network that is away is one sentence, however many jobs it failed.
    """
    failed = sorted(failures, key=lambda one: one.log)
    touched = [one for one in failed if not one.shared or _went_astray(one.log)]
    found: dict[str, None] = {}
    unconnected: dict[Path, str] = {}
    for one in touched or failed[:1]:
        for why in _why(one):
            if no_connection(why):
                unconnected.setdefault(one.log, why)
            else:
                found[why] = None
    return [*found, *_unconnected(unconnected)]


def no_connection(sentence: str) -> str:
    """Return why there was no connection, '' where a job failed for something else.

    Examples
    --------
    >>> no_connection(f"a.nwb: cannot be downloaded (Connection refused); {NO_NETWORK}")
    'Connection refused'
    """
    before, found, _ = sentence.partition(f"; {NO_NETWORK}")
    if not found:
        return ""
    inner = re.search(r"\(((?:[^()]|\([^()]*\))*)\)$", before)
    return inner[1] if inner else before


def _unconnected(jobs: dict[Path, str]) -> list[str]:
    """Return one sentence for all jobs that got no connection."""
    if not jobs:
        return []
    log, first = next(iter(jobs.items()))
    if len(jobs) == 1 and first.count(NO_NETWORK) == 1:
        return [first]
    named = ", ".join(map(job_of, jobs))
    return [f"{named}: no connection ({no_connection(first)}); {NO_NETWORK} (more in {log.parent})"]


def _why(one: Failure) -> list[str]:
    told = [f"{job_of(one.log)}: {one.told} (more in {one.log})"] if one.told else []
    return _own(one.log) or told or said(one.log) or [silent(one.log)]


def said(log: Path) -> list[str]:
    """Return why a job stopped, as far as its log tells; nothing where it does not.

    The sentences of the stage itself; else the last line of a traceback; else what its exit status
    means.
    """
    if own := _own(log):
        return own
    lines = _lines(log)
    spoken = _spoken(lines)
    ended = next((line for line in reversed(lines) if line.startswith(ENDED)), "")
    status = ended.removeprefix(ENDED).strip()
    if not status.isdecimal() or int(status) == 0:
        return []
    return [f"{job_of(log)}: {_meaning(int(status))}; {_last(spoken, log)}"]


def _own(log: Path) -> list[str]:
    """Return the sentences of a stage itself, or the last line of its traceback."""
    lines = _lines(log)
    if own := [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]:
        return own
    spoken = _spoken(lines)
    if any(line.startswith("Traceback") for line in spoken):
        if spoken[-1] == "KeyboardInterrupt":  # before the command itself had begun
            return [f"{job_of(log)}: {WORDS[signal.SIGINT]}"]
        return [f"{spoken[-1]} (a defect of isomorph; the whole of it is in {log})"]
    return []


def silent(log: Path) -> str:
    """Return what there is to say of a job that failed and could not say why."""
    try:
        with disk_errors(log):
            _try_to_write(log)
    except IsomorphError as error:
        return f"{job_of(log)}: failed, and its log cannot be written either: {error}"
    return f"{job_of(log)}: stopped without a message; {_last(_lines(log), log)}"


def is_unfinished(log: Path) -> bool:
    """Tell whether a job neither came to its end nor said why not: killed, or still at work."""
    return not said(log) and not _is_done(log)


def job_of(log: Path) -> str:
    """Return a job as it is called by hand, `compare haxby2001`, by where its log stands."""
    parts = log.with_suffix("").parts if log.suffix == ".log" else log.parts
    after = [place for place, part in enumerate(parts) if part == "logs"]
    return " ".join(parts[after[-1] + 1 :] if after else parts[-1:])


def _went_astray(log: Path) -> bool:
    """Tell whether a job of several that ran together began and did not come to its end."""
    return bool(_lines(log)) and not _is_done(log)


def _is_done(log: Path) -> bool:
    lines = _lines(log)
    return bool(lines and DONE.search(lines[-1]))


def _spoken(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith(ENDED)]


def _lines(log: Path) -> list[str]:
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()]


def _last(lines: list[str], log: Path) -> str:
    return f'the last line of {log} is "{lines[-1][:200]}"' if lines else f"{log} is empty"


def _meaning(status: int) -> str:
    """Return what an exit status means, as a shell gives it: 128 and more after a signal."""
    try:
        one = signal.Signals(status - 128)
    except ValueError:
        return f"ended with exit status {status} without saying why"
    what = WORDS.get(one, "crashed inside a library, which is no fault of the study's settings")
    return f"{what} ({one.name})"


def _try_to_write(log: Path) -> None:
    folder = next(one for one in log.absolute().parents if one.is_dir())
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(2**16))
        file.flush()
        os.fsync(file.fileno())
