"""Lists of what was shown: values of tables and arrays, places in others, runs by their lengths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import read_table
from isomorph.foreign.array_files import is_array_file, read_array
from isomorph.foreign.budget import afford
from isomorph.foreign.natural import by_number
from isomorph.responses.array_values import as_names
from isomorph.responses.order import is_numbered
from isomorph.responses.stored.counted import places_in
from isomorph.responses.subject_files import SubjectFiles
from isomorph.stimuli.naming import named
from isomorph.study.stored import RunOrder, StimulusOrder

Array = npt.NDArray
Names = npt.NDArray[np.str_]

BEYOND = "beyond the list: "
"""Begins what a stimulus is called that is none of those listed: it is a name, and no id."""


DIGITS = 18
"""Of the largest place that is taken for one."""


class Listed:
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
        _refuse_names(texts[~blank], where)
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
        numbers = np.where(blank, str(order.counted_from), texts).astype(np.int64)
        beyond = np.zeros_like(blank)
        if order.others == "drop":
            beyond = ~blank & (numbers - order.counted_from >= len(known))
            numbers[beyond] = order.counted_from
        has = f"{listed} lists {len(known):,}"
        places = places_in(numbers, order.counted_from, len(known), where, has)
        found = np.where(beyond, np.char.add(BEYOND, texts), "")
        return np.where(blank | beyond, found, known[places]), where, ids

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
        if not ((numbers >= 0) & (numbers < np.inf) & (numbers == np.rint(numbers))).all():
            raise IsomorphError(f"{where}: holds what is no number of presentations")
        afford(where, f"the runs of {numbers.sum():,.0f} presentations", int(8 * numbers.sum()))
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


def _refuse_names(texts: Names, where: str) -> None:
    """Refuse texts that are no whole numbers."""
    wrong = [one for one in texts.tolist()
             if not one.removeprefix("-").isdecimal() or len(one) > DIGITS]  # fmt: skip
    if wrong:
        raise IsomorphError(
            f'{where}: holds "{wrong[0]}", expected places, which are whole numbers; leave '
            "counted_from out where these are names"
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
