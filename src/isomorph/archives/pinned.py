"""A dataset pinned by a lock: its files brought from wherever they stand, verified, listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from isomorph import slices
from isomorph.archives import requested
from isomorph.archives.lock import CLASH, Lock, LockedFile, clash, lock_file, read_lock
from isomorph.archives.manifest import (
    FileRecord,
    read_manifest,
    remembered,
    write_manifest,
)
from isomorph.archives.reserved import is_reserved
from isomorph.archives.sources import FileSource, bytes_of, choose_files, files_of, say_left_out
from isomorph.archives.transfer import announce, sweep, transfer
from isomorph.artefacts import Provenance, disk_errors, sha256
from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.layout import Layout
from isomorph.making import stamp
from isomorph.registry import lazily
from isomorph.saying import count
from isomorph.study import DatasetSpec
from isomorph.study.pinned import DandiArchive

Bring = Callable[[Layout, str, Sequence[LockedFile], Path, Callable[[], None]], list[FileRecord]]
"""Brings files of a dataset's main archive to a folder, verified, and says what they are; calls its
last argument before it touches one that does not stand whole."""


BRING: Mapping[str, Bring] = {"dandi": lazily("isomorph.archives.dandi:bring")}
"""How the files of a main archive come that are not just asked for where the lock says, by kind."""


def _as_locked(
    _: Layout,
    dataset: str,
    files: Sequence[LockedFile],
    folder: Path,
    lacking: Callable[[], None],
) -> list[FileRecord]:
    return transfer(dataset, files, folder, lacking)


def fetch(layout: Layout, dataset: str) -> None:
    """Bring every file a dataset pins and write its manifest.

    Files to be requested are checked before anything is downloaded. The manifest names what the
    lock and the dataset's patterns name together, and nothing else that stands in the folder; it
    is there only while the set is whole.

    Raises
    ------
    IsomorphError
        When the lock is absent or does not fit the dataset's file, requested files are missing,
        the disk is too small, or a file cannot be had with the right bytes.
    """
    spec = layout.study.dataset(dataset)
    bring, lose = BRING.get(spec.archive.kind, _as_locked), partial(_lose, layout, dataset)
    given = requested.check(layout, dataset)
    lock = read_lock(layout.study, dataset)
    chosen = choose_files(layout, dataset, lock)
    say_left_out(dataset, lock, chosen)
    _refuse_reserved(layout, dataset, chosen, given)
    _refuse_clashes(layout, dataset, chosen, given)
    folder = layout.archive(dataset)
    main = [file for source, files in chosen for file in files if source.main]
    side = [file for source, files in chosen for file in files if not source.main]
    if not is_streamed(spec):
        announce(dataset, main + side, folder, bytes_of(chosen, spec.subjects))
    kept = _kept(layout, dataset, lock, {file.path for file in main + side})
    subjects = [*spec.subjects, *kept.subjects]
    listed = choose_files(layout, dataset, lock, subjects) if kept.subjects else chosen
    by_subject = files_of(listed, subjects)
    tables = requested.tables(layout, dataset)
    signed = stamp(
        layout,
        "fetch",
        dataset,
        source=_words(listed, given),
        also={file: sha256(file) for file in (lock_file(layout.study, dataset), *tables)},
    )
    # Of all who are in the folder, whichever study brought them.
    signed = replace(signed, settings={**signed.settings, "subjects": sorted(subjects)})
    paths = {file.path for file in main + side} | {one.record.path for one in given}
    if not _is_whole(layout, dataset, paths | {one.path for one in kept.files}, signed):
        lose()
    try:
        sweep(folder, lock)
        records = bring(layout, dataset, main, folder, lose)
        if side:
            records += transfer(f"{dataset}, files that stand elsewhere", side, folder, lose)
        if not all(one.record.is_intact(folder) for one in given):
            lose()
        records += requested.bring(given, folder)
    except BaseException:
        with suppress(IsomorphError):  # what went wrong first is what is said
            lose()
        raise
    write_manifest(layout, dataset, folder, [*records, *kept.files], signed, by_subject)


def _lose(layout: Layout, dataset: str) -> None:
    """Remove the manifest: the set is not whole, however this run ends."""
    with disk_errors(layout.manifest(dataset)):
        layout.manifest(dataset).unlink(missing_ok=True)


@dataclass(frozen=True)
class _Kept:
    """Subjects another study fetched into the same folder, and files they alone have."""

    subjects: tuple[str, ...] = ()
    files: tuple[FileRecord, ...] = ()


def _kept(layout: Layout, dataset: str, lock: Lock, own: set[str]) -> _Kept:
    """Return what another study of the same lock and settings fetched and that still stands.

    It is recognised by size, as its study verified it and no file of this one is among it.
    """
    held = remembered(layout, dataset)
    settings = slices.plain(slices.fetch(layout.study, dataset))
    if held is None or not _same_settings(held.provenance, settings):
        return _Kept()
    known = {record.path: record for record in held.files}
    subjects: list[str] = []
    files: dict[str, FileRecord] = {}
    locked = {file.path for file in lock.files}
    for subject in sorted(set(held.subjects) - set(layout.study.dataset(dataset).subjects)):
        paths = set(held.subjects[subject]) - own
        if paths <= locked and all(
            path in known and _has_size(known[path], held.root) for path in paths
        ):
            subjects.append(subject)
            files |= {path: known[path] for path in paths}
    return _Kept(tuple(subjects), tuple(files.values()))


def _same_settings(stamp: Provenance, settings: slices.Slice) -> bool:
    """Tell whether a manifest was made with these settings, whoever its subjects are."""
    return {**stamp.settings, "subjects": ()} == {**settings, "subjects": ()}


def _has_size(record: FileRecord, root: Path) -> bool:
    file = root / record.path
    return file.is_file() and file.stat().st_size == record.size


def is_streamed(spec: DatasetSpec) -> bool:
    """Tell whether only some objects of a dataset's files are read."""
    return isinstance(spec.archive, DandiArchive) and spec.archive.access == "stream"


def _refuse_reserved(
    layout: Layout,
    dataset: str,
    chosen: Sequence[tuple[FileSource, list[LockedFile]]],
    given: Sequence[requested.Given],
) -> None:
    """Refuse files that would stand where isomorph writes what it knows of them."""
    source = layout.study.dataset_files[dataset]
    named = [(one.key, file.path) for one, files in chosen for file in files]
    named += [("also", one.record.path) for one in given]
    for key, path in named:
        if is_reserved(path):
            raise IsomorphError(
                f"{source}: {key}: {path} is a name isomorph itself writes in the archive's "
                "folder; leave that file out by the patterns, or give the source another `into`"
            )


def _refuse_clashes(
    layout: Layout,
    dataset: str,
    chosen: Sequence[tuple[FileSource, list[LockedFile]]],
    given: Sequence[requested.Given],
) -> None:
    by_path = {one.record.path: one for one in given}
    locked = [file.path for _, files in chosen for file in files]
    if found := clash([*locked, *(one.record.path for one in given)]):
        first, second = found if found[1] in by_path else found[::-1]
        raise IsomorphError(
            f"{layout.study.dataset_files[dataset]}: also: {by_path[second].file} would stand at "
            f"{second}, "
            + (
                "where the lock puts another file"
                if first == second
                else f"which together with {first} {CLASH}"
            )
            + "; give it another `into`"
        )


def _is_whole(layout: Layout, dataset: str, paths: set[str], stamp: Provenance) -> bool:
    """Tell whether the manifest that stands is of this lock and, by size, of what stands."""
    try:
        manifest = read_manifest(layout, dataset)
    except IsomorphError:
        return False  # absent or unreadable: to be written
    if manifest.provenance.settings != stamp.settings:
        return False
    return {one.path for one in manifest.files if _has_size(one, manifest.root)} == paths


def _words(
    chosen: Sequence[tuple[FileSource, list[LockedFile]]], given: Sequence[requested.Given]
) -> str:
    """Return archive, version, files and bytes of every source."""
    parts = [(source.name, [file.size for file in files]) for source, files in chosen]
    if given:
        parts.append(("files by request", [one.record.size for one in given]))
    return "; ".join(
        f"{name}, {count(len(sizes), 'file')}, {in_words(sum(sizes))}" for name, sizes in parts
    )
