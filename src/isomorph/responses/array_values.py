"""What variables of array files hold: names, fields of structs, and which one is meant."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.nwb import as_text
from isomorph.foreign.stored_array import STIMULUS_KEYS, SUBJECT_KEYS

Array = npt.NDArray

DESCRIPTORS = ("pattern_descriptors/", "rdm_descriptors/")
"""Groups in which rsatoolbox keeps what describes its stimuli, and its RDMs."""

RSATOOLBOX = "dissimilarities"
"""What rsatoolbox calls the RDMs in its HDF5 files."""

EXACT = 2.0**53
"""Below it every whole number is a float of its own."""


def variable_of(variables: Mapping[str, Array], name: str | None, where: str) -> tuple[str, Array]:
    """Return a variable by name, or the only one there is that names or describes nothing.

    Raises
    ------
    IsomorphError
        When there is no such variable, or several and none is named.
    """
    if name is None:
        likely = [one for one in variables if not _describes(one)]
        if RSATOOLBOX in likely:
            likely = [RSATOOLBOX]
        if len(likely) != 1:
            raise IsomorphError(
                f"{where}: holds {len(variables)} variables ({', '.join(sorted(variables))}); "
                "say which with `variable`"
            )
        name = likely[0]
    if name not in variables:
        raise IsomorphError(f'{where}: no variable "{name}", {did_you_mean(name, variables)}')
    return name, variables[name]


def _describes(name: str) -> bool:
    return name in (*STIMULUS_KEYS, *SUBJECT_KEYS) or name.startswith((*DESCRIPTORS, "descriptors"))


def fields_of(values: Array, field: str | None, where: str) -> Array:
    """Return one field of a struct array as one array, the struct's own axes first.

    Parameters
    ----------
    values : structured array of any shape
        A MATLAB struct array.
    field : str or None
        The field.
    where : str
        File and variable, for messages.

    Returns
    -------
    array of shape (..., *shape of the field), leading axes of length one of the field squeezed away

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


def as_names(values: Array) -> npt.NDArray[np.str_] | None:
    """Return the names a variable holds `(name,)`, whole numbers as text; None if it holds none."""
    if np.squeeze(values).ndim > 1 or not values.size or values.dtype.names is not None:
        return None
    flat = np.ravel(values)
    if flat.dtype.kind == "f" and ((flat == np.rint(flat)) & (np.abs(flat) < EXACT)).all():
        flat = flat.astype(np.int64)
    if flat.dtype.kind not in "OSUiu":
        return None
    # Objects: a MATLAB cell array of text, or text of any length.
    return np.array([cell_text(cell) for cell in flat], dtype=np.str_)


def cell_text(cell: object) -> str:
    """Return the text in a cell, of an array of several the first."""
    first = np.ravel(np.asarray(cell))[0] if np.size(np.asarray(cell)) else ""
    return as_text(first)
