"""MATLAB files, read in a process of its own: damaged ones crash the library that reads them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.budget import budget
from isomorph.foreign.child import in_child
from isomorph.foreign.guard import reading

SECONDS, BYTES_A_SECOND = 8, 5_000_000
"""Time a small file may take, and how fast a large one must be read."""


def read_mat(file: Path, variables: Collection[str] | None = None) -> dict[str, Any]:
    """Read variables of a MATLAB file as arrays.

    Parameters
    ----------
    file : Path
        A `.mat` file of version 7 or older.
    variables : collection of str, optional
        Those to read; all of them unless given.

    Returns
    -------
    dict of str to ndarray
        Structs as arrays with named fields, cells as arrays of objects, sparse matrices filled.

    Raises
    ------
    IsomorphError
        When the file is absent, damaged, of version 7.3 or takes too much time or memory, or has
        no such variable.
    """
    known, found = _load(file, variables)
    for name in variables or ():
        if name not in found:
            raise IsomorphError(f'{file}: no variable "{name}", {did_you_mean(name, known)}')
    return {name: value for name, value in found.items() if not name.startswith("__")}


def mat_names(file: Path) -> list[str]:
    """Return the names of the variables of a MATLAB file, see `read_mat`."""
    return _load(file, ())[0]


def _load(file: Path, variables: Collection[str] | None) -> tuple[list[str], dict[str, Any]]:
    from isomorph.foreign._loadmat import load

    what = "a MATLAB file"
    with reading(file, what):
        size = file.stat().st_size
    most = budget()
    known, found = in_child(
        load, str(file), None if variables is None else sorted(variables), most,
        where=str(file), what=what, seconds=SECONDS + size // BYTES_A_SECOND, size=most,
    )  # fmt: skip
    return known, found
