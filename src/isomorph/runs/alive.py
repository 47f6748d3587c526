"""Which runs of the workflow, and which of their jobs, are at work in a folder.

Snakemake locks the folder it works in by files, which a killed run leaves behind. So every run and
every job holds a lock of the system on a file of its own, which ends with the process however it
ends: what nobody holds any more belongs to nobody. The lock is on the record itself, so that it is
held from the moment it has a name, and so that asking whether it is held makes no file; a lock
beside it, as filelock keeps, could do neither.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from filelock import FileLock

from isomorph.errors import IsomorphError

RUN = "ISOMORPH_RUN"
"""The environment variable that tells a job which run it belongs to."""
PLACE, LOCKS = "runs", "locks"
"""Folders of our records, and of Snakemake's locks, in its own folder."""
GRACE = 20.0
"""Seconds that a job gets to tidy up and end."""

_runs: dict[Path, tuple[int, Path]] = {}
"""The open handle and the record of this process, by folder."""


@dataclass(frozen=True)
class Record:
    """A process that said it is at work.

    Attributes
    ----------
    file : Path
    kind : str
        "run" or "job".
    host : str
    pid : int
    run : str
        Name of the record of its run; its own for a run.
    """

    file: Path
    kind: str
    host: str
    pid: int
    run: str

    @property
    def is_here(self) -> bool:
        """Whether it was on this machine; of others nothing can be told."""
        return self.host == socket.gethostname()

    @property
    def is_gone(self) -> bool:
        """Whether its process has surely ended."""
        return self.is_here and not _is_held(self.file)


def begin(folder: Path) -> str:
    """Note that this process runs the workflow, and remove locks of runs that are gone.

    Locks stay where any run may be alive: one that holds its record, one of another machine, or
    one that left no record.

    Parameters
    ----------
    folder : Path
        Snakemake's own folder, `.snakemake`.

    Returns
    -------
    str
        What was removed, in a sentence; '' for nothing.
    """
    place = folder.absolute() / PLACE
    if place in _runs:
        return ""
    said = ""
    # A folder that cannot be written, or a disk without locks, is as it would be without us.
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(place / "guard", fallback_to_soft=False):  # one judges and notes
            said = _removed(place, folder.absolute() / LOCKS)
            handle, file = _record(place, "run", "")
            _runs[place] = handle, file
            os.environ[RUN] = str(file)
            atexit.register(_forget, os.getpid(), file)
    return said


@contextmanager
def at_work() -> Iterator[None]:
    """Note that this process is a job of the run that started it, while the block runs."""
    run = os.environ.get(RUN)
    made: tuple[int, Path] | None = None
    if run:
        with suppress(OSError):
            made = _record(Path(run).parent, "job", Path(run).name)
    try:
        yield
    finally:
        if made is not None:
            with suppress(OSError):
                made[1].unlink(missing_ok=True)
            os.close(made[0])


def end_orphans(folder: Path, grace: float = GRACE) -> str:
    """End jobs on this machine whose run is gone; their work would be done again anyway.

    Parameters
    ----------
    folder : Path
        Snakemake's own folder.
    grace : float
        Seconds that they get to end.

    Returns
    -------
    str
        How many, in a sentence; '' for none.

    Raises
    ------
    IsomorphError
        When one does not end.
    """
    records = _records(folder.absolute() / PLACE)
    alive = {one.file.name for one in records if one.kind == "run" and not one.is_gone}
    left = [one for one in records if one.kind == "job" and one.is_here and one.run not in alive]
    orphans = [one for one in left if not one.is_gone]
    for one in orphans:
        if _holds(one.pid, one.file):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(one.pid, signal.SIGTERM)
    ends = time.monotonic() + grace
    while any(not one.is_gone for one in orphans):
        if time.monotonic() > ends:
            pids = " ".join(str(one.pid) for one in orphans if not one.is_gone)
            raise IsomorphError(
                f"jobs of a run that was killed are still at work and do not end; end them with "
                f"kill -9 {pids} and run again"
            )
        time.sleep(0.05)
    for one in left:
        one.file.unlink(missing_ok=True)
    if not orphans:
        return ""
    said = "a job was" if len(orphans) == 1 else f"{len(orphans)} jobs were"
    return f"{said} still at work for a run that was killed; stopped, to be done again"


def _removed(place: Path, locks: Path) -> str:
    """Remove what runs that are gone left; return what was, in a sentence."""
    runs = [one for one in _records(place) if one.kind == "run"]
    gone = [one for one in runs if one.is_gone]
    standing = [file for file in locks.glob("*.lock") if file.is_file()]
    said = ""
    if standing:
        if not gone or len(gone) < len(runs):
            return ""
        for file in standing:
            file.unlink(missing_ok=True)
        said = "the run before was killed and left its lock on this folder; it is removed"
    for one in gone:
        one.file.unlink(missing_ok=True)
    return said


def _record(place: Path, kind: str, run: str) -> tuple[int, Path]:
    """Write a record and hold it: it has its name only once it is whole and held."""
    file = place / f"{kind}-{uuid4().hex}.json"
    partial = place / f".{file.name}"
    said = {"host": socket.gethostname(), "pid": os.getpid(), "run": run or file.name}
    handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(handle, json.dumps(said).encode())
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        os.close(handle)
        raise
    return handle, file


def _records(place: Path) -> list[Record]:
    return [one for file in sorted(place.glob("*-*.json")) if (one := _read(file)) is not None]


def _read(file: Path) -> Record | None:
    """Read a record, None where it has just gone."""
    kind = file.name.partition("-")[0]
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        return Record(file, kind, str(said["host"]), int(said["pid"]), str(said["run"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        # a disk that broke; nothing can be told of it, as of one of another machine
        return Record(file, kind, "", 0, file.name)


def _is_held(file: Path) -> bool:
    """Tell whether a process may hold a file."""
    try:
        handle = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _holds(pid: int, file: Path) -> bool:
    """Tell whether a process has a file open, as far as the system tells: pids are used again."""
    handles = Path(f"/proc/{pid}/fd")
    if not Path("/proc/self/fd").is_dir():
        return True
    with suppress(OSError):
        return any(_is_link_to(one, file) for one in handles.iterdir())
    return False


def _is_link_to(link: Path, file: Path) -> bool:
    with suppress(OSError):
        return link.readlink() == file
    return False


def _forget(pid: int, file: Path) -> None:
    if os.getpid() == pid:  # not in a process that was forked off
        file.unlink(missing_ok=True)
