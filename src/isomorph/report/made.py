"""How this page was made: by which code, when, from which study file."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import isomorph
from isomorph.layout import Layout

EPOCH = "SOURCE_DATE_EPOCH"
"""Environment variable that sets the date, in seconds since 1970, so that a page can be made again
byte by byte."""


@dataclass(frozen=True)
class Made:
    """What the head of the page says of its making.

    Attributes
    ----------
    version : str
        Of isomorph.
    commit : str
        Of the code, with a word where files have changed since; empty where it is no checkout.
    date : str
        Of the page, in words, without a time of day.
    study : str
        Text of the study file.
    """

    version: str
    commit: str
    date: str
    study: str

    @property
    def address(self) -> str:
        """The study file as a data address, for a link that saves it."""
        text = base64.b64encode(self.study.encode("utf-8")).decode()
        return f"data:text/yaml;charset=utf-8;base64,{text}"


def made(layout: Layout) -> Made:
    """Return how the page of a study is made now."""
    text = layout.study.path.read_text(encoding="utf-8", errors="replace")
    return Made(isomorph.__version__, commit(Path(isomorph.__file__).parent), day(os.environ), text)


def day(environment: Mapping[str, str]) -> str:
    """Return the day in words: today, or what the environment sets.

    Examples
    --------
    >>> day({"SOURCE_DATE_EPOCH": "0"})
    '1 January 1970'
    """
    given = environment.get(EPOCH, "")
    when = datetime.fromtimestamp(int(given), UTC) if given.isdecimal() else datetime.now(UTC)
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
"""By name, whatever the language of the machine."""


def commit(folder: Path) -> str:
    """Return the commit of the code in a folder, with a word where it has changed since.

    Empty where the folder's own files are in no repository: that of another project, in which the
    package may be installed, says nothing about it.
    """
    if not _git(folder, "ls-files", "--", "__init__.py"):
        return ""
    head = _git(folder, "rev-parse", "--short=10", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--", ".")
    return f"{head}, with changes" if head and changed else head


def _git(folder: Path, *arguments: str) -> str:
    """Return what git says of a folder; empty where it is not there or refuses."""
    try:
        run = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return run.stdout.strip()
