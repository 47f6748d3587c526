"""A folder of the user's own, read in place: nothing is copied, every file is hashed."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from isomorph.archives.manifest import describe_files, write_manifest
from isomorph.archives.patterns import matches, nearest
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.making import stamp
from isomorph.study.archive import LocalArchive


def fetch(layout: Layout, dataset: str) -> None:
    """List the files of a local folder that belong to a dataset, with size and hash.

    Every file is hashed anew: what a user keeps may change under the same size and date. The
    manifest is written only when something did.

    Raises
    ------
    IsomorphError
        When the folder is absent or a pattern matches nothing.
    """
    archive = layout.study.dataset(dataset).archive
    if not isinstance(archive, LocalArchive):
        raise IsomorphError(f"{dataset}: archive.kind is {archive.kind}, not local")
    root = folder(layout, dataset, archive)
    records = describe_files(root, matching_files(layout, dataset, archive, root))
    signed = stamp(layout, "fetch", dataset, source=f"local folder {root}")
    write_manifest(layout, dataset, root, records, signed)


def folder(layout: Layout, dataset: str, archive: LocalArchive) -> Path:
    """Return the folder of a local archive; a relative one counts from the dataset's file.

    Raises
    ------
    IsomorphError
        When a variable in the path is not set, or there is no such folder.
    """
    source = layout.study.dataset_files[dataset]
    root = expand_folder(source, "archive.path", archive.path)
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise IsomorphError(
            f"{source}: archive.path: {root.resolve()} {what}; give the folder that holds "
            "the dataset's files (a relative path counts from this YAML file)"
        )
    return root


def expand_folder(source: Path, key: str, path: str) -> Path:
    """Return the folder a dataset's file names; a relative one counts from that file.

    Parameters
    ----------
    source : Path
        The dataset's YAML file.
    key : str
        The key that names the folder, for messages.
    path : str
        What stands there; `~` and environment variables are expanded.

    Raises
    ------
    IsomorphError
        When a variable in the path is not set.
    """
    expanded = os.path.expandvars(path)
    if unset := re.search(r"\$\{?(\w+)", expanded):
        raise IsomorphError(
            f'{source}: {key}: "{path}" needs the environment variable {unset[1]}, which is not set'
        )
    try:
        return source.parent / Path(expanded).expanduser()
    except RuntimeError as error:  # a home that nobody has
        raise IsomorphError(f'{source}: {key}: "{path}": {error}') from error


def matching_files(layout: Layout, dataset: str, archive: LocalArchive, root: Path) -> list[str]:
    """Return the relative paths of the files that match any of a local archive's patterns.

    Hidden files and folders are passed over, and so is what isomorph itself writes where the
    folder holds that too; linked folders are followed, once.

    Raises
    ------
    IsomorphError
        When a pattern matches nothing, or leads out of the folder.
    """
    source = layout.study.dataset_files[dataset]
    written = (
        layout.archive(dataset).parent,
        layout.stimuli(dataset).parent.parent,
        layout.results.parent,
    )
    present = walk(root, {os.path.realpath(place) for place in written})
    chosen: set[str] = set()
    for position, pattern in enumerate(archive.files):
        where = f'{source}: archive.files.{position}: "{pattern}"'
        if pattern.startswith(("/", "~")) or ".." in pattern.split("/"):
            raise IsomorphError(f"{where} leads out of {archive.path}; patterns count from there")
        found = matches(pattern, present)
        if not found:
            raise IsomorphError(
                f"{where} matches none of the {len(present)} files in {archive.path}, "
                f"{nearest(pattern, present)}"
            )
        chosen.update(found)
    if not chosen:
        raise IsomorphError(f"{source}: archive.files: give at least one pattern")
    return sorted(chosen)


def walk(root: Path, passed_over: Collection[str] = ()) -> list[str]:
    """Return every file below a folder, relative, without hidden ones and some folders."""
    files: list[str] = []
    seen: set[str] = set()
    for here, folders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(here)
        # Seen: a link that leads back up. The root itself was asked for, whatever it is.
        if real in seen or (real in passed_over and seen):
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        base = Path(here).relative_to(root)
        files += [
            (base / name).as_posix()
            for name in names
            if not name.startswith(".") and (Path(here) / name).is_file()
        ]
    return sorted(files)
