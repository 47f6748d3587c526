"""A function in a process of its own, where a library may crash, hang or take all memory.

Some readers are written in languages in which a damaged file can end the whole process.
"""

from __future__ import annotations

import inspect
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import Any

from isomorph.errors import IsomorphError, first_line
from isomorph.foreign.budget import MEMORY, in_words

CHILD = """
import importlib.util, json, os, pickle, sys
source, name, arguments, seconds, size = json.loads(sys.argv[1])
result = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
spec = importlib.util.spec_from_file_location("_child", source)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
try:
    import resource
    with open("/proc/self/statm") as mine:
        now = int(mine.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + size, now + size))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
except (ImportError, OSError, ValueError):
    pass  # a system without them: the parent's clock is left
try:
    found = ("value", getattr(module, name)(*arguments))
except MemoryError:
    found = ("memory", "")
except Exception as error:
    found = ("error", str(error) or type(error).__name__)
pickle.dump(found, result, protocol=5)
result.close()
"""
"""What the process runs: nothing of isomorph but the one file that holds the function."""

PLAIN = {
    ("numpy", "ndarray"), ("numpy", "dtype"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"), ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core.multiarray", "_reconstruct"), ("numpy.core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
}  # fmt: skip
"""What comes back is made of, beside Python's own numbers, texts and containers."""


def in_child(
    function: Callable[..., Any], *arguments: str | float | list[str] | None,
    where: str, what: str, seconds: int, size: int,
) -> Any:  # fmt: skip
    """Call a function in another process, with a limit on its time and memory.

    Starting one takes some 0.3 s.

    Parameters
    ----------
    function : callable
        At the top of a module that imports nothing of isomorph. It returns arrays, numbers, texts
        and containers of them.
    *arguments
        JSON-ready.
    where, what : str
        The file that is read, and what it should be, for messages, see `isomorph.foreign.reading`.
    seconds : int
        Of the processor's time; ten times as many of the clock's.
    size : int
        Bytes it may take beyond what its libraries do, where the system can hold it to that.

    Returns
    -------
    object
        What the function returned.

    Raises
    ------
    IsomorphError
        When the function raised, the process crashed, or it took too long or too much.
    """
    source = inspect.getsourcefile(function)
    asked = json.dumps([source, function.__name__, arguments, seconds, size])
    unread = f"{where}: cannot be read as {what}"
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with TemporaryFile() as result, TemporaryFile() as said:
        try:
            status = subprocess.run(
                [sys.executable, "-P", "-c", CHILD, asked],
                stdin=subprocess.DEVNULL,
                stdout=result,
                stderr=said,
                env={**os.environ, **one_thread},
                timeout=10 * seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            raise IsomorphError(f"{unread} in {10 * seconds} s") from None
        if status == -signal.SIGXCPU:
            raise IsomorphError(f"{unread} in {seconds} s of the processor's time")
        if status == -signal.SIGKILL:
            raise IsomorphError(
                f"{unread}, its process was killed: memory ran out, or it took more than {seconds} "
                "s of the processor's time"
            )
        if status < 0:
            name = signal.Signals(-status).name
            raise IsomorphError(f"{unread}, its library crashes on it ({name})")
        result.seek(0)
        try:
            kind, found = _Plain(result).load()
        except Exception as error:
            said.seek(0)
            last = (said.read().decode(errors="replace").strip().splitlines() or [""])[-1]
            raise IsomorphError(f"{unread} ({last[:200] or first_line(error)})") from error
    if kind == "memory":
        raise IsomorphError(
            f"{unread} in {in_words(size)} of memory; set {MEMORY} where it is meant to take "
            "more and there is room"
        )
    if kind == "error":
        raise IsomorphError(f"{unread} ({first_line(found)})")
    return found


class _Plain(pickle.Unpickler):
    """Takes arrays and what Python itself has; a process that was taken over may send anything."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in PLAIN:
            raise pickle.UnpicklingError(f"{module}.{name} is not an array")
        return super().find_class(module, name)
