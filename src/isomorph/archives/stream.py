"""Only the wanted objects of remote NWB files, each as a smaller NWB file of its own."""

from __future__ import annotations

import atexit
import ctypes
import json
import re
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py

from isomorph.archives.dandi_asset import find_asset
from isomorph.archives.held import alone
from isomorph.archives.lock import LockedFile
from isomorph.archives.manifest import FileRecord, describe_files
from isomorph.archives.pace import session
from isomorph.archives.streaming import Remote, choose, copy_choice, open_remote
from isomorph.artefacts import disk_errors, replacing
from isomorph.errors import IsomorphError
from isomorph.foreign import first_line
from isomorph.making import reading_code
from isomorph.saying import say
from isomorph.study.pinned import DandiArchive

RECORD = ".streamed.json"
"""Stands beside the files and says which line of the lock, and what of it, each was read from."""


def bring(
    archive: DandiArchive,
    files: Sequence[LockedFile],
    folder: Path,
    relock: str,
    lacking: Callable[[], None] = lambda: None,
) -> list[FileRecord]:
    """Read the wanted objects of assets into smaller files at their paths.

    A file that was read from the same line of the lock with the same `archive.keep` by the same
    code and is still whole is not read again.

    Parameters
    ----------
    archive : DandiArchive
        With `access: stream`.
    files : sequence of LockedFile
        The assets; pinned by id, size and the hash the archive tells.
    folder : Path
        Where the smaller files come to stand, each at its asset's path.
    relock : str
        The command that writes the lock again, for messages.
    lacking : callable, optional
        Called before a file is read.

    Returns
    -------
    list of FileRecord
        Size and sha256 of every smaller file.

    Raises
    ------
    IsomorphError
        When an asset is not what was locked, cannot be read, or has not what `archive.keep`
        names; one sentence, and no file is left that is not whole.
    """
    with alone(folder / f"{RECORD}.lock"):  # a second process waits and finds the files
        known, code = _record(folder), reading_code(archive)
        for file in files:
            asked = {"lock": asdict(file), "keep": sorted(archive.keep), "code": code}
            if not _is_current(known.get(file.path), asked, folder):
                lacking()
                _stream(archive, file, folder / file.path, relock)
                (written,) = describe_files(folder, [file.path])
                known[file.path] = {**asked, "file": asdict(written)}
                with replacing(folder / RECORD) as temporary:
                    temporary.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        return [FileRecord(**known[file.path]["file"]) for file in files]


def _record(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}  # nothing was read, or nobody knows what: read it again
    return known if isinstance(known, dict) else {}


def _is_current(known: Any, asked: Mapping[str, Any], folder: Path) -> bool:
    """Tell whether a file stands that was read from what is asked for now."""
    try:
        same = {name: known[name] for name in asked} == asked
        return same and FileRecord(**known["file"]).is_intact(folder)
    except (KeyError, TypeError):
        return False


def _stream(archive: DandiArchive, file: LockedFile, target: Path, relock: str) -> None:
    """Read the wanted objects of one asset into a file."""
    began = time.monotonic()
    with session() as http:
        asset = find_asset(http, archive, file, relock)
    with open_remote(asset, file) as remote, replacing(target) as temporary:
        left_out = _copy(remote, archive.keep, file.path, temporary)
        _check_nwb(temporary, file.path)
        size = temporary.stat().st_size
    say(
        f"{file.path}: read {remote.read_bytes / 1e6:.1f} of {file.size / 1e6:.1f} MB in "
        f"{time.monotonic() - began:.1f} s, kept {size / 1e6:.1f} MB"
        + (f"; left out {', '.join(left_out)}, which refer to what is not kept" * bool(left_out))
    )


def _copy(remote: Remote, keep: Sequence[str], path: str, target: Path) -> list[str]:
    """Copy the wanted objects and return those left out because of their references."""
    try:
        with h5py.File(remote, "r") as source, h5py.File(target, "w") as slim:
            choice = choose(source, keep, path)
            copy_choice(source, choice, slim)
            return choice.left_out
    except IsomorphError:
        atexit.register(_end_hdf5)
        raise
    except Exception as error:
        atexit.register(_end_hdf5)
        # Whatever HDF5 makes of it, a read that failed is the cause.
        if remote.failure is not None:
            raise remote.failure from error
        if found := re.search(r"errno = (\d+)", str(error)):  # HDF5 tells the system's in words
            with suppress(OSError), disk_errors(Path(path)):
                raise OSError(int(found[1]), "HDF5 cannot write") from error
        raise IsomorphError(
            f"{path}: cannot be read as HDF5 ({first_line(error)}); use archive.access: download"
        ) from error


def _end_hdf5() -> None:
    """End HDF5 while Python is still there.

    After a copy that broke off, HDF5 holds the source open by no handle that could be closed, and
    reads it once more when the process ends, which without Python is a crash.
    """
    ctypes.CDLL(h5py.h5.__file__).H5close()


def _check_nwb(file: Path, path: str) -> None:
    """Refuse a file that lacks what NWB needs, before it stands under its name."""
    from pynwb import NWBHDF5IO

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the reader concern whoever reads it later
        try:
            with NWBHDF5IO(str(file), mode="r") as nwb:
                nwb.read()
        except Exception as error:
            raise IsomorphError(
                f"{path}: what archive.keep leaves of it cannot be read as NWB "
                f"({first_line(error)}); keep the whole group of what is named there"
            ) from error
