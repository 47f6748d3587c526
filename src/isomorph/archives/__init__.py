"""Archives: where bytes come from; a new kind is a new module and a new entry in `kinds`."""

from isomorph.archives.archive_kinds import ARCHIVES, ArchiveKind
from isomorph.archives.manifest import (
    FileRecord,
    Manifest,
    describe_files,
    find_files,
    read_manifest,
    write_manifest,
)
from isomorph.archives.on_disk import changed, watched_files

__all__ = [
    "ARCHIVES",
    "ArchiveKind",
    "FileRecord",
    "Manifest",
    "changed",
    "describe_files",
    "find_files",
    "read_manifest",
    "watched_files",
    "write_manifest",
]
