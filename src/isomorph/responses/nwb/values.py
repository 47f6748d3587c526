"""Values recordings name stimuli by: compared as they are meant, and turned into names."""

from __future__ import annotations

from pathlib import PurePosixPath

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.responses.nwb.columns import text
from isomorph.responses.nwb.recording import dataset_at, values_of
from isomorph.study.responses import Presentations

Array = npt.NDArray


def as_written(wanted: tuple[str, ...], values: Array) -> list[str]:
    """Return values asked for as `text` writes those of a column.

    Parameters
    ----------
    wanted : tuple of str
        Values as a settings file says them.
    values : ndarray (row,)
        The column: in one of numbers `-1.0` is `-1`, and `True` is 1; text stands as it is.

    Returns
    -------
    list of str
    """
    if values.dtype.kind not in "iuf":
        return list(wanted)
    truths = {"True": "1", "False": "0"}  # a truth value may be kept as a number
    written = [truths.get(value, value) for value in wanted]
    return [str(text([_number(value)])[0]) for value in written]


def _number(value: str) -> float | str:
    """Return a number, a whole one exactly, or what is none as it stands."""
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def called(
    file: h5py.File, where: str, label: Array, values: Array, spec: Presentations, place: str
) -> Array:
    """Return the name each value stands for.

    Parameters
    ----------
    file : h5py.File
        The recording, for a list of names in it.
    where, place : str
        The recording, and where in it the values stand, for messages.
    label : ndarray (presentation,) of str
        The values as text, '' for none.
    values : ndarray (presentation,)
        The values themselves.
    spec : Presentations
        List of names, offset and template.

    Returns
    -------
    ndarray (presentation,) of str
        '' for none.

    Raises
    ------
    IsomorphError
        When a value is no place in the list, or a number so large that a float rounded it.
    """
    _refuse_rounded(values, place)
    if spec.names is not None:
        label = _looked_up(file, where, label, spec.names, place)
    elif spec.offset and values.dtype.kind in "iuf":
        label = np.array([str(int(one) + spec.offset) if _whole(one) else one for one in label])
    distinct, at = np.unique(label, return_inverse=True)
    named = [_filled(spec.name, str(value)) if value else "" for value in distinct]
    return np.array(named, dtype=np.str_)[at.reshape(-1)]


def _refuse_rounded(values: Array, where: str) -> None:
    """Refuse numbers a float cannot tell from their neighbours: they were ids once."""
    if values.dtype.kind != "f" or not values.size:
        return
    most = 2 ** (np.finfo(values.dtype).nmant + 1)
    if (far := np.abs(values[np.isfinite(values)]) > most).any():
        raise IsomorphError(
            f"{where}: holds {int(far.sum())} numbers above {most} as {values.dtype}, which "
            "rounds them; expected ids as whole numbers or text"
        )


def _whole(value: str) -> bool:
    return value.removeprefix("-").isdecimal()


def _looked_up(file: h5py.File, where: str, label: Array, path: str, place: str) -> Array:
    """Return the entries of a list of names at the places that labels say."""
    known = text(np.ravel(values_of(dataset_at(file, path, where))))
    wrong = [
        one for one in np.unique(label) if one and not (one.isdecimal() and int(one) < len(known))
    ]
    if wrong:
        raise IsomorphError(
            f"{place}: {wrong[0]} is no place in {path}, which lists {len(known)} names; expected "
            f"0 to {len(known) - 1}"
        )
    found = ["" if one == "" else known[int(one)] for one in label]
    return np.array(found, dtype=np.str_)


def _filled(template: str, value: str) -> str:
    if "{stem}" in template:
        return template.replace("{stem}", PurePosixPath(value.replace("\\", "/")).stem)
    return template.replace("{}", value)
