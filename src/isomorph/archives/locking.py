"""Writing the lock of a dataset, and comparing it with the archive as it is now."""

from __future__ import annotations

import datetime
from pathlib import Path

from isomorph.archives.lock import Lock, lock_beside, read_lock_file, write_lock
from isomorph.archives.resolve import DATE, Resolution, difference, resolve
from isomorph.errors import IsomorphError
from isomorph.study import DatasetSpec


class LockDiffersError(IsomorphError):
    """A lock that does not say what the archive says now."""


def lock_dataset(dataset: DatasetSpec, file: Path, command: str) -> list[str]:
    """Write the lock of a dataset beside its YAML file, unless the one there says the same.

    Parameters
    ----------
    dataset : DatasetSpec
    file : Path
        The YAML file.
    command : str
        What to run for this, said in mistakes.

    Returns
    -------
    list of str
        What was found and done, lines for people.

    Raises
    ------
    IsomorphError
        See `isomorph.archives.resolve.resolve`.
    """
    place = lock_beside(file)
    found = resolve(dataset, file)
    lines = _told(dataset, found)
    old: Lock | None = None
    if place.exists():
        try:
            old = read_lock_file(place, command)
        except IsomorphError as error:
            lines.append(f"  the old lock is replaced: {error}")
    if old is not None:
        differs = difference(old, found)
        lines.append(f"  against {place}: {differs.words() or 'no difference'}")
        if not differs and _sources(old.notes) == found.notes:
            return [*lines, f"  {place}: left as it is"]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    write_lock(place, Lock(found.files, (*found.notes, f"{DATE}{today}")))
    return [*lines, f"  {place}: written"]


def check_lock(dataset: DatasetSpec, file: Path, command: str) -> list[str]:
    """Compare the lock of a dataset with what its archive says now; write nothing.

    Raises
    ------
    LockDiffersError
        When they differ.
    IsomorphError
        When there is no lock, or see `isomorph.archives.resolve.resolve`.
    """
    place = lock_beside(file)
    old = read_lock_file(place, command)
    found = resolve(dataset, file)
    if differs := difference(old, found):
        raise LockDiffersError(
            f"{place}: differs from the archive as it is now, {differs.words()}; `{command}` "
            "writes it again"
        )
    return [*_told(dataset, found), f"  {place}: says what the archive says"]


def _told(dataset: DatasetSpec, found: Resolution) -> list[str]:
    first, *rest = found.summary()
    return [f"{dataset.name}: {first}", *rest, *(f"  note: {remark}" for remark in found.remarks)]


def _sources(notes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the notes without the day, which alone is not a reason to write."""
    return tuple(note for note in notes if not note.startswith(DATE))
