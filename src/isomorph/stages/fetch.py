"""The bytes of a dataset, verified, and the manifest of what there is."""

from __future__ import annotations

from isomorph.archives.archive_kinds import kind_of
from isomorph.archives.manifest import own_files, read_manifest
from isomorph.disk import disk_errors
from isomorph.errors import IsomorphError
from isomorph.expected import check_expected
from isomorph.layout import Layout


def run(layout: Layout, dataset: str) -> None:
    """Bring the bytes of a dataset and write what there is to its manifest.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.

    Raises
    ------
    IsomorphError
        When the bytes cannot be had or are not those the dataset pins.
    """
    with disk_errors(layout.archive(dataset)):
        kind_of(layout, dataset).fetch(layout, dataset)
    try:
        files = own_files(layout, dataset, read_manifest(layout, dataset))
        check_expected(layout, dataset, {"bytes": sum(file.size for file in files)})
    except IsomorphError:  # what was refused must not be taken for fetched
        layout.manifest(dataset).unlink(missing_ok=True)
        raise
