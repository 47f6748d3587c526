"""Files only their owners give out: the user puts them in a folder, here they are checked."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from isomorph.archives.hashes import hashes
from isomorph.archives.local import expand_folder
from isomorph.archives.lock import below, is_inside
from isomorph.archives.manifest import FileRecord
from isomorph.archives.patterns import matches, nearest, reaches
from isomorph.archives.progress import Progress
from isomorph.artefacts import replacing, sha256
from isomorph.errors import IsomorphError
from isomorph.foreign import read_table
from isomorph.foreign.listing import walk
from isomorph.layout import Layout
from isomorph.study._base import SHA256
from isomorph.study.archive import RequestedFiles

NAMED = 3
"""Missing or wrong files said by name; of the others the number."""
COLUMNS = ("path", "sha256")
"""Columns of a table of names; the second need not be there."""


@dataclass(frozen=True)
class Given:
    """A file the user has put there, found right.

    Attributes
    ----------
    file : Path
        Where it stands now.
    record : FileRecord
        Where it is to stand in the archive's folder, its size and sha256.
    """

    file: Path
    record: FileRecord


def tables(layout: Layout, dataset: str) -> list[Path]:
    """Return the tables that say which requested files there must be."""
    source = layout.study.dataset_files[dataset]
    return [source.parent / one.names for _, one in _specs(layout, dataset) if one.names]


def check(layout: Layout, dataset: str) -> list[Given]:
    """Find the requested files of a dataset and verify them, before anything is downloaded.

    Raises
    ------
    IsomorphError
        When files are missing or are not what they must be: how many, the first few, and how to
        get them.
    """
    return [
        given for key, one in _specs(layout, dataset) for given in _find(layout, dataset, key, one)
    ]


def present(layout: Layout, dataset: str) -> list[Path]:
    """Return the requested files of a dataset that are there, right or not."""
    found: list[Path] = []
    for key, one in _specs(layout, dataset):
        root = _root(layout, dataset, key, one)
        known = walk(root).files if root.is_dir() else ()
        found += [root / path for pattern in one.files for path in matches(pattern, known)]
    return sorted(set(found))


def _root(layout: Layout, dataset: str, key: str, spec: RequestedFiles) -> Path:
    """Return the folder where the user puts the files of one entry."""
    if spec.folder is None:
        return layout.requested(dataset)
    return expand_folder(layout.study.dataset_files[dataset], f"{key}.folder", spec.folder)


def _specs(layout: Layout, dataset: str) -> list[tuple[str, RequestedFiles]]:
    return [
        (f"also.{place}", one)
        for place, one in enumerate(layout.study.dataset(dataset).also)
        if isinstance(one, RequestedFiles)
    ]


def _find(layout: Layout, dataset: str, key: str, spec: RequestedFiles) -> list[Given]:
    """Return the files of one entry, each verified."""
    source = layout.study.dataset_files[dataset]
    where = f"{source}: {key}"
    root = _root(layout, dataset, key, spec)
    if not root.is_dir():
        raise IsomorphError(
            f"{where}: there is no folder {root} with the files to be requested; {_how(spec)}"
        )
    listing = walk(root)
    present = [*listing.files, *(path for path in listing.absent if not path.endswith("/"))]
    expected = _named(source.parent / spec.names, spec, where) if spec.names else {}
    wanted = list(expected) or _matching(spec, present, root, where)
    lacking = [
        path for path in listing.absent
        if path in wanted or (path.endswith("/") and any(reaches(one, path) for one in spec.files))
    ]  # fmt: skip
    if lacking:
        raise IsomorphError(
            f"{where}: {len(lacking):,} of {len(wanted):,} files have no content: "
            f"{root / lacking[0]} {listing.absent[lacking[0]]}; {_how(spec)}"
        )
    known = set(present)
    if missing := [path for path in wanted if path not in known]:
        raise IsomorphError(
            f"{where}: {len(missing):,} of {len(wanted):,} files are not in {root} "
            f"({_few(missing)}){_elsewhere(missing[0], present)}; {_how(spec)}"
        )
    for path in wanted:
        if not is_inside(below(spec.into, path)):
            raise IsomorphError(
                f"{where}: {root} holds {path!r}, a name that cannot stand in an archive; rename it"
            )
    records = _examine(root, wanted, expected, spec, where)
    return [
        Given(root / path, FileRecord(below(spec.into, path), size, digest))
        for path, size, digest in records
    ]


def _examine(
    root: Path, wanted: Sequence[str], expected: dict[str, str], spec: RequestedFiles, where: str
) -> list[tuple[str, int, str]]:
    """Return path, size and sha256 of files that are all what they must be."""
    progress = Progress(str(root), files=len(wanted))
    found: list[tuple[str, int, str]] = []
    wrong: list[str] = []
    for path in wanted:
        file = root / path
        try:
            size = file.stat().st_size
            digests = hashes(file, "sha256", *(["md5"] if spec.md5_in_name else []))
        except OSError as error:
            raise IsomorphError(f"{where}: {file} cannot be read, {error.strerror}") from error
        progress.find(size)
        progress.finish()
        found.append((path, size, digests["sha256"]))
        if digests["sha256"] != (pinned := expected.get(path) or digests["sha256"]):
            wrong.append(f"{path} has sha256 {digests['sha256']}, expected {pinned}")
        elif spec.md5_in_name and digests["md5"] != (named := PurePosixPath(path).stem.lower()):
            wrong.append(f"{path} has md5 {digests['md5']}, its name says {named}")
    if wrong:
        raise IsomorphError(
            f"{where}: {len(wrong):,} of {len(wanted):,} files in {root} are not the right ones "
            f"({_few(wrong)}); {_how(spec)}"
        )
    return found


def _matching(spec: RequestedFiles, present: Sequence[str], root: Path, where: str) -> list[str]:
    """Return the files that match any pattern, where no table says what there must be."""
    chosen: set[str] = set()
    for pattern in spec.files:
        if not (found := matches(pattern, present)):
            raise IsomorphError(
                f'{where}: "{pattern}" matches none of the {len(present):,} files in {root}, '
                f"{nearest(pattern, present)}; {_how(spec)}"
            )
        chosen.update(found)
    return sorted(chosen)


def _named(table: Path, spec: RequestedFiles, where: str) -> dict[str, str]:
    """Read what a table says there must be: sha256, or nothing, by path."""
    rows = read_table(table, COLUMNS[0])
    expected: dict[str, str] = {}
    digests = rows.get("sha256", [""] * len(rows))
    for line, path, digest in zip(rows.index + 2, rows["path"], digests, strict=True):
        if not is_inside(path) or path in expected:
            wrong = "stands there twice" if path in expected else "is not a path below the folder"
            raise IsomorphError(f'{table}: line {line}: "{path}" {wrong}')
        if digest and not re.fullmatch(SHA256, digest):
            raise IsomorphError(
                f'{table}: line {line}: sha256: "{digest}" is not 64 lower-case hexadecimal digits'
            )
        expected[path] = digest
    wanted = {path for pattern in spec.files for path in matches(pattern, expected)}
    if not wanted:
        raise IsomorphError(
            f"{where}.names: {table} names no file that matches the patterns of `files`"
        )
    return {path: digest for path, digest in expected.items() if path in wanted}


def bring(given: Sequence[Given], folder: Path) -> list[FileRecord]:
    """Put requested files where the archive's other files stand.

    They are copied: an archive must not change when the user edits a file of their own. One that
    stands there right is left alone.

    Parameters
    ----------
    given : sequence of Given
        As `check` found them.
    folder : Path
        The archive's folder.

    Raises
    ------
    IsomorphError
        When the disk is full, or a file changed since it was checked.
    """
    for one in given:
        target = folder / one.record.path
        if not _same(one.file, target) and one.record.is_intact(folder):
            continue
        with replacing(target) as temporary:
            shutil.copyfile(one.file, temporary)
            if sha256(temporary) != one.record.sha256:
                raise IsomorphError(f"{one.file}: changed while it was copied; run again")
    return [one.record for one in given]


def _same(file: Path, target: Path) -> bool:
    """Tell whether a place holds the user's file itself, by a link of either kind."""
    return target.is_file() and file.samefile(target)


def _how(spec: RequestedFiles) -> str:
    return spec.how.strip().rstrip(".")


def _few(names: Sequence[str]) -> str:
    more = f", and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _elsewhere(path: str, present: Sequence[str]) -> str:
    """Return a clause where a file of that name stands in another folder."""
    name = PurePosixPath(path).name
    found = next((other for other in present if PurePosixPath(other).name == name), None)
    return f", though there is {found}" if found else ""
