"""From what a dataset asks for to what its lock pins, one resolver per kind of archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from isomorph.archives.resolve.resolution import (
    DATE,
    Difference,
    Resolution,
    difference,
    join,
)
from isomorph.errors import IsomorphError
from isomorph.registry import Registry, lazily
from isomorph.study import DatasetSpec

__all__ = ["DATE", "RESOLVERS", "Difference", "Resolution", "difference", "resolve"]

Resolver = Callable[[Any, Sequence[str], str], Resolution]
"""Takes the spec of an archive, the subjects, and the opening of its mistakes."""


def _requested(archive: Any, subjects: Sequence[str], where: str) -> Resolution:
    """Files that only their owners give out are not part of a lock."""
    return Resolution((), ())


RESOLVERS: Registry[Resolver] = Registry(
    "archive that is pinned by a lock",
    {
        "openneuro": lazily("isomorph.archives.resolve.openneuro:resolve"),
        "dandi": lazily("isomorph.archives.resolve.dandisets:resolve"),
        "bucket": lazily("isomorph.archives.resolve.bucket:resolve"),
        "zenodo": lazily("isomorph.archives.resolve.zenodo:resolve"),
        "figshare": lazily("isomorph.archives.resolve.figshare:resolve"),
        "osf": lazily("isomorph.archives.resolve.osf:resolve"),
        "requested": _requested,
    },
)
"""Resolvers by the `kind` of an archive, or of files that stand elsewhere."""


def resolve(dataset: DatasetSpec, file: Path) -> Resolution:
    """Ask the archives of a dataset for size, hash and address of every file it names.

    Parameters
    ----------
    dataset : DatasetSpec
    file : Path
        The YAML file it was read from, named in mistakes.

    Raises
    ------
    IsomorphError
        When the dataset's archive takes no lock, or anything it asks for is not there.
    """
    if dataset.archive.kind not in RESOLVERS:
        raise IsomorphError(
            f"{file}: an archive of kind {dataset.archive.kind} takes no lock; its files are "
            "pinned by the dataset's own file or by the manifest"
        )
    parts = [RESOLVERS[dataset.archive.kind](dataset.archive, dataset.subjects, f"{file}: archive")]
    parts += [
        RESOLVERS[side.kind](side, dataset.subjects, f"{file}: also.{number}")
        for number, side in enumerate(dataset.also)
    ]
    return join(parts, str(file))
