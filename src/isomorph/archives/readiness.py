"""Readiness: what a fetch would bring, and what still stands in its way, before it starts."""

from __future__ import annotations

from collections.abc import Sequence

from isomorph.archives import asked
from isomorph.archives.archive_kinds import kind_of
from isomorph.archives.patterns import matches, nearest
from isomorph.errors import IsomorphError
from isomorph.foreign.globs import whole_folders
from isomorph.layout import Layout


def readiness(layout: Layout, dataset: str) -> str:
    """Say what the bytes of a dataset are and how much of them is to come; nothing is fetched.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.

    Raises
    ------
    IsomorphError
        When a folder of the user's, a lock or requested files are not there or do not fit the
        dataset's file, a pattern of its stimuli or responses matches none of the files, or a file
        that the study asks for has no content here.
    """
    said, paths = kind_of(layout, dataset).ready(layout, dataset)
    if paths is not None:
        _refuse_unmatched(layout, dataset, paths)
    return said


def _refuse_unmatched(layout: Layout, dataset: str, paths: Sequence[str]) -> None:
    """Refuse patterns that match nothing, before gigabytes are fetched for them."""
    paths = whole_folders(paths, getattr(layout.study.dataset(dataset).responses, "folders", ()))
    for one in asked.patterns(layout, dataset):
        if not matches(one.pattern, paths):
            raise IsomorphError(
                f'{layout.study.dataset_files[dataset]}: {one.key}: "{one.pattern}" matches none '
                f"of the {len(paths):,} files of the archive, {nearest(one.pattern, paths)}"
            )


def bytes_to_come(layout: Layout, dataset: str) -> int | None:
    """Return how many bytes a fetch of a dataset would bring, 0 where it brings none.

    Files that stand are told by their size alone. None where nobody knows, as of a package, whose
    size only its index has, unless the dataset's file says it.

    Raises
    ------
    IsomorphError
        When a lock or requested files are not there.
    """
    return kind_of(layout, dataset).bytes_to_come(layout, dataset)
