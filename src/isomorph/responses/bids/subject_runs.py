"""What the responses of one subject are made of: runs, where their units are, and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from isomorph.responses.bids.bold import Bold, open_bold
from isomorph.responses.bids.regions import RegionSource
from isomorph.responses.bids.run_files import RunFiles, find_runs
from isomorph.responses.bids.runs import Reader
from isomorph.responses.subject_files import SubjectFiles
from isomorph.study.bids import BidsResponses

One = TypeVar("One")


@dataclass(frozen=True)
class SubjectRuns:
    """The files of one subject, found and not yet read.

    Attributes
    ----------
    runs : list of RunFiles
    first : Bold
        The first run, opened.
    source : RegionSource
        Where regions come from.
    reader : Reader
        Reads runs.
    used : list of Path
        Files of regions, as they are asked for.
    """

    runs: list[RunFiles]
    first: Bold
    source: RegionSource
    reader: Reader
    used: list[Path]


def gather(files: SubjectFiles, settings: BidsResponses) -> SubjectRuns:
    """Find the files of one subject.

    Parameters
    ----------
    files : SubjectFiles
    settings : BidsResponses
        Which files are runs, and where their regions and confounds are.

    Raises
    ------
    IsomorphError
        When a pattern matches nothing, files of a run are missing, or the first run is not BOLD.
    """
    used: list[Path] = []

    def find_regions(pattern: str) -> list[Path]:
        found = files.own_or_beside(pattern)
        used.extend(found)
        return found

    runs = find_runs(files, settings)
    first = open_bold(runs[0].files)
    confounds = settings.confounds
    return SubjectRuns(
        runs,
        first,
        RegionSource(find_regions, first.place, runs[0].bold, files.atlases, used),
        Reader(
            settings,
            files.names,
            files.listed("**/*.json"),
            files.own(confounds.files) if confounds and confounds.files else [],
        ),
        used,
    )


def by_session(
    items: Sequence[One], runs: Sequence[RunFiles], settings: BidsResponses
) -> dict[str, list[One]]:
    """Return what belongs to runs, a list for each session.

    Parameters
    ----------
    items : sequence
        One for each run.
    runs : sequence of RunFiles
    settings : BidsResponses
        Whether sessions stand together.
    """
    if settings.sessions == "together":
        return {"1": list(items)}
    sessions: dict[str, list[One]] = {}
    for item, run in zip(items, runs, strict=True):
        sessions.setdefault(run.session or "1", []).append(item)
    return sessions
