"""The manifest of a dataset: which files there are, how large, with which hash."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from isomorph.archives.patterns import asks_for, matches, nearest
from isomorph.artefacts import Provenance, manifests, replacing, sha256
from isomorph.artefacts.manifests import FileRecord, Manifest
from isomorph.artefacts.provenance import SEAL, seal_of
from isomorph.errors import IsomorphError
from isomorph.foreign import lack_of_content
from isomorph.foreign.globs import whole_folders
from isomorph.layout import Layout
from isomorph.saying import Seldom
from isomorph.shown import shown

COPY = ".fetched.json"
"""Stands beside the manifest of a pinned archive and says the same."""


def archive_settings(layout: Layout, dataset: str) -> dict[str, Any]:
    """Return the settings of a dataset's archive, JSON-ready."""
    return layout.study.dataset(dataset).archive.model_dump(mode="json")


class OnDisk(Layout):
    """The paths of a study, with lists of what lies on the disk in place of manifests.

    Files can so be looked at before anything is fetched or made: nothing is hashed or written.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    manifests : mapping of str to Manifest
        By dataset, of those whose files are here; sizes and hashes in them do not count.
    """

    def __init__(self, layout: Layout, manifests: Mapping[str, Manifest]) -> None:
        super().__init__(layout.study, layout.root)
        self.manifests = manifests


def read_manifest(layout: Layout, dataset: str) -> Manifest:
    """Read the manifest of a dataset.

    Raises
    ------
    IsomorphError
        When the dataset has not been fetched or its manifest cannot be read.
    """
    if isinstance(layout, OnDisk) and dataset in layout.manifests:
        return layout.manifests[dataset]
    return _read(layout, dataset, layout.manifest(dataset))


def remembered(layout: Layout, dataset: str) -> Manifest | None:
    """Return the manifest that stands, or else the copy of the last one; None without either.

    A workflow engine deletes an output before it makes it again, and a fetch that fails leaves no
    manifest; what other studies brought into the same folder is known all the same.
    """
    for file in (layout.manifest(dataset), layout.manifest(dataset).with_name(COPY)):
        try:
            return _read(layout, dataset, file)
        except IsomorphError:
            continue  # absent or unreadable: nothing is known of it
    return None


def _read(layout: Layout, dataset: str, file: Path) -> Manifest:
    return manifests.read_manifest(file, layout.root, dataset)


def write_manifest(
    layout: Layout,
    dataset: str,
    root: Path,
    files: Iterable[FileRecord],
    provenance: Provenance,
    subjects: Mapping[str, Sequence[str]] | None = None,
    absent: Mapping[str, str] | None = None,
) -> None:
    """Write the manifest of a dataset, unless the one that stands says the same.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    root : Path
        The folder the files' paths count from.
    files : iterable of FileRecord
        The files, in any order.
    provenance : Provenance
        Where they came from. A manifest that differs in nothing else is left as it is, so that
        nothing downstream runs again.
    subjects : mapping of str to sequence of str, optional
        Of a pinned archive, the paths of each subject's files; a copy is kept then, see
        `remembered`.
    absent : mapping of str to str, optional
        Of a local archive, see `Manifest`.
    """
    manifest = Manifest(
        dataset=dataset,
        archive=archive_settings(layout, dataset),
        root=root,
        files=tuple(sorted(files, key=lambda record: record.path)),
        provenance=provenance,
        subjects={one: tuple(sorted(paths)) for one, paths in sorted((subjects or {}).items())},
        absent=dict(sorted((absent or {}).items())),
    )
    content = {**asdict(manifest), "root": stored_root(layout, root)}
    for key in ("subjects", "absent"):
        if not content[key]:
            del content[key]
    content[SEAL] = seal_of(content)
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    file = layout.manifest(dataset)
    for place in (file, file.with_name(COPY)) if manifest.subjects else (file,):
        if not _says_the_same(layout, manifest, place):
            with replacing(place) as temporary:
                temporary.write_text(text, encoding="utf-8")


def stored_root(layout: Layout, root: Path) -> str:
    """Return a root as it counts from the study's, whatever either was called on the way here."""
    # Links are not followed: a folder may be one to another disk, in another place tomorrow.
    absolute, base = (Path(os.path.normpath(one.absolute())) for one in (root, layout.root))
    inside = absolute.is_relative_to(base)
    text = shown(absolute.as_posix())
    return (text.removeprefix(base.as_posix()).lstrip("/") or ".") if inside else text


def _says_the_same(layout: Layout, manifest: Manifest, file: Path) -> bool:
    try:
        old = _read(layout, manifest.dataset, file)
    except IsomorphError:
        return False  # absent or unreadable: to be written
    return (
        (old.dataset, old.archive, stored_root(layout, old.root), old.files, old.subjects,
            old.absent)
        == (manifest.dataset, manifest.archive, stored_root(layout, manifest.root), manifest.files,
            manifest.subjects, manifest.absent)
        and _origin(old.provenance) == _origin(manifest.provenance)
    )  # fmt: skip


def _origin(stamp: Provenance) -> list[Any]:
    """Return what a manifest was made from, whatever folder the study was called from."""
    if "lock" in stamp.settings:  # what the lock pins counts, not how its lines end
        return [dict(stamp.settings)]
    return [dict(stamp.settings), *sorted((Path(p).name, h) for p, h in stamp.inputs.items())]


def describe_files(root: Path, paths: Sequence[str]) -> list[FileRecord]:
    """Return size and sha256 of files, with a progress line now and then.

    Parameters
    ----------
    root : Path
        The folder the paths count from.
    paths : sequence of str
        Relative paths.

    Raises
    ------
    IsomorphError
        When a file cannot be read.
    """
    records, say = [], Seldom()
    for done, path in enumerate(paths):
        say(f"{root}: {done} of {len(paths)} files hashed")
        try:
            file = root / path
            records.append(FileRecord(path, file.stat().st_size, sha256(file)))
        except OSError as error:
            raise IsomorphError(f"{root / path}: cannot be read, {error.strerror}") from error
    return records


def find_files(
    layout: Layout, dataset: str, pattern: str, folders: tuple[str, ...] = ()
) -> list[Path]:
    """Return the files of a fetched dataset that match a pattern, sorted by path.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    pattern : str
        Glob pattern relative to the root of the dataset's files; `*` and `?` stop at a slash,
        `**` does not.
    folders : tuple of str
        Endings of folders that stand for one file, as `.ds`: the folder is matched, and the files
        in it are not.

    Raises
    ------
    IsomorphError
        When nothing matches, naming the pattern and the nearest file; when a file has gone or has
        no content here, or the dataset has not been fetched, or not as this study asks for it.
    """
    manifest = read_manifest(layout, dataset)
    _refuse_absent(manifest, pattern)
    known = whole_folders([record.path for record in own_files(layout, dataset, manifest)], folders)
    found = matches(pattern, known)
    if not found:
        raise IsomorphError(
            f'{dataset}: no file matches "{pattern}" among the {len(known)} listed in '
            f"{layout.manifest(dataset)}, {nearest(pattern, known)}"
        )
    files = [manifest.root / path for path in found]
    for file in files:
        if not file.exists():
            raise IsomorphError(
                f"{file}: no such file, though it was there when {dataset} was fetched; put it "
                "back or fetch again"
            )
    return files


def absent_now(manifest: Manifest) -> dict[str, str]:
    """Return what had no content when a dataset was listed, and how that stands now, in words."""
    found = {}
    for path, was in manifest.absent.items():
        why = was if path.endswith("/") else lack_of_content(manifest.root / path)
        found[path] = why or (
            "had no content when it was listed, and has some now; fetch the dataset "
            f'"{manifest.dataset}" again (isomorph fetch)'
        )
    return found


def _refuse_absent(manifest: Manifest, pattern: str) -> None:
    """Refuse a pattern that matches what had no content when the files were listed.

    A study that shares a folder with another may ask for more than that one did.
    """
    for path, why in absent_now(manifest).items():
        if asks_for(pattern, path):
            raise IsomorphError(f"{manifest.root / path}: {why}")


def own_files(layout: Layout, dataset: str, manifest: Manifest) -> Sequence[FileRecord]:
    """Return the files of a manifest that a study asks for.

    Raises
    ------
    IsomorphError
        When the manifest is of other settings of the archive, or lacks a subject of the study: some
        of the files would be taken for all.
    """
    if not manifest.subjects:
        return manifest.files
    spec = layout.study.dataset(dataset)
    file = layout.manifest(dataset)
    also = [one.model_dump(mode="json") for one in spec.also]
    asked = {"archive": archive_settings(layout, dataset), "also": also}
    for key, settings in asked.items():
        if manifest.provenance.settings.get(key) != settings:
            raise IsomorphError(
                f"{file}: was written for other settings of `{key}` than those of "
                f'{layout.study.dataset_files[dataset]}; fetch the dataset "{dataset}" again '
                "(isomorph fetch)"
            )
    if lacking := [one for one in spec.subjects if one not in manifest.subjects]:
        raise IsomorphError(
            f"{file}: was written for a study of other subjects, it lacks {', '.join(lacking)}; "
            f'fetch the dataset "{dataset}" again (isomorph fetch)'
        )
    return manifest.files_for(spec.subjects)


def check_unchanged(layout: Layout, dataset: str, files: Sequence[Path]) -> dict[Path, str]:
    """Refuse files that are no longer those that were fetched, and return the sha256 of each.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    files : sequence of Path
        As `find_files` gives them; others are hashed alone.

    Raises
    ------
    IsomorphError
        Naming the first file whose bytes have changed.
    """
    if isinstance(layout, OnDisk):  # nothing was fetched yet that they could differ from
        return {}
    manifest = read_manifest(layout, dataset)
    known = {manifest.root / record.path: record for record in manifest.files}
    found: dict[Path, str] = {}
    for file in files:
        there = file not in known or file.is_file()
        found[file] = sha256(file) if there else ""
        if file in known and known[file].sha256 != found[file]:
            raise IsomorphError(
                f"{file}: has changed since {dataset} was fetched; put it back, or fetch again "
                "and everything made from it again"
            )
    return found
