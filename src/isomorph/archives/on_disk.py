"""Which files of a dataset lie on the disk, whether it has been fetched or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from isomorph.archives.dates import touched
from isomorph.archives.manifest import (
    FileRecord,
    Manifest,
    OnDisk,
    archive_settings,
    remembered,
    stored_root,
)
from isomorph.artefacts import Provenance
from isomorph.layout import Layout
from isomorph.registry import Registry
from isomorph.study.archive import LocalArchive


@dataclass(frozen=True)
class Here:
    """What lies on the disk of one dataset.

    Attributes
    ----------
    manifest : Manifest
        The files; sizes and hashes do not count.
    subjects : tuple of str
        The study's subjects whose files are all here.
    """

    manifest: Manifest
    subjects: tuple[str, ...]


def here(layout: Layout, dataset: str) -> Here | None:
    """Return what lies on the disk of a dataset, None where nothing can be told of it.

    A folder of the user's own is taken as it is now. Of what was fetched the manifest tells, if it
    was written for the archive as the study has it; files that have gone since take their subject
    with them. Simulated recordings are isomorph's own.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.

    Raises
    ------
    IsomorphError
        When a folder of the user's own is not there or a pattern matches nothing in it.
    """
    return HERE[layout.study.dataset(dataset).archive.kind](layout, dataset)


def _local(layout: Layout, dataset: str) -> Here:
    from isomorph.archives import local

    spec = layout.study.dataset(dataset)
    assert isinstance(spec.archive, LocalArchive)
    root = local.folder(layout, dataset, spec.archive)
    listing = local.matching(layout, dataset, spec.archive, root)
    files = tuple(FileRecord(path, (root / path).stat().st_size, "") for path in listing.files)
    settings, place = archive_settings(layout, dataset), layout.root / stored_root(layout, root)
    stamp = Provenance("fetch")
    found = Manifest(dataset, settings, place, files, stamp, absent=listing.absent)
    return Here(found, tuple(spec.subjects))


def _fetched(layout: Layout, dataset: str) -> Here | None:
    spec = layout.study.dataset(dataset)
    held = remembered(layout, dataset)
    if held is None or held.archive != archive_settings(layout, dataset):
        return None
    asked = [one.model_dump(mode="json") for one in spec.also]
    if held.provenance.settings.get("also", asked) != asked:
        return None
    gone = {one.path for one in held.files if not _stands(one, held.root)}
    if not held.subjects:  # not taken by subject: all or nothing
        return None if gone else Here(held, tuple(spec.subjects))
    of_subjects = {path for paths in held.subjects.values() for path in paths}
    subjects = tuple(
        one
        for one in spec.subjects
        if one in held.subjects and not gone.intersection(held.subjects[one])
    )
    if not subjects or gone - of_subjects:
        return None
    return Here(replace(held, files=tuple(held.files_for(subjects)), subjects={}), subjects)


def is_as_listed(layout: Layout, dataset: str) -> bool:
    """Tell whether the files of a dataset are those its manifest lists, untouched since.

    Sizes and dates tell; nothing is hashed.
    """
    held = remembered(layout, dataset)
    if held is None or not layout.manifest(dataset).is_file():
        return False
    if isinstance(layout, OnDisk) and dataset in layout.manifests:
        now = layout.manifests[dataset]
        if now.root != held.root or {one.path for one in now.files} != {
            one.path for one in held.files
        }:
            return False
    since = layout.manifest(dataset).stat().st_mtime_ns
    return all(
        _stands(one, held.root) and not touched(held.root / one.path, since) for one in held.files
    )


def _stands(record: FileRecord, root: Path) -> bool:
    try:
        return (root / record.path).stat().st_size == record.size
    except OSError:
        return False


def _simulated(_layout: Layout, _dataset: str) -> None:
    return None


HERE: Registry[Callable[[Layout, str], Here | None]] = Registry(
    "archive",
    {
        "package": _fetched,
        "local": _local,
        "simulated": _simulated,
        "dandi": _fetched,
        "openneuro": _fetched,
    },
)
"""What lies on the disk, by the `kind` of a dataset's archive."""
