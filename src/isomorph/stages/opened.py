"""Files that a user's own code opens while it builds a network.

Most stand in the text of the code, see `isomorph.own`. What is only known when it runs is noted
when it runs, so that a later change is noticed too.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from isomorph.own import installed_folders

SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/bin")))
"""Folders of the system, whose files are not weights."""

_listening: list[list[str]] = []
"""Where the names of files go that are opened now; the last is the one in use."""


@contextmanager
def recorded(*, listen: bool = True) -> Iterator[list[str]]:
    """Yield a list that fills with the name of every file that is opened for reading.

    What a library opens in C or Rust passes unseen. Unless `listen`, the list stays empty.
    """
    names: list[str] = []
    if not listen:
        yield names
        return
    _hook()
    _listening.append(names)
    try:
        yield names
    finally:
        _listening.remove(names)


@cache
def _hook() -> None:
    """Listen to what is opened; such a hook stays until the process ends, so there is one."""
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or not _listening:
        return
    name, _, flags = arguments
    writes = isinstance(flags, int) and flags & os.O_ACCMODE == os.O_WRONLY
    if isinstance(name, str | bytes) and not writes:
        _listening[-1].append(os.fsdecode(name))


def own(names: Sequence[str], *folders: Path) -> list[Path]:
    """Return the files among names that are the user's own: code, weights and tables.

    Parameters
    ----------
    names : sequence of str
        As `recorded` gives them.
    *folders : Path
        Of the user. A file below one is given as it is called from there.

    Returns
    -------
    list of Path
        Those that still are there, each once, sorted. Files of Python, of installed packages and
        of the system, temporary files and those in hidden folders (caches) are left out.
    """
    roots = {folder.resolve(): folder for folder in folders}
    found = set()
    for name in dict.fromkeys(names):
        file = Path(name)
        if file.suffix == ".pyc":
            file = _source_of(file)
        if not file.is_file():
            continue
        whole = file.resolve()
        if _is_installed(whole):
            continue
        root = next((one for one in roots if whole.is_relative_to(one)), None)
        if root is not None and not _is_hidden(whole.relative_to(root)):
            found.add(roots[root] / whole.relative_to(root))
        elif root is None and not _is_hidden(whole) and not _is_of_the_system(whole):
            found.add(whole)
    return sorted(found)


def _source_of(compiled: Path) -> Path:
    try:
        return Path(source_from_cache(str(compiled)))
    except ValueError:  # not in __pycache__
        return compiled


def _is_hidden(inside: Path) -> bool:
    return any(part.startswith((".", "__pycache__")) for part in inside.parts)


def _is_installed(file: Path) -> bool:
    package = Path(__file__).resolve().parents[1]
    return any(file.is_relative_to(one) for one in (*installed_folders(), package))


def _is_of_the_system(file: Path) -> bool:
    temporary = Path(tempfile.gettempdir()).resolve()
    return any(file.is_relative_to(one) for one in (*SYSTEM, temporary))
