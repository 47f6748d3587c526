"""Why jobs failed: what they said themselves, else how they ended."""

from __future__ import annotations

import logging
import os
import re
import signal
import tempfile
from collections.abc import Iterable
from pathlib import Path

from isomorph.artefacts import disk_errors
from isomorph.errors import IsomorphError

MARK = "isomorph: "
"""How a line of a log begins that says why a stage stopped."""
ENDED = "ended with exit status "
"""How a line of a log begins that the shell wrote, after a stage that failed."""
DONE = re.compile(r": done in [\d.,]+ s$")
"""How the last line of a stage ends that came to its end."""
WORDS = {
    signal.SIGKILL: "was killed, as systems do where memory runs out; free some, or run fewer jobs "
    "at once (--cores)",
    signal.SIGTERM: "was ended from outside; run again to go on",
    signal.SIGINT: "was interrupted; run again to go on",
    signal.SIGXCPU: "used up the time it was allowed; raise the limit and run again",
    signal.SIGXFSZ: "wrote a larger file than `ulimit -f` allows; raise the limit and run again",
}
"""What a signal means for who reads it."""


class Failed(logging.Handler):
    """Listens to Snakemake and keeps the logs of the jobs that failed."""

    def __init__(self) -> None:
        super().__init__()
        self.logs: dict[Path, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the logs of a job that failed."""
        event = getattr(record, "event", None)
        if getattr(event, "value", event) == "job_error":
            self.logs.update(dict.fromkeys(Path(str(one)) for one in getattr(record, "log", ())))


def reasons(logs: Iterable[Path]) -> list[str]:
    """Return why each of some jobs failed, each sentence once.

    Parameters
    ----------
    logs : iterable of Path
        Of jobs that failed.
    """
    return list(dict.fromkeys(one for log in sorted(logs) for one in said(log) or [silent(log)]))


def said(log: Path) -> list[str]:
    """Return why a job stopped, as far as its log tells; nothing where it does not.

    The sentences of the stage itself; else the last line of a traceback; else what its exit status
    means.
    """
    lines = _lines(log)
    own = [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]
    if own:
        return own
    spoken = [line for line in lines if not line.startswith(ENDED)]
    if any(line.startswith("Traceback") for line in spoken):
        return [f"{spoken[-1]} (a defect of isomorph; the whole of it is in {log})"]
    ended = next((line for line in reversed(lines) if line.startswith(ENDED)), "")
    status = ended.removeprefix(ENDED).strip()
    if not status.isdecimal() or int(status) == 0:
        return []
    return [f"{job_of(log)}: {_meaning(int(status))}; {_last(spoken, log)}"]


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
    lines = _lines(log)
    return not said(log) and not (lines and DONE.search(lines[-1]))


def job_of(log: Path) -> str:
    """Return a job as it is called by hand, `compare haxby2001`, by where its log stands."""
    parts = log.with_suffix("").parts if log.suffix == ".log" else log.parts
    after = [place for place, part in enumerate(parts) if part == "logs"]
    return " ".join(parts[after[-1] + 1 :] if after else parts[-1:])


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
