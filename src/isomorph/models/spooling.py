"""Spooling: the folder of a spool, its room on the disk, and what interrupted runs left."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.models.packing import Packing
from isomorph.models.room import REMEDY, no_room
from isomorph.models.spool import LOCK, OUTPUT, Spool
from isomorph.saying import say


@contextmanager
def spooling(
    scratch: Path,
    packings: Mapping[str, Packing],
    n_stimuli: int,
    where: str,
    *,
    key: str,
    needed: int,
    names: Sequence[str] | None = None,
) -> Iterator[Spool]:
    """Open the spool of a model, in a folder that an interrupted run may have left.

    The folder is removed when anything goes wrong, and is kept when the run is interrupted or
    killed; whoever uses it removes it at the end.

    Parameters
    ----------
    scratch : Path
        Folder in which the spool's is made.
    packings : mapping of str to Packing
        How each layer is kept.
    n_stimuli : int
    where : str
        The model, for messages and the folder's name.
    key : str
        Hexadecimal; what an earlier run must have in common for its features to be taken.
    needed : int
        Room on the disk, bytes.
    names : sequence of str, optional
        Stimuli.

    Raises
    ------
    IsomorphError
        When the disk has no room, known beforehand or found out while writing, or when another
        process fills the same spool.
    """
    folder = scratch / f".spool-{where}-{key[:16]}"
    n_layers = sum(layer != OUTPUT for layer in packings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = sum(file.stat().st_size for file in folder.iterdir())
        free = shutil.disk_usage(scratch).free
        if needed - held > free:
            shutil.rmtree(folder)
            raise IsomorphError(no_room(where, n_layers, n_stimuli, needed, scratch, free + held))
        say(
            f"{where}: {n_stimuli} images do not fit one batch, {in_words(needed)} of features "
            f"pass through {scratch}"
        )
        with _locked(folder, where):
            try:
                yield Spool(folder, packings, n_stimuli, names)
            except Exception:
                shutil.rmtree(folder, ignore_errors=True)
                raise
    except OSError as error:
        raise IsomorphError(
            f"{where}: features cannot be kept in {scratch} ({error.strerror}); {REMEDY}"
        ) from error


@contextmanager
def _locked(folder: Path, where: str) -> Iterator[None]:
    """Hold a spool's folder against other processes."""
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise IsomorphError(
            f"{where}: another process is extracting it into {folder}; wait for it, or end it"
        ) from None
    try:
        yield
    finally:
        lock.release()


def remove_stale(scratch: Path, where: str, keep: str = "") -> None:
    """Remove what interrupted runs of a model left that no run will take up.

    Parameters
    ----------
    scratch : Path
    where : str
        The model.
    keep : str
        Key of the spool that is about to be used.
    """
    named = re.compile(rf"\.spool-{re.escape(where)}-[0-9a-f]{{16}}")
    for folder in scratch.glob(".spool-*"):
        if not named.fullmatch(folder.name) or (keep and folder.name.endswith(keep[:16])):
            continue
        try:
            with FileLock(folder / LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        except Timeout:
            continue  # another process is at work in it
