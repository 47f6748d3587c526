"""Files that a user's own code opens while it builds a network: seen, hashed and kept.

Most stand in the text of the code, see `isomorph.own`. What is only known when it runs is noted
when it runs, so that a later change is noticed too.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from isomorph.artefacts import replacing
from isomorph.layout import Layout
from isomorph.own import digest_of, installed_folders

SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/bin")))
"""Folders of the system, whose files are no weights."""

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


@dataclass(frozen=True)
class Opened:
    """What the last run of a model's code opened.

    Attributes
    ----------
    files : dict of str to str
        sha256 by path.
    state : str
        What `state` said when it ran.
    """

    files: dict[str, str]
    state: str

    @property
    def now(self) -> dict[str, str]:
        """The sha256 that each file has now, '' where it is gone."""
        return {name: digest_of(Path(name)) for name in self.files}


def state(layout: Layout, dataset: str, instance: str) -> str:
    """Return a text that changes when a file does that a model's code opened at its last run.

    It is the same before and after a run that finds the files as they were, and '' before the
    first: so it can stand among the parameters of a job.
    """
    kept = _read(layout, dataset, instance)
    if kept is None:
        return ""
    now = kept.now
    if now == kept.files:
        return kept.state
    return hashlib.sha256(json.dumps(now, sort_keys=True).encode()).hexdigest()[:16]


def keep(layout: Layout, dataset: str, instance: str, files: Sequence[Path]) -> None:
    """Note what a model's code opened, for `state`; nothing where none ever opened anything."""
    place = _place(layout, dataset, instance)
    if not files and not place.is_file():
        return
    said = {
        "files": {str(file): digest_of(file) for file in files},
        "state": state(layout, dataset, instance),
    }
    with replacing(place) as temporary:
        temporary.write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _place(layout: Layout, dataset: str, instance: str) -> Path:
    path = layout.activations(dataset, instance)
    return path.with_name(f"{instance}.opened.json")


def _read(layout: Layout, dataset: str, instance: str) -> Opened | None:
    try:
        said = json.loads(_place(layout, dataset, instance).read_text(encoding="utf-8"))
        return Opened({str(name): str(one) for name, one in said["files"].items()}, said["state"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Opened({}, "damaged")  # the activations are made anew, and this with them
