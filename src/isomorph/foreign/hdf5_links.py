"""Where HDF5 files lead: to none outside their own folder.

A link, a virtual dataset and a dataset with external storage each name another file, and HDF5 reads
whatever stands there: in a recording from an archive that may be any file of the user's.
"""

from __future__ import annotations

import os
from contextlib import suppress
from glob import escape, glob
from pathlib import Path
from typing import Any

import h5py

from isomorph.errors import IsomorphError
from isomorph.foreign.budget import afford, budget
from isomorph.foreign.guard import reading
from isomorph.foreign.hdf5_references import elsewhere, referred
from isomorph.foreign.outside import is_inside

PREFIXES = {"link": "HDF5_EXT_PREFIX", "virtual": "HDF5_VDS_PREFIX", "raw": "HDF5_EXTFILE_PREFIX"}
"""Environment variables with folders in which HDF5 looks first, by how a file is named."""

HOLLOW = 1000
"""How many times larger than it is stored a dataset is that holds next to nothing: with deflate
zeros alone reach 1029, a spike in a thousand samples 700."""

WHAT = "an HDF5 file"


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
            inner += referred(one, file.id, str(where), seen)
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
