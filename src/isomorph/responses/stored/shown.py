"""What was shown: the stimulus and the run of every presentation in files of arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.entities import labels_of_runs, parse
from isomorph.responses.stored.listed import Listed
from isomorph.responses.stored.stored_maps import StoredMaps
from isomorph.responses.subject_files import SubjectFiles
from isomorph.study.stored import StoredArrays

Array = npt.NDArray
Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Shown:
    """What each presentation of a subject's files showed, file by file.

    Attributes
    ----------
    stimulus : array of str of shape (presentation,)
        Id of the stimulus, a name that is none's, or '' for none.
    session : array of str of shape (presentation,)
    run : array of str of shape (presentation,), or None
        None where nothing says it.
    files : tuple of Path
        All that they were read from.
    where : str
        The file that says the stimuli, for messages.
    """

    stimulus: Names
    session: Names
    run: Names | None
    files: tuple[Path, ...]
    where: str


def shown_in(own: SubjectFiles, settings: StoredArrays, maps: Sequence[StoredMaps]) -> Shown:
    """Return what the presentations of a subject's files showed, where `order` says it.

    Parameters
    ----------
    own : SubjectFiles
    settings : StoredArrays
        With its `order`, and its `runs` where known.
    maps : sequence of StoredMaps
        Files of the responses, in order. Of those that have an axis of repetitions, `order` lists
        the stimuli.

    Raises
    ------
    IsomorphError
        When there is no such list, it is of another number of presentations, or points nowhere.
    """
    assert settings.order is not None
    files, counts = [one.file for one in maps], [len(one) for one in maps]
    total = sum(counts)
    listed = Listed(own, files)
    stimulus, where = listed.stimuli(settings.order)
    again = np.repeat([one.rows[1] if len(one.rows) > 1 else 1 for one in maps],
                      [one.rows[0] for one in maps])  # fmt: skip
    more = max(0, len(stimulus) - len(again))
    stimulus = np.repeat(stimulus, np.pad(again, (0, more), mode="edge")[: len(stimulus)])
    if settings.unfinished:
        _refuse_gaps(files)
        if len(stimulus) > total:
            own.say(f"{where}: lists {len(stimulus)} presentations, of which the first {total} are "
                    "there")  # fmt: skip
            stimulus = stimulus[:total]
    _refuse_other_number(len(stimulus), total, where, files)
    run = None
    if settings.runs is not None:
        run, said = listed.runs(settings.runs, total)
        if settings.unfinished and len(run) > total:
            run = run[:total]
        _refuse_other_number(len(run), total, said, files)
    elif len(files) > 1 and all("run" in parse(file).entities for file in files):
        run = np.repeat(np.array(labels_of_runs(files), dtype=np.str_), counts)
    session = np.repeat(np.array(sessions_of(files), dtype=np.str_), counts)
    return Shown(stimulus, session, run, tuple(dict.fromkeys(listed.files)), where)


def sessions_of(files: Sequence[Path]) -> list[str]:
    """Return the session of each file, by its `ses-`, the number its name ends with, or the name.

    Examples
    --------
    >>> sessions_of([Path("betas_session01.hdf5"), Path("betas_session02.hdf5")])
    ['01', '02']
    >>> sessions_of([Path("sub-1_ses-a_run-1.mat"), Path("sub-1_ses-a_run-2.mat")])
    ['a', 'a']
    """
    if len(files) == 1:
        return ["1"]
    said = [parse(file).entities for file in files]
    if all("run" in one for one in said):
        return [str(one.get("ses", 1)) for one in said]
    for named_by in ([str(one.get("ses", "")) for one in said], [_number(file) for file in files],
                     [file.stem for file in files], [str(file) for file in files]):  # fmt: skip
        if all(named_by) and len(set(named_by)) == len(files):
            return named_by
    return [str(place) for place in range(1, len(files) + 1)]


def _number(file: Path) -> str:
    """Return the last number of a file's name, '' for none."""
    return "".join(re.findall(r"\d+", file.stem)[-1:])


def _refuse_gaps(files: Sequence[Path]) -> None:
    """Refuse files that are not the first of their series, which a list from the start needs."""
    numbers = [_number(file) for file in files]
    if len(files) > 1 and all(numbers):
        counted = [int(one) for one in numbers]
        gap = next((at for at, one in enumerate(counted, 1) if one != at), None)
        if gap is not None:
            raise IsomorphError(
                f"{files[gap - 1]}: is file {gap} in order, where `unfinished` means that all of "
                f"the first ones are there; add number {gap}, or leave the later ones out"
            )


def _refuse_other_number(listed: int, held: int, where: str, files: Sequence[Path]) -> None:
    if listed != held:
        of = f"the {len(files)} files of which {files[0].name} is one" if len(files) > 1 else (
            str(files[0]))  # fmt: skip
        more = "; where the recording ended before, say `unfinished: true`" if listed > held else ""
        raise IsomorphError(
            f"{where}: lists {listed:,} presentations, {of} hold{'' if len(files) > 1 else 's'} "
            f"{held:,}; both must be of the same{more}"
        )
