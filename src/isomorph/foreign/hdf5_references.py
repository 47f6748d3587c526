"""References in an HDF5 file: an object that they lead to may stand under no name at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from isomorph.errors import IsomorphError
from isomorph.foreign.budget import afford

ROWS, MOST = 1_000_000, 100_000
"""Rows of references read at once, and how many are followed where each has to be asked."""


def elsewhere(dataset: h5py.h5d.DatasetID) -> Iterator[tuple[str, str]]:
    """Yield each other file that values of a dataset stand in, once.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID

    Yields
    ------
    kind : str
        ``"raw"`` for external storage, ``"virtual"`` for the source of a virtual dataset.
    name : str
        The file as HDF5 has it.
    """
    plan = dataset.get_create_plist()
    for name in dict.fromkeys(plan.get_external(i)[0] for i in range(plan.get_external_count())):
        yield "raw", os.fsdecode(name)
    if plan.get_layout() == h5py.h5d.VIRTUAL:
        names = (plan.get_virtual_filename(i) for i in range(plan.get_virtual_count()))
        for name in dict.fromkeys(names):
            if name != ".":
                yield "virtual", name


def referred(one: Any, file: h5py.h5f.FileID, where: str, seen: set[int]) -> list[Any]:
    """Return what an object refers to that was not yet seen.

    Parameters
    ----------
    one : h5py.h5d.DatasetID, h5py.h5g.GroupID or h5py.h5t.TypeID
        Its values and its attributes may be references.
    file : h5py.h5f.FileID
    where : str
        For messages.
    seen : set of int
        Addresses of the objects seen so far; those that are returned come to it.

    Raises
    ------
    IsomorphError
        When it holds more references of a kind that must be asked for singly than are followed.
    """
    holders = [one] if isinstance(one, h5py.h5d.DatasetID) else []
    holders += [h5py.h5a.open(one, index=i) for i in range(h5py.h5a.get_num_attrs(one))]
    found = []
    for holder in holders:
        if holder.shape is None or not holder.get_type().detect_class(h5py.h5t.REFERENCE):
            continue
        for reference in _references(holder, where, seen):
            try:
                target = h5py.h5r.dereference(reference, file)
            except (ValueError, RuntimeError, OSError):
                continue  # it leads nowhere
            if target is not None and (place := h5py.h5o.get_info(target).addr) not in seen:
                seen.add(place)
                found.append(target)
    return found


def _references(holder: Any, where: str, seen: set[int]) -> Iterator[Any]:
    """Yield the references in a dataset or an attribute, of most of those to known objects none."""
    afford(where, "a list of references", holder.get_space().get_simple_extent_npoints() * 8)
    if isinstance(holder, h5py.h5a.AttrID):
        values = np.empty(holder.shape, holder.dtype)
        holder.read(values)
        yield from _flat(values)
        return
    dataset = h5py.Dataset(holder)
    if dataset.size == 0 or any(True for _ in elsewhere(holder)):
        return  # what stands in another file is looked at by itself
    if holder.get_storage_size() == 0:  # never written: all are as the first
        yield from _flat(np.asarray(dataset[(0,) * dataset.ndim]))
        return
    kinds = _address_types(holder.get_type()) if dataset.ndim == 1 else None
    if kinds is None:
        if dataset.size > MOST:
            raise IsomorphError(
                f"{where}: holds {dataset.size:,} references of a kind of which at most "
                f"{MOST:,} are followed"
            )
        yield from _flat(np.asarray(dataset[()]))
        return
    for start in range(0, len(dataset), ROWS):
        n = min(ROWS, len(dataset) - start)
        space, memory = holder.get_space(), h5py.h5s.create_simple((n,))
        space.select_hyperslab((start,), (n,))
        for kind in kinds:
            places = np.zeros(n, np.uint64)
            holder.read(memory, space, places, mtype=kind)
            new, rows = np.unique(places, return_index=True)
            for place, row in zip(new.tolist(), rows.tolist(), strict=True):
                if place and place not in seen:
                    yield from _flat(np.asarray(dataset[start + row]))


def _address_types(kind: Any) -> list[Any] | None:
    """Return types as which references can be read as addresses: one for each field that has some.

    None where they stand deeper, or are of the other kind.
    """
    if kind.equal(h5py.h5t.STD_REF_OBJ):
        return [kind]
    if kind.get_class() != h5py.h5t.COMPOUND:
        return None
    found = []
    for place in range(kind.get_nmembers()):
        member = kind.get_member_type(place)
        if member.equal(h5py.h5t.STD_REF_OBJ):
            alone = h5py.h5t.create(h5py.h5t.COMPOUND, 8)
            alone.insert(kind.get_member_name(place), 0, h5py.h5t.STD_REF_OBJ)
            found.append(alone)
        elif member.detect_class(h5py.h5t.REFERENCE):
            return None
    return found


def _flat(values: Any) -> Iterator[Any]:
    """Yield the references among values of any kind: one, an array, fields, or arrays in arrays."""
    if isinstance(values, h5py.Reference | h5py.RegionReference):
        if values:
            yield values
    elif isinstance(values, np.ndarray) and values.dtype.names:
        for name in values.dtype.names:
            yield from _flat(values[name])
    elif isinstance(values, np.ndarray) and values.dtype.kind == "O":
        for value in values.ravel():
            yield from _flat(value)
    elif isinstance(values, np.void) and values.dtype.names:
        for name in values.dtype.names:
            yield from _flat(values[name])
