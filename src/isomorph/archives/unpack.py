"""Named members out of a source distribution; its code is never run, nothing else is unpacked."""

from __future__ import annotations

import json
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from isomorph.archives.patterns import nearest
from isomorph.archives.reserved import is_reserved
from isomorph.artefacts import replacing
from isomorph.errors import IsomorphError
from isomorph.foreign import reading

Opener = Callable[[], IO[bytes] | None]
"""Opens one member for reading; None when the member is not an ordinary file."""


def unpack(
    distribution: Path, members: Sequence[str], folder: Path, where: str = "members"
) -> None:
    """Unpack named members of a `.tar.*` or `.zip`, keeping their paths below its top folder.

    Parameters
    ----------
    distribution : Path
        The file.
    members : sequence of str
        Paths below the top folder.
    folder : Path
        Where they go. No path from inside the distribution is ever used to write.
    where : str, optional
        The setting that names the members, for messages.

    Raises
    ------
    IsomorphError
        When a member leads out of the folder, is absent, or is a link; when the distribution is
        damaged or the disk is full. Members written before stay whole.
    """
    for member in members:
        check_member(member, where)
    what = "a source distribution, a plain .tar.gz or .zip"
    with reading(distribution.name, what), _open(distribution) as openers:
        absent = [member for member in members if member not in openers]
        if absent:
            raise IsomorphError(
                f"{where}: {distribution.name} has no "
                + "; no ".join(f'"{one}", {nearest(one, openers)}' for one in absent)
            )
        for member in members:
            source = openers[member]()
            if source is None:
                raise IsomorphError(
                    f'{where}: "{member}" of {distribution.name} is a link or a folder, '
                    "not a file; name ordinary files"
                )
            with source, replacing(folder / member) as temporary, open(temporary, "wb") as sink:
                shutil.copyfileobj(source, sink)


def check_member(member: str, where: str) -> None:
    """Refuse a member's path that would lead out of the folder it is unpacked into.

    Raises
    ------
    IsomorphError
        For absolute paths, `..`, backslashes and drive letters, for no path at all, and for names
        isomorph writes there itself.
    """
    path = PurePosixPath(member)
    if is_reserved(str(path)):
        raise IsomorphError(
            f'{where}: member "{member}" has a name isomorph itself writes in the folder it is '
            "unpacked into; leave it out"
        )
    if not path.parts or not member.isprintable():
        raise IsomorphError(
            f"{where}: member {json.dumps(member)} is not the path of a file; give a path below "
            "the distribution's top folder"
        )
    if path.is_absolute() or ".." in path.parts or "\\" in member or ":" in path.parts[0]:
        raise IsomorphError(
            f'{where}: member "{member}" leads out of the folder it is unpacked into; give a path '
            "below the distribution's top folder"
        )


@contextmanager
def _open(distribution: Path) -> Iterator[dict[str, Opener]]:
    """Yield an opener for each member by its path below the top folder."""
    if zipfile.is_zipfile(distribution):
        with zipfile.ZipFile(distribution) as archive:
            yield {_below_top(i.filename): _zip_opener(archive, i) for i in archive.infolist()}
    else:
        with tarfile.open(distribution) as tar:
            yield {_below_top(i.name): _tar_opener(tar, i) for i in tar.getmembers()}


def _below_top(name: str) -> str:
    return name.removeprefix("./").partition("/")[2]


def _tar_opener(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Opener:
    # `extractfile` would follow a link to another member; only plain files are opened.
    return lambda: tar.extractfile(info) if info.isreg() else None


def _zip_opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Opener:
    kind = stat.S_IFMT(info.external_attr >> 16)
    plain = not info.is_dir() and kind in (0, stat.S_IFREG)
    return lambda: archive.open(info) if plain else None
