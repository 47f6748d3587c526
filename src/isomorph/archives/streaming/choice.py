"""Which objects of an NWB file make a smaller one that still is NWB."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import h5py
import numpy as np

from isomorph.archives.patterns import matches, nearest, reaches
from isomorph.archives.streaming.references import has_references, references
from isomorph.errors import IsomorphError
from isomorph.foreign.hdf5_references import elsewhere

ALWAYS = ("general", "specifications")
"""Groups that say what was recorded, and in which format: kept whole."""
PLACES = ("acquisition", "analysis", "processing", "stimulus")
"""Groups that must be there even when empty, with those directly below `stimulus`."""
REQUIRED = {"TimeIntervals": ("start_time", "stop_time")}
"""Columns without which a table of a type is none."""
ONE_OF = {"PlaneSegmentation": ("pixel_mask", "voxel_mask", "image_mask")}
"""Columns of which a table of a type needs one; of those there are, the smallest is kept."""


@dataclass
class Choice:
    """The objects to copy, by path without a leading slash; the root is ''.

    Attributes
    ----------
    groups, datasets : dict
        The open objects.
    links : dict of str to str
        Target of each soft link.
    columns : dict of str to list of str
        The columns that each table keeps, in its own order.
    paths : dict of int to str
        Path of each kept object by its address in the file, to translate references.
    left_out : list of str
        Columns and datasets whose references lead to what is not kept.
    """

    groups: dict[str, h5py.Group] = field(default_factory=dict)
    datasets: dict[str, h5py.Dataset] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def __contains__(self, path: str) -> bool:
        return path in self.groups or path in self.datasets or path in self.links

    def path_of(self, file: h5py.File, reference: Any) -> str | None:
        """Return the path of what a reference leads to, None where that is not kept."""
        # By address: to find a name, HDF5 would walk the whole file.
        target = h5py.h5r.dereference(reference, file.id)
        return None if target is None else self.paths.get(h5py.h5o.get_info(target).addr)


def choose(file: h5py.File, keep: Sequence[str], where: str) -> Choice:
    """Choose what to keep of an NWB file.

    Beside what the patterns match, with all that is below it, the choice holds what a file must
    have (identifier, times, `general`, `specifications`), the ids, required columns and indices
    of every table of which a column is kept, and what kept objects point at by a link or as the
    rows of a table. Columns whose references lead elsewhere, such as `timeseries` of an
    intervals table, are left out.

    Parameters
    ----------
    file : h5py.File
        The open file; only what the patterns can lead to is looked at.
    keep : sequence of str
        Glob patterns of paths without a leading slash; `*` and `?` stop at a slash.
    where : str
        The file, for messages.

    Raises
    ------
    IsomorphError
        When a pattern matches nothing, or an object leads to another file.
    """
    chooser = _Chooser(file, where)
    chooser.keep_what_must_be()
    seen: list[str] = []
    for pattern in keep:
        if not chooser.walk(file, "", pattern.strip("/"), seen):
            raise IsomorphError(
                f'{where}: archive.keep: "{pattern}" matches nothing in it, '
                f"{nearest(pattern.strip('/'), seen)}"
            )
    chooser.complete()
    chooser.follow()
    chooser.leave_out_dangling()
    return chooser.choice


class _Chooser:
    def __init__(self, file: h5py.File, where: str) -> None:
        self.file, self.where = file, where
        self.number = h5py.h5o.get_info(file.id).fileno
        self.choice = Choice()
        self.whole: set[str] = set()
        self.pending: deque[str] = deque()
        self._group("")

    # -------------------------------------------------------------- by pattern

    def keep_what_must_be(self) -> None:
        for name in self.file:
            if name in ALWAYS or self.file.get(name, getclass=True) is h5py.Dataset:
                self.keep(name)
            elif name in PLACES:
                self._group(name)
        for name in self.file.get("stimulus", ()):
            self._group(f"stimulus/{name}")

    def walk(self, group: h5py.Group, path: str, pattern: str, seen: list[str]) -> bool:
        """Keep what a pattern matches below a group and tell whether there was any."""
        matched = False
        for name in group:
            inner = f"{path}/{name}".lstrip("/")
            seen.append(inner)
            if matches(pattern, [inner]):
                self.keep(inner)
                matched = True
            elif reaches(pattern, inner) and isinstance(below := _hard(group, name), h5py.Group):
                matched |= self.walk(below, inner, pattern, seen)
        return matched

    def keep(self, path: str) -> None:
        """Keep an object and all below it."""
        parent, _, name = path.rpartition("/")
        self._group(parent)
        holder = self.choice.groups[parent]
        link = holder.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            self.choice.links.setdefault(path, _target(link.path, parent))
            return
        found = _hard(holder, name)
        if isinstance(found, h5py.Dataset):
            self._add(self.choice.datasets, path, found)
        elif isinstance(found, h5py.Group) and path not in self.whole:
            self.whole.add(path)
            self._group(path)
            for inner in found:
                self.keep(f"{path}/{inner}")

    def _group(self, path: str) -> None:
        """Keep a group and those above it, without what is below."""
        if path in self.choice.groups:
            return
        if path:
            self._group(path.rpartition("/")[0])
        self._add(self.choice.groups, path, self.file[path or "/"])

    def _add(self, kind: dict[str, Any], path: str, found: h5py.HLObject) -> None:
        if path not in kind:
            place = h5py.h5o.get_info(found.id)
            if place.fileno != self.number or _reads_elsewhere(found):
                # The name of the other file is the remote one's: it may be any file of the user's.
                raise IsomorphError(
                    f"{self.where}: {path} stands in another file, and only what a file holds "
                    "itself is read; leave it out of archive.keep"
                )
            kind[path] = found
            self.choice.paths.setdefault(place.addr, path)

    # -------------------------------------------------------------- what belongs to it

    def complete(self) -> None:
        """Add to groups kept in part what they cannot do without."""
        for path, group in list(self.choice.groups.items()):
            inside = path in self.whole or any(
                str(above) in self.whole for above in PurePosixPath(path).parents
            )
            if not inside and "neurodata_type" in group.attrs and path:
                self._complete(path, group)

    def _complete(self, path: str, group: h5py.Group) -> None:
        names = list(group)
        kept = {name for name in names if f"{path}/{name}" in self.choice}
        links = {n for n in names if isinstance(group.get(n, getlink=True), h5py.SoftLink)}
        if "colnames" in group.attrs:
            wanted = {_column(name) for name in kept}
            kind = _text(group.attrs["neurodata_type"])
            wanted |= {"id", *REQUIRED.get(kind, ())}
            if there := set(names).intersection(ONE_OF.get(kind, ())):
                wanted.add(min(there, key=lambda name: int(group[name].id.get_storage_size())))
            more = {name for name in names if _column(name) in wanted} | links
        elif any(f"{path}/{name}" in self.choice.datasets for name in kept):
            # A time series: its values may be large, all else of it is needed to read it.
            datasets = {n for n in names if group.get(n, getclass=True) is h5py.Dataset}
            more = (datasets - {"data"}) | links
        else:
            more = set()
        for name in more:
            self.keep(f"{path}/{name}")

    def follow(self) -> None:
        """Keep what kept objects point at, until nothing new is pointed at."""
        looked: set[str] = set()
        while True:
            new = [path for path in self._all() if path not in looked]
            if not new:
                return
            looked.update(new)
            for path in new:
                for target in self._pointed_at(path):
                    if target not in self.choice:
                        self._keep_target(target)

    def _all(self) -> Iterable[str]:
        return [*self.choice.groups, *self.choice.datasets, *self.choice.links]

    def _pointed_at(self, path: str) -> list[str]:
        if path in self.choice.links:
            target = self.choice.links[path]
            if self.file.get(target) is None:
                del self.choice.links[path]  # it leads nowhere in the whole file either
                return []
            return [target]
        found = self.choice.datasets.get(path)
        if found is None:
            return []
        names = [name for name in ("table", "target") if name in found.attrs]
        return [self._path_of(found.attrs[name]) for name in names]

    def _path_of(self, reference: Any) -> str:
        known = self.choice.path_of(self.file, reference)
        return known if known is not None else str(self.file[reference].name).lstrip("/")

    def _keep_target(self, path: str) -> None:
        """Keep what is pointed at: a table with its ids alone, anything else whole."""
        target = self.file[path]
        if isinstance(target, h5py.Group) and "colnames" in target.attrs:
            self._group(path)
            self._complete(path, target)
        else:
            self.keep(path)

    # -------------------------------------------------------------- what leads elsewhere

    def leave_out_dangling(self) -> None:
        """Leave out datasets that refer to what is not kept, then say which columns are left."""
        choice = self.choice
        for path, dataset in list(choice.datasets.items()):
            if path in choice.datasets and has_references(dataset.dtype) and self._dangles(dataset):
                parent, _, name = path.rpartition("/")
                choice.left_out.append(path)
                for other in list(choice.datasets):
                    inside, _, theirs = other.rpartition("/")
                    if inside == parent and _column(theirs) == _column(name):
                        del choice.datasets[other]
        for path, group in choice.groups.items():
            if "colnames" in group.attrs:
                columns = [_text(name) for name in np.atleast_1d(group.attrs["colnames"])]
                choice.columns[path] = [n for n in columns if f"{path}/{n}" in choice]

    def _dangles(self, dataset: h5py.Dataset) -> bool:
        return any(
            reference and self.choice.path_of(self.file, reference) is None
            for reference in references(dataset[()], dataset.dtype)
        )


def _reads_elsewhere(found: h5py.HLObject) -> bool:
    """Tell whether the values of a dataset are stored in another file."""
    return isinstance(found, h5py.Dataset) and any(True for _ in elsewhere(found.id))


def _hard(group: h5py.Group, name: str) -> Any:
    """Return a member of a group, None where it is a link to elsewhere."""
    link = group.get(name, getlink=True)
    return group[name] if isinstance(link, h5py.HardLink) else None


def _target(path: str, parent: str) -> str:
    """Return where a soft link leads to, counted from the root."""
    whole = path if path.startswith("/") else f"{parent}/{path}"
    return whole.strip("/")


def _column(name: str) -> str:
    """Return the column a dataset of a table belongs to: a ragged one has indices beside it."""
    while name.endswith("_index"):
        name = name.removesuffix("_index")
    return name


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
