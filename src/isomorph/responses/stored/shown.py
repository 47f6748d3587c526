"""What was shown: the stimulus and the run of every presentation in files of arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import read_table
from isomorph.foreign.array_files import is_array_file, read_array
from isomorph.foreign.entities import labels_of_runs, parse
from isomorph.foreign.natural import by_number
from isomorph.responses.named_arrays import as_names
from isomorph.responses.order import is_numbered
from isomorph.responses.stored.stored_maps import StoredMaps
from isomorph.responses.subject_files import SubjectFiles
from isomorph.stimuli.naming import named
from isomorph.study.stored import RunOrder, StimulusOrder, StoredArrays

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
    listed = _Listed(own, files)
    stimulus, where = listed.stimuli(settings.order)
    stimulus = np.repeat(stimulus, maps[0].rows[1] if len(maps[0].rows) > 1 else 1)
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


class _Listed:
    """Lists in the files of a subject, and which files were read for them."""

    def __init__(self, own: SubjectFiles, responses: Sequence[Path]) -> None:
        self.own = own
        self.responses = responses
        self.files: list[Path] = []

    def stimuli(self, order: StimulusOrder) -> tuple[Names, str]:
        """Return the id of the stimulus of each presentation, and where it stands."""
        names, where, ids = self._names(order)
        if not ids:
            names = self.own.names.ids_or_names(self.files[0], names)
        return names, where

    def _names(self, order: StimulusOrder) -> tuple[Names, str, bool]:
        """Return the name that each value stands for, where they stand, and if names are ids."""
        values, where = self._values(order.file, order.column, order.variable, order.at)
        texts = as_names(values)
        if texts is None:
            raise IsomorphError(
                f"{where}: is of shape {values.shape} and type {values.dtype}, expected a name or "
                "a whole number for each presentation"
            )
        if order.counted_from is None:
            return named(texts, order.name, order.blank), where, False
        blank = np.isin(texts, ["", *order.blank])
        places = _places(texts, blank, where) - order.counted_from
        if order.into is not None:
            known, listed, ids = self._names(order.into)
        elif self.own.names.naming is None:
            raise IsomorphError(
                f"{where}: holds places in the list of stimuli, which nobody gave; name the "
                "stimuli, or say with `into` what the places are places in"
            )
        else:
            known, listed, ids = self.own.names.stimuli, self.own.names.table, True
            _refuse_numbers_left_out(known, listed, where)
        _refuse_out_of_range(places, ~blank, len(known), order.counted_from, where, listed)
        return np.where(blank, "", known[np.where(blank, 0, places)]).astype(np.str_), where, ids

    def runs(self, order: RunOrder, total: int) -> tuple[Names, str]:
        """Return the run of each presentation, and where it stands."""
        if order.each is not None:
            where = f"{self.own.where}: runs.each"
            if total % order.each:
                raise IsomorphError(
                    f"{where}: {total:,} presentations do not divide into runs of {order.each}"
                )
            return _numbered(np.full(total // order.each, order.each)), where
        values, where = self._values(order.file, order.column, order.variable, None,
                                     flat=order.holds == "labels")  # fmt: skip
        if order.holds == "labels":
            texts = as_names(values)
            if texts is None or (texts == "").any():
                raise IsomorphError(f"{where}: expected the run of every presentation")
            return texts, where
        numbers = _numbers(values, where)
        numbers = (numbers != 0).sum(axis=-1) if order.holds == "pattern" else numbers
        numbers = numbers.ravel()
        if (numbers < 0).any() or (numbers != np.rint(numbers)).any():
            raise IsomorphError(f"{where}: holds what is no number of presentations")
        return _numbered(numbers.astype(int)), where

    def _values(
        self,
        pattern: str | None,
        column: str | None,
        variable: str | None,
        at: int | dict[str, int] | None,
        *,
        flat: bool = True,
    ) -> tuple[Array, str]:
        """Return the values of a column or an array, of all files that match, and where it is."""
        files = list(self.responses) if pattern is None else sorted(
            self.own.own_or_beside(pattern), key=lambda file: by_number(str(file)))  # fmt: skip
        self.files += files
        parts = []
        for file in files:
            if is_array_file(file):
                if column is not None:
                    raise IsomorphError(
                        f"{file}: column: is of tables; of a file of arrays name the variable"
                    )
                values = read_array(file, variable)
                parts.append(_row(values, at, self.own.subject, f"{file}: {variable or 'array'}"))
            else:
                name = column or "stimulus"
                parts.append(read_table(file, name)[name].to_numpy(dtype=np.str_))
        said = column if column is not None else variable
        where = f"{files[0]}: {said}" if said else str(files[0])
        if not flat:
            return (parts[0] if len(parts) == 1 else np.concatenate(parts)), where
        flatter = [np.squeeze(one) for one in parts]
        for file, one in zip(files, flatter, strict=True):
            if one.ndim > 1:
                raise IsomorphError(
                    f"{file}: {said}: is of shape {one.shape}, expected one value for each "
                    "presentation; where it has a row for each subject, say which with `at`"
                )
        return np.concatenate([np.ravel(one) for one in flatter]), where


def _row(values: Array, at: int | dict[str, int] | None, subject: str, where: str) -> Array:
    """Return the row of a subject, or all where rows are not of subjects."""
    if at is None:
        return values
    if isinstance(at, dict):
        if subject not in at:
            raise IsomorphError(f"{where}: at: names no row of {subject}, "
                                f"{did_you_mean(subject, at)}")  # fmt: skip
        at = at[subject]
    if not 0 <= at < values.shape[0]:
        raise IsomorphError(
            f"{where}: at: row {at} lies outside its shape {values.shape}, counted from 0"
        )
    return np.asarray(values[at])


def _numbers(values: Array, where: str) -> Array:
    if values.dtype.kind in "biuf":
        return values.astype(float)
    try:
        return values.astype(float)
    except ValueError:
        raise IsomorphError(f"{where}: expected numbers") from None


def _places(texts: Names, blank: npt.NDArray[np.bool_], where: str) -> Array:
    """Return whole numbers that texts say, 0 for blanks."""
    wrong = [one for one in texts[~blank].tolist() if not one.removeprefix("-").isdecimal()]
    if wrong:
        raise IsomorphError(
            f'{where}: holds "{wrong[0]}", expected places, which are whole numbers; leave '
            "counted_from out where these are names"
        )
    return np.where(blank, "0", texts).astype(np.int64)


def _refuse_out_of_range(
    places: Array, inside: Array, known: int, start: int, where: str, listed: str
) -> None:
    outside = inside & ((places < 0) | (places >= known))
    if outside.any():
        row = int(np.argmax(outside))
        raise IsomorphError(
            f"{where}: presentation {row + 1} is of place {int(places[row]) + start}, but {listed} "
            f"lists {known:,}, counted from {start}"
        )


def _refuse_numbers_left_out(stimuli: Array, table: str, where: str) -> None:
    """Refuse places in a list of numbered stimuli of which some are left out: others would follow.

    Raises
    ------
    IsomorphError
        Naming the first number that is missing.
    """
    ids = stimuli.tolist()
    if not is_numbered(ids):
        return
    numbers = [[int(piece) for piece in re.findall(r"\d+", one)] for one in ids]
    varied = next((at for at, one in enumerate(zip(*numbers, strict=True)) if len(set(one)) > 1), 0)
    for at, (one, name) in enumerate(zip(numbers, ids, strict=True)):
        if one[varied] != numbers[0][varied] + at:
            raise IsomorphError(
                f'{where}: holds places, and in {table} "{name}" follows "{ids[at - 1]}", so that '
                "nobody knows whether the places count those between; say with `into` what they "
                "are places in"
            )


def _numbered(lengths: Array) -> Names:
    """Return a number for every presentation of each run."""
    return np.repeat(np.arange(1, len(lengths) + 1), lengths).astype(np.str_)
