"""The DANDI archive: pinned assets by its own client, verified by the hash of the lock."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from uuid import uuid4

import requests
from filelock import FileLock, Timeout

from isomorph.archives.dandi_asset import Asset, api_key, find_asset
from isomorph.archives.dandi_client import ChecksumError, Client, StoppedError, quiet_client
from isomorph.archives.held import NO_LOCKS
from isomorph.archives.lock import LockedFile, lock_file
from isomorph.archives.mirrors import mirrored
from isomorph.archives.pace import session
from isomorph.archives.partial_files import DIGITS, PARTIAL
from isomorph.archives.patience import without_secrets
from isomorph.artefacts import disk_errors, replace_synced, sha256
from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.layout import Layout
from isomorph.study.archive import DandiArchive

AT_ONCE = 4
"""Files downloaded side by side."""


def bring(layout: Layout, dataset: str, files: Sequence[LockedFile], folder: Path) -> None:
    """Bring assets of a dandiset to their places, or leave nothing there.

    The bytes gather in a folder of their own, which a broken run leaves behind for the next one
    to resume, and move to their place only when their sha256 is right. With `access: stream`
    only the wanted objects are read, see `isomorph.archives.stream`.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    files : sequence of LockedFile
        What to bring; the address of each holds the id of its asset.
    folder : Path
        Where they come to stand, each at its path.

    Raises
    ------
    IsomorphError
        When an asset is gone, is not what was locked, needs a key, or the archive or the disk
        fails; one sentence. Files that were brought before stay.
    """
    archive = layout.study.dataset(dataset).archive
    if not isinstance(archive, DandiArchive):
        raise IsomorphError(f"{dataset}: archive.kind is {archive.kind}, not dandi")
    relock = f"`isomorph lock --study {layout.study.path} --dataset {dataset}` locks it anew"
    for file in files:
        if file.algorithm != "sha256":
            raise IsomorphError(
                f"{lock_file(layout.study, dataset)}: {file.path}: algorithm is "
                f"{file.algorithm}, expected sha256, the hash the DANDI archive keeps; {relock}"
            )
    if archive.access == "stream":
        from isomorph.archives import stream

        stream.bring(archive, files, folder, relock)
        return
    lacking = [file for file in files if not _stands(file, folder)]
    if not lacking:
        return
    with session() as http, quiet_client() as client:
        fetch = partial(_fetch, http, client, archive, folder, relock)
        _side_by_side(fetch, lacking, client.stop)
    with suppress(OSError):  # not empty: another process is bringing other files
        (folder / PARTIAL).rmdir()


def _stands(file: LockedFile, folder: Path) -> bool:
    place = folder / file.path
    return place.is_file() and place.stat().st_size == file.size and sha256(place) == file.hash


def _fetch(
    http: requests.Session,
    client: Client,
    archive: DandiArchive,
    folder: Path,
    relock: str,
    file: LockedFile,
) -> None:
    """Bring one file, unless another process has brought it in the meantime."""
    asset = find_asset(http, archive, file, relock)
    # Named by content, so that what an earlier run left is only ever resumed with its own rest;
    # and by path, as two paths may share their bytes.
    partial_folder = folder / PARTIAL / f"{asset.id}-{file.hash[:DIGITS]}"
    with _alone(file, folder, partial_folder) as mine:
        if not _stands(file, folder):
            _download(client, archive, asset, file, folder / file.path, mine)


@contextmanager
def _alone(file: LockedFile, folder: Path, partial_folder: Path) -> Iterator[Path]:
    """Wait until no other process downloads a file, or the file stands; yield where to gather it.

    On a disk without locks that is a folder nobody else can find, and it is not kept.
    """
    lock = FileLock(f"{partial_folder}.lock")
    said = False
    while True:
        with disk_errors(partial_folder):
            partial_folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            if not said:
                print(f"{file.path}: another process is downloading it, waiting", file=sys.stderr)
            said = True
        except FileNotFoundError:
            pass  # the other process was done and cleared its folder away
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            Path(lock.lock_file).unlink(missing_ok=True)
            own = partial_folder.with_name(f"{partial_folder.name}.{uuid4().hex[:8]}")
            try:
                yield own
            finally:
                shutil.rmtree(own, ignore_errors=True)
                with suppress(OSError):  # not empty: what a disk with locks left
                    partial_folder.rmdir()
            return
    try:
        yield partial_folder
        if _stands(file, folder):
            shutil.rmtree(partial_folder, ignore_errors=True)
            Path(lock.lock_file).unlink(missing_ok=True)
    finally:
        lock.release()


def _download(
    client: Client,
    archive: DandiArchive,
    asset: Asset,
    file: LockedFile,
    target: Path,
    folder: Path,
) -> None:
    """Download an asset, verify it, and move it to its place."""
    address = mirrored(f"{archive.instance.rstrip('/')}/assets/{asset.id}/")
    key = api_key(archive) if asset.needs_key else None
    came = folder / asset.name
    for last in (False, True):
        try:
            with disk_errors(target):
                client.download(address, folder, file.path, key)
        except ChecksumError as error:
            shutil.rmtree(folder)  # it would be taken for whole, or resumed
            if last:
                raise IsomorphError(
                    f"{file.path}: was corrupted on the way, twice ({error}); nothing was kept, "
                    "run again later"
                ) from error
            print(f"{file.path}: was corrupted on the way, once more", file=sys.stderr)
            continue
        except IsomorphError as error:
            if isinstance(error.__cause__, OSError):  # a full disk shall have room again
                shutil.rmtree(folder, ignore_errors=True)
            raise
        except OSError as error:
            said = without_secrets(str(error))
            raise IsomorphError(f"{file.path}: cannot be downloaded ({said})") from error
        break
    if not came.is_file():
        raise IsomorphError(
            f"{file.path}: the archive names asset {asset.id} differently each time it is asked, "
            f'so it came under another name than "{asset.name}"; run again later'
        )
    if (found := sha256(came)) != file.hash:
        shutil.rmtree(folder)
        raise IsomorphError(
            f"{file.path}: the archive sent a file with sha256 {found}, which its own etag "
            f"confirms, but the lock says {file.hash}; nothing was kept, do not use "
            f"{archive.instance} until it is mended"
        )
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_synced(came, target)
    print(f"{file.path}: {in_words(file.size)}, verified", file=sys.stderr, flush=True)


def _side_by_side(
    work: Callable[[LockedFile], None], files: Sequence[LockedFile], stop: Callable[[], None]
) -> None:
    """Work on several files at once; the first failure ends the others and is raised.

    The threads are daemons: nobody who breaks off waits for gigabytes.
    """
    waiting: SimpleQueue[LockedFile] = SimpleQueue()
    for file in files:
        waiting.put(file)
    failures: list[BaseException] = []

    def run() -> None:
        while not failures:
            try:
                work(waiting.get_nowait())
            except Empty:
                return
            except StoppedError:
                return
            except BaseException as error:
                failures.append(error)
                stop()

    threads = [threading.Thread(target=run, daemon=True) for _ in files[:AT_ONCE]]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive() and not failures:
                thread.join(0.2)
    finally:
        stop()
    for thread in threads:
        thread.join(5.0)
    if failures:
        raise failures[0]
