"""A reading tried in a copy of this process first, where a library may never come back from it.

A damaged file can send a library round in circles or end the process. A copy costs some
milliseconds, less than a process of its own (`isomorph.foreign.child`).
"""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from isomorph.errors import IsomorphError

SECONDS, LONGEST = 4, 600
"""Seconds of the processor's time that a trial of a small file may take, and of the clock's."""
BYTES_A_SECOND = 10_000_000
"""How much larger a file may be for another second."""


def try_first(run: Callable[[], object], file: Path, what: str) -> bool:
    """Try a reading in a copy of this process, and throw away what it gives.

    Parameters
    ----------
    run : callable
        Reads the file. What else it raises than a sentence is left for the reading that follows.
    file : Path
    what : str
        What the file should be, see `isomorph.foreign.reading`.

    Returns
    -------
    bool
        Whether it was tried and came to its end. Else what it should refuse is still to be looked
        for: only Linux copies a process safely, and a file may have made it raise something.

    Raises
    ------
    IsomorphError
        What the reading refused, or that it took too long or ended the process.
    """
    if sys.platform != "linux":
        return False
    seconds = SECONDS + (file.stat().st_size // BYTES_A_SECOND if file.is_file() else 60)
    ours, theirs = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the copy uses none of the threads
        copy = os.fork()
    if copy == 0:
        _run_and_end(run, theirs, seconds)
    os.close(theirs)
    in_time, _, _ = select.select([ours], [], [], LONGEST)  # until it speaks or ends
    if not in_time:
        os.kill(copy, signal.SIGKILL)
    with open(ours, "rb") as pipe:
        sentence = pipe.read().decode(errors="replace")
    status = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
    if not in_time or status == -signal.SIGXCPU:
        limit = f"{seconds} s of the processor's time" if in_time else f"{LONGEST} s"
        raise IsomorphError(f"{file}: cannot be read as {what} in {limit}; it is damaged")
    if status == -signal.SIGKILL:
        raise IsomorphError(
            f"{file}: cannot be read as {what}, its process was killed, as systems do where memory "
            "runs out"
        )
    if status < 0:
        name = signal.Signals(-status).name
        raise IsomorphError(f"{file}: cannot be read as {what}, its library crashes on it ({name})")
    if sentence:
        raise IsomorphError(sentence)
    return status == 0


def _run_and_end(run: Callable[[], object], said: int, seconds: int) -> NoReturn:
    """Run a reading in silence, say what it refuses, and end at once."""
    import resource

    status = 1
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        faulthandler.disable()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        run()
        status = 0
    except IsomorphError as error:
        os.write(said, str(error).encode(errors="replace")[:60_000])
    finally:
        os._exit(status)  # no tidying: all of it is the original's
