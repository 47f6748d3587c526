"""An array of an open file, and which of its arrays a path means."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.budget import afford
from isomorph.foreign.guard import reading
from isomorph.foreign.natural import by_number

Array = np.ndarray[Any, np.dtype[Any]]
Part = tuple[slice, ...]

STIMULUS_KEYS = ("stimulus", "stimuli", "stimulus_id", "stimulus_ids", "stimulus_names")
"""Variables that name the stimuli along an axis of another, in its order."""

SUBJECT_KEYS = ("subject", "subjects", "subject_id", "subject_ids", "participant", "participants")
"""Variables that name the subjects along an axis of another, in its order."""

SHOWN = 12
"""Paths that a message lists at most."""


@dataclass(frozen=True)
class StoredArray:
    """An array of an open file.

    Attributes
    ----------
    where : str
        The file and the path inside, for messages.
    name : str
        The path inside.
    shape : tuple of int
    dtype : dtype
        Of what `part` gives.
    blocks : tuple of int or None
        Shape of the blocks in which it is stored, of which each is read whole; None where any part
        is read by itself.
    part : callable
        Returns the values of a slice of every axis.
    dims : tuple of str
        What the file calls each axis, '' where it does not; empty of files that name none.
    """

    where: str
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    blocks: tuple[int, ...] | None
    part: Callable[[Part], Array]
    dims: tuple[str, ...] = ()

    def whole(self) -> Array:
        """Return all values.

        Raises
        ------
        IsomorphError
            When they would take more memory than one file may.
        """
        size = int(np.prod(self.shape, dtype=np.float64)) * max(self.dtype.itemsize, 1)
        afford(self.where, f"an array of shape {self.shape} and type {self.dtype}", size)
        return self.part(tuple(slice(0, length) for length in self.shape))


Arrays = Mapping[str, StoredArray]


def as_stored(values: Array, file: Path, name: str, dims: tuple[str, ...] = ()) -> StoredArray:
    """Return an array that is in memory, or mapped into it."""

    def part(slices: Part) -> Array:
        with reading(f"{file}: {name}", "an array"):
            return np.asarray(values[slices])

    return StoredArray(f"{file}: {name}", name, values.shape, values.dtype, None, part, dims)


def meant(known: Sequence[str], path: str | None, file: Path) -> list[str]:
    """Return which of the arrays of a file are meant.

    Parameters
    ----------
    known : sequence of str
        Paths of all of them.
    path : str or None
        The path asked for, with a `*` of all that match; None for the only one there is.
    file : Path
        For messages.

    Raises
    ------
    IsomorphError
        When there is none, with the nearest paths there are, or several where one is asked for.
    """
    if path is None:
        likely = [one for one in known if one not in (*STIMULUS_KEYS, *SUBJECT_KEYS)]
        if len(likely) != 1:
            raise IsomorphError(
                f"{file}: holds {len(known)} arrays ({_some(known)}); say which with `variable`"
            )
        return likely
    asked = path.strip("/")
    depth = asked.count("/")
    found = [one for one in known if one == asked or (
        "*" in asked and one.count("/") == depth and fnmatch.fnmatchcase(one, asked))]  # fmt: skip
    if found:
        return sorted(found, key=by_number)
    inside = [one for one in known if one.startswith(f"{asked}/")]
    if inside:
        raise IsomorphError(
            f'{file}: "{path}" is a group of {len(inside)} arrays ({_some(inside)}); name one, or '
            f'all of them with "{asked}/*"'
        )
    near = did_you_mean(asked, known)
    if not near.startswith("did"):
        near = f"known: {_some(known)}" if known else "it holds none"
    raise IsomorphError(f'{file}: holds no array "{path}", {near}')


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more
