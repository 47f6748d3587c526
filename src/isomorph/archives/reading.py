"""Archives whose bytes isomorph writes itself: the code that decides them."""

from __future__ import annotations

from isomorph.digest import code_digest
from isomorph.study.archive import ArchiveSpec, DandiArchive, PackageArchive

ARRANGING = ("isomorph.archives.labelled",)
"""Modules that lay out members as BIDS."""
STREAMING = ("isomorph.archives.streaming.choice", "isomorph.archives.streaming.copying")
"""Modules that say what of a remote file is kept and how it is written."""


def reading_code(archive: ArchiveSpec) -> str:
    """Return a digest of the code that decides the bytes of an archive, '' where they are given."""
    if isinstance(archive, PackageArchive) and archive.arrange is not None:
        return code_digest(*ARRANGING)
    if isinstance(archive, DandiArchive) and archive.access == "stream":
        return code_digest(*STREAMING)
    return ""
