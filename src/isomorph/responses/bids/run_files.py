"""Which files belong to which run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isomorph.errors import IsomorphError
from isomorph.foreign.entities import BidsName, in_order, parse, refuse_same_recording
from isomorph.foreign.inheritance import partner
from isomorph.responses.subject_files import SubjectFiles
from isomorph.study.bids import BidsResponses


@dataclass(frozen=True)
class RunFiles:
    """The files of one run.

    Attributes
    ----------
    bold, events : Path
    session : str
        BIDS session, '' for none.
    right : Path or None
        The right hemisphere, where `bold` is the left.
    """

    bold: Path
    events: Path
    session: str
    right: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of its BOLD."""
        return (self.bold,) if self.right is None else (self.bold, self.right)


def find_runs(files: SubjectFiles, settings: BidsResponses) -> list[RunFiles]:
    """Return the runs of a subject, sessions and runs in order, each with its events.

    Raises
    ------
    IsomorphError
        When a run has no events of its own, a hemisphere is missing, or two files are of the same
        run.
    """
    volumes, events = files.own(settings.bold), files.own(settings.events.files)
    named = {file: parse(file) for file in volumes}
    ordered, right = _paired(in_order(volumes), named)
    refuse_same_recording(ordered, "responses.bold")
    return [
        RunFiles(
            file,
            partner(file, events, "tables of events"),
            str(named[file].entities.get("ses", "")),
            right.get(file),
        )
        for file in ordered
    ]


def _paired(
    files: Sequence[Path], named: Mapping[Path, BidsName]
) -> tuple[list[Path], dict[Path, Path]]:
    """Return files without those of right hemispheres, and those by the left's."""
    by_rest: dict[object, dict[str, Path]] = {}
    for file in files:
        if not file.name.endswith(".gii"):
            continue
        entities = {**named[file].entities}
        side = str(entities.pop("hemi", ""))
        if side not in ("L", "R"):
            raise IsomorphError(
                f"{file}: its name says no hemisphere, expected hemi-L or hemi-R in it"
            )
        key = (file.parent, tuple(entities.items()), named[file].words)
        by_rest.setdefault(key, {})[side] = file
    for pair in by_rest.values():
        if len(pair) < 2:
            ((side, file),) = pair.items()
            lacking = "R" if side == "L" else "L"
            raise IsomorphError(
                f"{file}: no file of the other hemisphere, hemi-{lacking}, stands beside it; "
                "responses.bold must match both"
            )
    right = {pair["L"]: pair["R"] for pair in by_rest.values()}
    return [file for file in files if file not in set(right.values())], right
