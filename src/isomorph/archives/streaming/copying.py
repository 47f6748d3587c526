"""Copying chosen objects of an NWB file into a new one."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from isomorph.archives.streaming.choice import Choice
from isomorph.archives.streaming.references import has_references


def copy_choice(source: h5py.File, choice: Choice, target: h5py.File) -> None:
    """Copy chosen objects into an empty file.

    Values are copied as they are stored, chunk by chunk, never unpacked; references lead to the
    copies of what they led to.

    Parameters
    ----------
    source : h5py.File
        The file they are from.
    choice : Choice
        See `isomorph.archives.streaming.choice.choose`.
    target : h5py.File
        Where they go.
    """
    for path in sorted(choice.groups):
        target.require_group(path or "/")
    referring = {p for p, one in choice.datasets.items() if has_references(one.dtype)}
    for path in sorted(choice.datasets.keys() - referring):
        parent, _, name = path.rpartition("/")
        # References in attributes come out empty and are set below, when all copies are there.
        source.copy(choice.datasets[path], target[parent or "/"], name=name)
    for path in sorted(referring):
        one = choice.datasets[path]
        target.create_dataset(path, shape=one.shape, dtype=one.dtype)
    for path in sorted(choice.links):
        target[path] = h5py.SoftLink(f"/{choice.links[path]}")
    for path in sorted(referring):
        _copy_references(source, choice, choice.datasets[path], target[path], target)
    for path, group in sorted(choice.groups.items()):
        _copy_attributes(source, choice, group, target[path or "/"], target, all_of_them=True)
        if path in choice.columns:
            columns = np.array(choice.columns[path], dtype=object)
            target[path].attrs.create("colnames", columns, dtype=h5py.string_dtype())
    for path, one in sorted(choice.datasets.items()):
        _copy_attributes(source, choice, one, target[path], target, all_of_them=path in referring)


def _copy_references(
    source: h5py.File, choice: Choice, one: h5py.Dataset, copy: h5py.Dataset, target: h5py.File
) -> None:
    values = one[()]
    if one.dtype.names is None:
        copy[()] = _translated(source, choice, values, target)
        return
    rows = np.array(values)
    for name in one.dtype.names:
        if h5py.check_ref_dtype(one.dtype[name]) is not None:
            rows[name] = _translated(source, choice, rows[name], target)
    copy[()] = rows


def _copy_attributes(
    source: h5py.File,
    choice: Choice,
    one: h5py.HLObject,
    copy: h5py.HLObject,
    target: h5py.File,
    all_of_them: bool,
) -> None:
    """Copy the attributes of an object, or only the references among them."""
    for name in one.attrs:
        described = one.attrs.get_id(name)
        if h5py.check_ref_dtype(described.dtype) is not None:
            values = _translated(source, choice, one.attrs[name], target)
            if name in copy.attrs:
                del copy.attrs[name]
            if all(bool(value) for value in np.ravel(np.asarray(values, dtype=object))):
                copy.attrs.create(name, values, dtype=h5py.ref_dtype)
        elif all_of_them:
            value = one.attrs[name]
            if isinstance(value, h5py.Empty):
                copy.attrs[name] = value
            else:
                copy.attrs.create(name, value, shape=described.shape, dtype=described.dtype)


def _translated(source: h5py.File, choice: Choice, values: Any, target: h5py.File) -> Any:
    """Return references into the new file for those into the old; empty where nothing is kept."""
    if isinstance(values, h5py.Reference):
        path = choice.path_of(source, values) if values else None
        return h5py.Reference() if path is None else target[path or "/"].ref
    translated = np.empty(values.shape, dtype=h5py.ref_dtype)
    for place, value in np.ndenumerate(values):
        translated[place] = _translated(source, choice, value, target)
    return translated
