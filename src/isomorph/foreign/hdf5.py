"""HDF5 files that others wrote: opened only where they lead to no file outside their own folder.

A link, a virtual dataset and a dataset with external storage each name another file, and HDF5 reads
whatever stands there: in a recording from an archive that may be any file of the user's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from glob import escape, glob
from itertools import islice
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from isomorph.errors import IsomorphError
from isomorph.foreign.budget import afford, budget
from isomorph.foreign.guard import reading
from isomorph.foreign.outside import is_inside
from isomorph.foreign.trial import try_first

PREFIXES = {"link": "HDF5_EXT_PREFIX", "virtual": "HDF5_VDS_PREFIX", "raw": "HDF5_EXTFILE_PREFIX"}
"""Environment variables with folders in which HDF5 looks first, by how a file is named."""

ROWS, MOST = 1_000_000, 100_000
"""Rows of references read at once, and how many are followed where each has to be asked."""

HOLLOW = 1000
"""How many times larger than it is stored a dataset is that holds next to nothing: with deflate
zeros alone reach 1029, a spike in a thousand samples 700."""

TOGETHER = 50
"""Files of one trial, which all together may take as long as the largest of them alone."""

WHAT = "an HDF5 file"

State = tuple[Path, Path | None, int, int, int]
_tried: set[State] = set()
"""Files that came through a trial in this process, as they were: a trial takes some twenty
milliseconds, and one that has not changed since is not tried again."""


@contextmanager
def open_hdf5(path: Path, within: Path | None = None) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading, unless anything in it leads to a file outside its folder.

    Every object is looked at, none of its values is read but references. Files inside the folder
    that it leads to are looked at in the same way.

    Parameters
    ----------
    path : Path
        The file.
    within : Path, optional
        The folder that the file and all it leads to belong to; unless given, the file's own.

    Yields
    ------
    h5py.File

    Raises
    ------
    IsomorphError
        When there is no such file, it is not whole or not HDF5, or leads to a file outside.

    Examples
    --------
    >>> with open_hdf5(Path("no.h5")):
    ...     pass
    Traceback (most recent call last):
    isomorph.errors.IsomorphError: no.h5: no such file
    """

    def look() -> None:
        _look_through(path, within or path.parent)

    with reading(path, WHAT):
        state = _state(path, within)
    if state not in _tried:
        if not try_first(look, path, WHAT):  # HDF5 goes round in circles in some damaged headers
            look()
        _tried.add(state)
    with reading(path, WHAT):
        file = h5py.File(path, "r")
    with file:
        yield file


def try_together(paths: Iterable[Path]) -> None:
    """Try HDF5 files many at a time, which takes as long as one, so that none is tried alone.

    Where one of them is refused nothing is said: each is tried by itself when it is opened.

    Parameters
    ----------
    paths : iterable of Path
        Those that are not there are left alone.
    """
    states = {path: _state(path, None) for path in paths if path.is_file()}
    pending = iter([path for path in states if states[path] not in _tried])
    while chosen := list(islice(pending, TOGETHER)):

        def look(chosen: list[Path] = chosen) -> None:
            for path in chosen:
                _look_through(path, path.parent)

        largest = max(chosen, key=lambda path: path.stat().st_size)
        with suppress(IsomorphError):
            if try_first(look, largest, WHAT):
                _tried.update(states[path] for path in chosen)


def _look_through(path: Path, folder: Path) -> None:
    with reading(path, WHAT):
        file = h5py.File(path, "r")
    with file:
        refuse_outside(file, path, folder)


def _state(path: Path, within: Path | None) -> State:
    found = path.stat()
    return path, within, found.st_mtime_ns, found.st_size, found.st_ino


def refuse_outside(file: h5py.File, where: Path | str, within: Path | None = None) -> None:
    """Refuse an open HDF5 file that leads to files outside a folder.

    Parameters
    ----------
    file : h5py.File
        Open for reading, on the disk or from a file-like object.
    where : Path or str
        The file, for messages; a `Path` is also where HDF5 looks for what the file names.
    within : Path, optional
        The folder inside of which it may lead to other files. A file that stands in no folder has
        none, and may lead to no other file.

    Raises
    ------
    IsomorphError
        When a link, a virtual dataset or external storage leads outside, or the file is damaged.
    """
    root = None if within is None else within.resolve()
    beside = _Beside(where if isinstance(where, Path) else None, root)
    seen: set[Path] = {where.resolve()} if isinstance(where, Path) else set()
    pending = _look(file, where, beside)
    while pending:
        other = pending.pop()
        if other.resolve() in seen:
            continue
        seen.add(other.resolve())
        with suppress(OSError), h5py.File(other, "r") as opened:  # else HDF5 cannot follow either
            pending += _look(opened, other, _Beside(other, root))


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


def afford_dataset(dataset: h5py.Dataset, where: str, rows: Any = ()) -> None:
    """Refuse what would take more memory than one file may, before it is read.

    Parameters
    ----------
    dataset : h5py.Dataset
    where : str
        File and dataset, for messages.
    rows : slice, int or tuple, optional
        Which of its values are read at once; all unless given.

    Raises
    ------
    IsomorphError
        A small file can announce any shape, and hold nothing or compressed zeros for it.
    """
    if not dataset.shape:
        return
    kept = np.broadcast_to(np.empty((), np.bool_), dataset.shape)[rows]  # takes no memory
    what = f"an array of shape {kept.shape} and type {dataset.dtype}"
    afford(where, what, kept.size * max(dataset.dtype.itemsize, 1))


class _Beside:
    """Where HDF5 looks for the files that one file names."""

    def __init__(self, path: Path | None, root: Path | None) -> None:
        self.path, self.root = path, root

    def inside(self, kind: str, name: str) -> list[Path] | None:
        """Return the files that HDF5 would open under a name, None where one stands outside.

        Only of the first place in which a file of the name stands; nothing where there is none.
        """
        if self.path is None or self.root is None:
            return None
        folders = [Path(one) for one in os.environ.get(PREFIXES[kind], "").split(os.pathsep) if one]
        folders += [self.path.parent] if kind != "raw" else []
        folders += [Path.cwd(), self.path.resolve().parent]
        places = [folder / name for folder in folders]  # an absolute name stays what it is
        if Path(name).is_absolute() and kind != "raw":
            places += [folder / Path(name).name for folder in folders]
        for place in places:
            found = _standing(place, pattern=kind == "virtual")
            if any(not is_inside(one.resolve(), self.root) for one in found):
                return None
            if found:
                return found
        last = Path(os.path.normpath(self.path.resolve().parent / name))
        return [] if last.is_relative_to(self.root) else None


def _standing(place: Path, pattern: bool) -> list[Path]:
    """Return a file if there is one; in a virtual dataset's, ``%b`` stands for any number."""
    if not pattern or "%b" not in str(place):
        return [place] if os.path.lexists(place) else []
    whole = escape(str(place)).replace("%b", "*")
    return [Path(one) for one in glob(whole)]  # noqa: PTH207  (an absolute pattern)


def _look(file: h5py.File, where: Path | str, beside: _Beside) -> list[Path]:
    """Look at every object of a file, return the files it leads to, refuse those outside."""
    found: list[Path] = []
    with reading(where, WHAT):
        pending = [h5py.h5o.open(file.id, b"/")]
        seen = {h5py.h5o.get_info(file.id).addr}
    while pending:
        one = pending.pop()
        with reading(where, WHAT):
            named, inner = _leads(one, seen)
            inner += _referred(one, file.id, str(where), seen)
            if isinstance(one, h5py.h5d.DatasetID) and not named:
                _refuse_hollow(one, where)
        for kind, name, link in named:
            with reading(where, WHAT):  # a name may be one that no system can look up
                files = beside.inside(kind, name)
            if files is None:
                holder = os.fsdecode(h5py.h5i.get_name(one) or b"an object without a name")
                at = f"{holder.rstrip('/')}/{os.fsdecode(link)}" if link else holder
                raise IsomorphError(
                    f'{where}: {at} leads to another file, "{name}", outside the folder that the '
                    "file belongs to, and is not followed; write its values into the file itself"
                )
            if kind != "raw":
                found += files
        pending += inner
    return found


def _refuse_hollow(dataset: h5py.h5d.DatasetID, where: Path | str) -> None:
    """Refuse a dataset that announces more than one file may take, and holds next to nothing.

    Large data are read in parts, and that is for their reader to see to; nobody reads in parts what
    is compressed zeros or was never written.
    """
    size = dataset.get_space().get_simple_extent_npoints() * dataset.get_type().get_size()
    if (
        size > budget()
        and dataset.get_create_plist().get_layout() != h5py.h5d.VIRTUAL
        and dataset.get_storage_size() * HOLLOW < size
    ):
        name = os.fsdecode(h5py.h5i.get_name(dataset) or b"an object without a name")
        afford(f"{where}: {name}", f"{dataset.get_storage_size():,} bytes, unpacked,", size)


def _leads(one: Any, seen: set[int]) -> tuple[list[tuple[str, str, bytes]], list[Any]]:
    """Return the files an object leads to (kind, name, link), and its members not yet seen."""
    named, inner = [], []
    if isinstance(one, h5py.h5d.DatasetID):
        named = [(kind, name, b"") for kind, name in elsewhere(one)]
    elif isinstance(one, h5py.h5g.GroupID):
        links: list[tuple[bytes, int, int]] = []
        one.links.iterate(lambda name, info: links.append((name, info.type, info.u)), info=True)
        for name, kind, address in links:
            if kind == h5py.h5l.TYPE_EXTERNAL:
                named.append(("link", os.fsdecode(one.links.get_val(name)[0]), name))
            elif kind == h5py.h5l.TYPE_HARD and address not in seen:
                seen.add(address)
                inner.append(h5py.h5o.open(one, name))
    return named, inner


def _referred(one: Any, file: h5py.h5f.FileID, where: str, seen: set[int]) -> list[Any]:
    """Return what an object refers to that was not yet seen: it may stand under no name at all."""
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
