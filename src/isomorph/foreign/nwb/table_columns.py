"""Columns of NWB tables, read one by one so that a large table is never read whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.guard import reading
from isomorph.foreign.nwb.file import NwbContainer, as_text, part, stored

Array = npt.NDArray


def column_names(table: NwbContainer) -> list[str]:
    """Return the names of a table's columns."""
    return [str(name) for name in table.colnames]


def column(table: NwbContainer, name: str, where: str) -> Array:
    """Return one column of an NWB table that has one value per row.

    A column may refer to other objects of the file, or to rows of another table; behind a dot then
    stands what of them is meant: `electrode_group.location`.

    Parameters
    ----------
    table : DynamicTable
        The table.
    name : str
        The column.
    where : str
        File and table, for messages.

    Returns
    -------
    array of shape (row,)
        Text decoded, an enumeration as its labels.

    Raises
    ------
    IsomorphError
        When it is no table, there is no such column, it has several values per row, or it refers to
        something without saying to what of it.
    """
    if not hasattr(table, "colnames"):
        raise IsomorphError(f"{where}: is of type {table.neurodata_type}, expected a table")
    own, beyond = split(table, name)
    if own is None:
        raise IsomorphError(
            f'{where}: no column "{name}", {did_you_mean(name, list(paths(table, where)))}'
        )
    found = table[own]
    place = f'{where}: column "{own}"'
    data = stored(found.data)
    if _is_index(found) or getattr(data, "dtype", np.dtype("O")).names:
        raise IsomorphError(f"{place} has several values per row, expected one; choose another")
    if len(np.shape(data)) != 1:
        raise IsomorphError(f"{place} is of shape {np.shape(data)}, expected one value per row")
    target = _rows_of(found)
    if target is not None:
        if not beyond:
            raise _refers(place, own, "rows of another table", paths(target, where))
        return column(target, beyond, place)[rows_of(found, place)]
    if _refers_to_objects(data):
        return _followed(found, own, beyond, place)
    if beyond:
        raise IsomorphError(
            f'{place} holds values and refers to nothing, so that it has no "{beyond}"'
        )
    values = values_of(data, place)
    if hasattr(found, "elements"):  # an enumeration: numbers that stand for labels
        return values_of(stored(found.elements.data), place)[values.astype(np.int64)]
    return values


def split(table: NwbContainer, name: str) -> tuple[str | None, str]:
    """Return the column a name begins with, None for none, and what stands behind its dot."""
    own = column_names(table)
    if name in own:
        return name, ""
    first, _, beyond = name.partition(".")
    return (first, beyond) if beyond and first in own else (None, "")


def ragged(table: NwbContainer, name: str, where: str) -> tuple[Any, Array]:
    """Return a column of several values per row: where its values stand, and each row's end.

    Parameters
    ----------
    table : DynamicTable
        The table.
    name : str
        The column, such as `spike_times`.
    where : str
        File and table, for messages.

    Returns
    -------
    values : VectorData
        Of all rows one after another, left on disk; rows of another table have a `table`.
    ends : array of shape (row,)
        Where each row's values end.

    Raises
    ------
    IsomorphError
        When each row has a list of lists, or the ends do not ascend to the number of values.
    """
    found = table[name]
    if not _is_index(found):
        size, rows = len(stored(found.data)), len(stored(table.id.data))
        if size != rows:
            raise IsomorphError(
                f"{where}: {name} has {size} values and no index that says which of them belong "
                f"to which of the {rows} rows"
            )
        return found, np.arange(1, size + 1)
    values, place = found.target, f"{where}: {name}_index"
    if _is_index(values):
        raise IsomorphError(f"{where}: {name} has lists of lists in its rows, expected one list")
    ends = part(stored(found.data), (), place).astype(np.int64)
    size = len(stored(values.data))
    if (np.diff(ends, prepend=0) < 0).any() or (ends[-1] if len(ends) else 0) != size:
        raise IsomorphError(
            f"{place} ends at {ends[-1] if len(ends) else 0}, expected an ascending index that "
            f"ends at {size}, the number of {name}"
        )
    return values, ends


def rows_of(region: NwbContainer, where: str) -> Array:
    """Return the rows of another table that a column points at, counted from 0.

    Parameters
    ----------
    region : DynamicTableRegion
        The column.
    where : str
        File and column, for messages.

    Raises
    ------
    IsomorphError
        When that table has not so many rows.
    """
    rows = part(stored(region.data), (), where).astype(np.int64)
    size = len(stored(region.table.id.data))
    wrong = (rows < 0) | (rows >= size)
    if wrong.any():
        raise IsomorphError(
            f"{where} points at row {rows[wrong][0]} of {region.table.name}, which has {size}; "
            "expected rows counted from 0, and not the ids of its rows"
        )
    return rows


def row_ids(table: NwbContainer, where: str) -> Array:
    """Return the ids of a table's rows (row,) of str.

    Raises
    ------
    IsomorphError
        When two rows share one.
    """
    ids = text(part(stored(table.id.data), (), f"{where}: id"))
    if np.unique(ids).size != ids.size:
        raise IsomorphError(f"{where}: two rows share an id, expected each to have its own")
    return ids


def paths(table: NwbContainer, where: str) -> Iterator[str]:
    """Yield what `column` takes of a table: its columns, or what they refer to behind a dot."""
    for name in column_names(table):
        found = table[name]
        target = _rows_of(found)
        if target is not None:
            yield from (f"{name}.{inner}" for inner in column_names(target))
        elif not _is_index(found) and _refers_to_objects(stored(found.data)):
            yield from (f"{name}.{inner}" for inner in _said_by_first(found))
        else:
            yield name


def values_of(data: Any, where: str) -> Array:
    """Return all values of a dataset; text decoded, references as the names of what they refer to.

    Parameters
    ----------
    data : h5py.Dataset or array_like
        What holds them.
    where : str
        File and path, for messages.
    """
    if not isinstance(data, h5py.Dataset):
        return np.asarray(data)
    if h5py.check_string_dtype(data.dtype) is not None:
        return part(data.asstr(errors="replace"), (), where)
    values = part(data, (), where)
    if h5py.check_ref_dtype(data.dtype) is h5py.Reference:
        with reading(where, "references of an NWB file"):
            names = [
                str(data.file[one].name).rsplit("/", 1)[-1] if one else "" for one in values.ravel()
            ]
        return np.array(names, dtype=np.str_).reshape(values.shape)
    return values


def text(values: Iterable[Any]) -> Array:
    """Return values as text; missing ones as '' and whole numbers without a decimal point.

    Parameters
    ----------
    values : iterable
        Text, bytes, numbers, NaN or None.

    Returns
    -------
    ndarray of str
        One text per value, stripped.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf" and values.size:
        # Few different numbers are shown many times.
        distinct, place = np.unique(values, return_inverse=True)
        return np.array([_text(value) for value in distinct], dtype=np.str_)[place.reshape(-1)]
    return np.array([_text(value) for value in values], dtype=np.str_)


def _text(value: Any) -> str:
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return ""
        if float(value).is_integer():
            return str(int(value))
    return as_text(value)


def _is_index(found: NwbContainer) -> bool:
    return hasattr(found, "target")


def _rows_of(found: NwbContainer) -> NwbContainer:
    """Return the table whose rows a column, ragged or not, points at; None for any other column."""
    return getattr(found.target if _is_index(found) else found, "table", None)


def _refers_to_objects(data: Any) -> bool:
    return isinstance(data, h5py.Dataset) and h5py.check_ref_dtype(data.dtype) is not None


def _followed(found: NwbContainer, own: str, beyond: str, place: str) -> Array:
    """Return what the objects a column refers to say of themselves."""
    if not beyond:
        known = [f"{own}.{name}" for name in _said_by_first(found)]
        raise _refers(place, own, "other objects of the file", known)
    return np.array([_of_object(one, beyond, place) for one in _objects(found, place)])


def _objects(found: NwbContainer, place: str) -> list[NwbContainer]:
    with reading(place, "a column of references"):
        return [found.data[row] for row in range(len(found.data))]


def _of_object(one: NwbContainer, beyond: str, place: str) -> str:
    for name in beyond.split("."):
        known = said(one)
        inner = getattr(one, name, None) if name in {*known, *getattr(one, "fields", ())} else None
        if inner is None:
            raise IsomorphError(
                f'{place} refers to "{getattr(one, "name", one)}", which has no "{name}"; '
                f"{did_you_mean(name, known)}"
            )
        one = inner
    if hasattr(one, "fields"):
        inner = ", ".join(f"{beyond}.{name}" for name in said(one))
        raise IsomorphError(f'{place}: "{beyond}" is an object; say what of it: {inner}')
    return as_text(one)


def said(one: NwbContainer) -> list[str]:
    """Return what an object says of itself in a word or a number: `name`, `location`."""
    fields = getattr(one, "fields", {})
    plain = [
        name
        for name, value in fields.items()
        if isinstance(value, str | int | float | np.integer | np.floating)
    ]
    return [*plain, "name"]


def _said_by_first(found: NwbContainer) -> list[str]:
    if not len(found.data):
        return ["name"]
    return said(_objects(found, found.name)[0])


def _refers(place: str, name: str, to: str, known: Iterable[str]) -> IsomorphError:
    return IsomorphError(
        f"{place} refers to {to} and holds no values; say what of them: {', '.join(known)}"
    )
