"""Named arrays in `.mat`, `.npz` and `.npy` files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.arrays import read_npy, read_npz
from isomorph.foreign.matlab import read_mat
from isomorph.registry import Registry

Array = npt.NDArray

STIMULUS_KEYS = ("stimulus", "stimuli", "stimulus_id", "stimulus_ids", "stimulus_names")
"""Variables that name the stimuli of an RDM, in its order."""


def _read_npy(file: Path) -> dict[str, Array]:
    return {"array": read_npy(file)}


FORMATS: Registry[Callable[[Path], dict[str, Array]]] = Registry(
    "kind of array file", {".mat": read_mat, ".npz": read_npz, ".npy": _read_npy}
)


def read_variables(file: Path) -> dict[str, Array]:
    """Return every array of a file by name; an `.npy` file has one, called "array".

    Raises
    ------
    IsomorphError
        When the file is none of the known kinds, or is damaged.
    """
    suffix = file.suffix.lower()
    if suffix not in FORMATS:
        raise IsomorphError(
            f"{file}: holds no RDMs isomorph can read, {did_you_mean(suffix, FORMATS)}"
        )
    return FORMATS[suffix](file)


def variable_of(variables: Mapping[str, Array], name: str | None, where: str) -> tuple[str, Array]:
    """Return a variable by name, or the only one there is.

    Raises
    ------
    IsomorphError
        When there is no such variable, or several and none is named.
    """
    if name is None and len(variables) == 1:
        return next(iter(variables.items()))
    if name is None:
        raise IsomorphError(
            f"{where}: holds {len(variables)} variables ({', '.join(sorted(variables))}); "
            "say which with `variable`"
        )
    if name not in variables:
        raise IsomorphError(f'{where}: no variable "{name}", {did_you_mean(name, variables)}')
    return name, variables[name]


def fields_of(values: Array, field: str | None, where: str) -> Array:
    """Return one field of a struct array as one array, the struct's own axes first.

    Parameters
    ----------
    values : ndarray (...) with named fields
        A MATLAB struct array.
    field : str or None
        The field.
    where : str
        File and variable, for messages.

    Returns
    -------
    ndarray (..., *shape of the field), leading axes of length one of the field squeezed away

    Raises
    ------
    IsomorphError
        When there is no such field, or its shape differs between elements.
    """
    names = values.dtype.names or ()
    if field is None or field not in names:
        asked = f'no field "{field}"' if field else "is a struct, so it needs `field`"
        raise IsomorphError(f"{where}: {asked}, {did_you_mean(field or '', names)}")
    cells = [np.asarray(cell) for cell in np.atleast_1d(values[field]).ravel()]
    # Every MATLAB vector is a matrix of one row.
    cells = [cell[0] if cell.ndim == 2 and cell.shape[0] == 1 else cell for cell in cells]
    shapes = sorted({cell.shape for cell in cells})
    if len(shapes) > 1:
        raise IsomorphError(f'{where}: field "{field}" has shapes {shapes[0]} and {shapes[-1]}')
    return np.stack(cells).reshape(*values.shape, *shapes[0])


def stimulus_names(
    variables: Mapping[str, Array], n_stimuli: int
) -> Iterator[tuple[str, npt.NDArray[np.str_]]]:
    """Yield `(variable, names)` for each variable that names as many stimuli as there are."""
    for key in STIMULUS_KEYS:
        values = np.ravel(variables.get(key, np.zeros(0)))
        if values.dtype.kind == "O":  # a MATLAB cell array of text
            values = np.array([str(np.ravel(cell)[0]) if np.size(cell) else "" for cell in values])
        if values.dtype.kind in "US" and values.size == n_stimuli:
            names = values.astype(np.str_)
            yield key, np.char.strip(names)
