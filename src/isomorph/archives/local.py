"""A folder of the user's own, read in place: nothing is copied, every file is hashed."""

from __future__ import annotations

import os
from pathlib import Path

from isomorph.archives import asked
from isomorph.archives.dates import now
from isomorph.archives.fetched import Here
from isomorph.archives.manifest import (
    FileRecord,
    Manifest,
    archive_settings,
    describe_files,
    stored_root,
    write_manifest,
)
from isomorph.archives.patterns import asks_for, matches, nearest
from isomorph.artefacts import Provenance
from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.foreign.listing import Listing, walk
from isomorph.layout import Layout
from isomorph.making import stamp
from isomorph.saying import count, say
from isomorph.shown import expanded
from isomorph.study.archive import LocalArchive


def fetch(layout: Layout, dataset: str) -> None:
    """List the files of a local folder that belong to a dataset, with size and hash.

    Every file is hashed again: what a user keeps may change under the same size and date. The
    manifest is written only when something did. What has no content here and is asked for by
    nothing of the study is passed over, and said.

    Raises
    ------
    IsomorphError
        When the folder is absent, a pattern matches nothing, or a file that the study asks for has
        no content here.
    """
    root, listing = in_place(layout, dataset)
    asked.refuse_absent(layout, dataset, root, listing.files, listing.absent)
    if listing.absent:
        say(f"{dataset}: {said_absent(listing)}")
    file = layout.manifest(dataset)
    began = now(file.parent)
    records = describe_files(root, listing.files)
    signed = stamp(layout, "fetch", dataset, source=f"local folder {root}")
    write_manifest(layout, dataset, root, records, signed, absent=listing.absent)
    if began is not None and began < file.stat().st_mtime_ns:
        os.utime(file, ns=(began, began))  # what changed while others were hashed is later


def in_place(layout: Layout, dataset: str) -> tuple[Path, Listing]:
    """Return the folder of a dataset, and which files of it belong to the dataset now.

    Raises
    ------
    IsomorphError
        When the folder is absent or a pattern matches nothing.
    """
    archive = layout.study.dataset(dataset).archive
    if not isinstance(archive, LocalArchive):
        raise IsomorphError(f"{dataset}: archive.kind is {archive.kind}, not local")
    root = folder(layout, dataset, archive)
    return root, matching(layout, dataset, archive, root)


def ready(layout: Layout, dataset: str) -> tuple[str, tuple[str, ...]]:
    """Say how many files there are and how large they are.

    Raises
    ------
    IsomorphError
        As `fetch` would.
    """
    root, listing = in_place(layout, dataset)
    asked.refuse_absent(layout, dataset, root, listing.files, listing.absent)
    try:
        size = sum((root / path).stat().st_size for path in listing.files)
    except OSError as error:
        raise IsomorphError(f"{error.filename}: cannot be read, {error.strerror}") from error
    said = f"{count(len(listing.files), 'file')} in place, {in_words(size)}"
    said += f"; {said_absent(listing)}" if listing.absent else ""
    return said, listing.files


def here(layout: Layout, dataset: str) -> Here:
    """Return what lies in the folder as it is now, all subjects' files taken to be there.

    Raises
    ------
    IsomorphError
        When the folder is absent or a pattern matches nothing.
    """
    root, listing = in_place(layout, dataset)
    files = tuple(FileRecord(path, (root / path).stat().st_size, "") for path in listing.files)
    settings, place = archive_settings(layout, dataset), layout.root / stored_root(layout, root)
    found = Manifest(dataset, settings, place, files, Provenance("fetch"), absent=listing.absent)
    return Here(found, tuple(layout.study.dataset(dataset).subjects))


def said_absent(listing: Listing) -> str:
    """Say how many files are passed over because they have no content here, and the first few."""
    names = sorted(listing.absent)
    shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    what, them = ("file has", "it") if len(names) == 1 else ("files have", "them")
    return (
        f"{len(names):,} {what} no content here, and nothing of the study asks for {them}: {shown}"
    )


def folder(layout: Layout, dataset: str, archive: LocalArchive) -> Path:
    """Return the folder of a local archive; a relative one counts from the dataset's file.

    Raises
    ------
    IsomorphError
        When a variable in the path is not set, or there is no such folder.
    """
    source = layout.study.dataset_files[dataset]
    root = expand_folder(source, "archive.path", archive.path)
    if not os.path.isdir(root):  # noqa: PTH112  (a path that is too long is not a folder either)
        what = "is a file, not a folder" if os.path.exists(root) else "does not exist"  # noqa: PTH110
        raise IsomorphError(
            f"{source}: archive.path: {os.path.realpath(root)} {what}; give the folder that holds "
            "the dataset's files (a relative path counts from this YAML file)"
        )
    return root


def expand_folder(source: Path, key: str, path: str) -> Path:
    """Return the folder a dataset's file names; a relative one counts from that file.

    Messages, manifests and provenance show it as it stands in the file, see `isomorph.shown`.

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
    try:
        return expanded(path, source.parent)
    except KeyError as error:
        raise IsomorphError(
            f'{source}: {key}: "{path}" needs the environment variable {error.args[0]}, which is '
            "not set"
        ) from None
    except RuntimeError as error:  # a home that nobody has
        raise IsomorphError(f'{source}: {key}: "{path}": {error}') from error


def matching(layout: Layout, dataset: str, archive: LocalArchive, root: Path) -> Listing:
    """Return what matches any of a local archive's patterns.

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
    absent: dict[str, str] = {}
    for position, pattern in enumerate(archive.files):
        where = f'{source}: archive.files.{position}: "{pattern}"'
        if pattern.startswith(("/", "~")) or ".." in pattern.split("/"):
            raise IsomorphError(f"{where} leads out of {archive.path}; patterns count from there")
        found = matches(pattern, present.files)
        lacking = {path: why for path, why in present.absent.items() if asks_for(pattern, path)}
        if pattern in lacking:
            raise IsomorphError(f"{where} names {root / pattern}, which {lacking[pattern]}")
        if not (found or lacking):
            raise IsomorphError(
                f"{where} matches none of the {len(present.files)} files in {archive.path}, "
                f"{nearest(pattern, present.files)}"
            )
        chosen.update(found)
        absent.update(lacking)
    if not (chosen or absent):
        raise IsomorphError(f"{source}: archive.files: give at least one pattern")
    return Listing(tuple(sorted(chosen)), absent)
