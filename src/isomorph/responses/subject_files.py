"""What the responses of one subject are read from, and what reading them gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import xarray as xr

from isomorph.beside import by_pattern
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.names import Names
from isomorph.study import Spec


def _nothing(line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, kw_only=True)
class SubjectFiles(DatasetFiles):
    """The files of a dataset, asked for one subject.

    Attributes
    ----------
    subject : str
        Whom `{subject}` stands for in patterns.
    names : Names
        What names in recordings stand for.
    atlases : Path
        Where atlases stand; what is not there is downloaded to it.
    scratch : Path
        A folder for what is read once and used later.
    say : callable
        Told in a line how far the reading has come.
    stimuli : Spec, optional
        Settings of the stimuli, which may be those of another dataset.
    """

    subject: str
    names: Names
    atlases: Path
    scratch: Path
    say: Callable[[str], None] = _nothing
    stimuli: Spec | None = None

    def own(self, pattern: str, folders: tuple[str, ...] = ()) -> list[Path]:
        """Return the files that match a pattern in which `{subject}` stands for the subject."""
        return self.find(pattern.replace("{subject}", self.subject), folders)

    def own_or_beside(self, pattern: str) -> list[Path]:
        """Return the user's files that match a pattern, else those of the archive, see `own`."""
        filled = pattern.replace("{subject}", self.subject)
        beside = by_pattern(self.beside, filled) if self.beside is not None else []
        return beside or self.find(filled)


def subject_files(
    files: DatasetFiles,
    *,
    subject: str,
    names: Names,
    atlases: Path,
    scratch: Path,
    say: Callable[[str], None] = _nothing,
    stimuli: Spec | None = None,
) -> SubjectFiles:
    """Return the files of a dataset as they are asked for one subject, see `SubjectFiles`."""
    own = {field.name: getattr(files, field.name) for field in fields(DatasetFiles)}
    return SubjectFiles(
        **own,
        subject=subject,
        names=names,
        atlases=atlases,
        scratch=scratch,
        say=say,
        stimuli=stimuli,
    )


@dataclass(frozen=True)
class Read:
    """What reading the files of one subject gave.

    Attributes
    ----------
    sessions : mapping of str to Dataset
        Responses by session, see `isomorph.responses.sessions.session_data`; of ready RDMs one
        Dataset of all.
    files : sequence of Path
        Every file that was read, each once.
    """

    sessions: Mapping[str, xr.Dataset]
    files: Sequence[Path]
