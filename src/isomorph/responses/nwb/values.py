"""Values recordings name stimuli by: compared as they are meant, and turned into names."""

from __future__ import annotations

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb, NwbContainer, images_in_order, text, values_of
from isomorph.stimuli.naming import named
from isomorph.study.responses import Presentations

Array = npt.NDArray

PLAIN = "{}"
"""The template that makes a value a name as it stands."""


def as_written(wanted: tuple[str, ...], values: Array) -> list[str]:
    """Return values asked for as `text` writes those of a column.

    Parameters
    ----------
    wanted : tuple of str
        Values as a settings file says them.
    values : array of shape (row,)
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
    nwb: Nwb,
    label: Array,
    values: Array,
    spec: Presentations,
    place: str,
    series: NwbContainer = None,
) -> Array:
    """Return the name each value stands for.

    Parameters
    ----------
    nwb : Nwb
        The recording, for a list of names in it.
    label : array of str of shape (presentation,)
        The values as text, '' for none.
    values : array of shape (presentation,)
        The values themselves.
    spec : Presentations
        List of names, offset and template.
    place : str
        Where in the recording the values stand, for messages.
    series : IndexSeries, optional
        What the values are the data of. Where it indexes images of a stated order, they are places
        in it.

    Returns
    -------
    array of str of shape (presentation,)
        '' for none.

    Raises
    ------
    IsomorphError
        When a value is not a place in a list, a number so large that a float rounded it, or made a
        name that the file's own order gives to another value.
    """
    if isinstance(spec.stimulus, tuple):
        return label  # several columns made the name, see `isomorph.stimuli.crossed`
    _refuse_rounded(values, place)
    if spec.names is not None:
        return named(_looked_up(label, *_listed(nwb, spec.names), place), spec.name)
    stated = None if spec.ignore_order else _indexed(series, place)
    if stated is not None and spec.name == PLAIN and not spec.offset:
        return _looked_up(label, stated, "order_of_images", place)
    if spec.offset and values.dtype.kind in "iuf":
        counted = [str(int(one) + spec.offset) if _whole(one) else one for one in label]
        found = named(np.array(counted, dtype=np.str_), spec.name)
    else:
        found = named(label, spec.name)
    if stated is not None:
        _refuse_against(stated, label, found, place)
    return found


def _indexed(series: NwbContainer, place: str) -> list[str] | None:
    """Return the images a series indexes in their stated order, None where there is none."""
    images = getattr(series, "indexed_images", None)
    return None if images is None else images_in_order(images, place)


def _refuse_against(stated: list[str], label: Array, named: Array, place: str) -> None:
    """Refuse names made of numbers that the file gives to other numbers."""
    for value, name in dict(zip(label.tolist(), named.tolist(), strict=True)).items():
        own = stated[int(value)] if value.isdecimal() and int(value) < len(stated) else None
        if name in stated and name != own:
            raise IsomorphError(
                f'{place}: presentations.name makes "{name}" of {value}, and in order_of_images, '
                f"which says what a place means, {value} is "
                + (f'"{own}"' if own is not None else f"none of {len(stated)} images")
                + "; leave out name and offset to go by the order, or set ignore_order where the "
                "numbers are known to be those in the names"
            )


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


def _listed(nwb: Nwb, path: str) -> tuple[list[str], str]:
    """Return a list of names, and what to call it: a dataset, or images in their stated order."""
    found = nwb.at(path)
    where = f"{nwb.path}: {path}"
    if isinstance(found, h5py.Dataset):
        return text(np.ravel(values_of(found, where))).tolist(), path
    names = images_in_order(nwb.read(found), where)
    if names is None:
        raise IsomorphError(
            f"{where}: states no order_of_images, so that a place in it means nothing; say by "
            "presentations.name how a value becomes a name"
        )
    return names, path


def _looked_up(label: Array, known: list[str], path: str, place: str) -> Array:
    """Return the entries of a list of names at the places that labels say."""
    wrong = [
        one for one in np.unique(label) if one and not (one.isdecimal() and int(one) < len(known))
    ]
    if wrong:
        raise IsomorphError(
            f"{place}: {wrong[0]} is not a place in {path}, which lists {len(known)} names; "
            f"expected 0 to {len(known) - 1}"
        )
    return np.array(["" if one == "" else known[int(one)] for one in label], dtype=np.str_)
