"""What stands on the disk of what was fetched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from isomorph.archives.manifest import FileRecord, Manifest, archive_settings, remembered
from isomorph.layout import Layout


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
    """Return what stands of what was fetched, None where nothing is known of it.

    The manifest tells, if it was written for the archive as the study has it; files that have gone
    since take their subject with them.
    """
    spec = layout.study.dataset(dataset)
    held = remembered(layout, dataset)
    if held is None or held.archive != archive_settings(layout, dataset):
        return None
    asked = [one.model_dump(mode="json") for one in spec.also]
    if held.provenance.settings.get("also", asked) != asked:
        return None
    of = held.provenance.settings.get("subjects", spec.subjects)
    if not held.subjects and not set(spec.subjects) <= set(of):  # never fetched for all of them
        return None
    gone = {one.path for one in held.files if not stands(one, held.root)}
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


def stands(record: FileRecord, root: Path) -> bool:
    """Tell whether a file has the size it had."""
    try:
        return (root / record.path).stat().st_size == record.size
    except OSError:
        return False


def bytes_to_come(layout: Layout, dataset: str) -> int | None:
    """Return how many bytes a fetch would bring: none once there is a manifest.

    Before, it is what the dataset's file says there will be, None where it says nothing.
    """
    fetched = layout.manifest(dataset).is_file()
    return 0 if fetched else layout.study.dataset(dataset).expected.bytes
