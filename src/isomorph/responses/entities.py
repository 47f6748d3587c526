"""BIDS entities: what the name of a file says about it, `run-1` and `run-01` alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from isomorph.errors import IsomorphError

_ENTITY = re.compile(r"(?:^|_)([a-zA-Z]+)-([a-zA-Z0-9]+)")
RUN = ("ses", "task", "run")
"""Entities that tell the runs of one subject apart."""


def entities(file: Path) -> dict[str, str]:
    """Return the entities in a file's name, numbers without leading zeros for runs.

    Parameters
    ----------
    file : Path
        Such as ``sub-01_ses-a_task-x_run-01_events.tsv``.

    Returns
    -------
    dict of str to str
        ``{"sub": "01", "ses": "a", "task": "x", "run": "1"}``.
    """
    found = dict(_ENTITY.findall(file.name))
    if found.get("run", "").isdecimal():
        found["run"] = str(int(found["run"]))
    return found


def run_of(file: Path) -> tuple[str, ...]:
    """Return session, task and run of a file, '' for what its name does not say."""
    found = entities(file)
    return tuple(found.get(entity, "") for entity in RUN)


def of_same_run(file: Path, candidates: Sequence[Path], what: str) -> Path:
    """Return the one candidate of a file's session, task and run.

    Parameters
    ----------
    file : Path
        The file.
    candidates : sequence of Path
        Files of all runs.
    what : str
        What they are, for messages.

    Raises
    ------
    IsomorphError
        When none or several are of that run.
    """
    found = [candidate for candidate in candidates if run_of(candidate) == run_of(file)]
    if len(found) != 1:
        run = ", ".join(f"{k}-{v}" for k, v in zip(RUN, run_of(file), strict=True) if v)
        raise IsomorphError(
            f"{file}: {len(found)} {what} are of {run or 'no run'}, expected one; there is "
            f"{candidates[0]}"
        )
    return found[0]
