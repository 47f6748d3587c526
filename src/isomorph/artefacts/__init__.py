"""Artefacts: every file a stage writes, what it must hold, and where it came from."""

from isomorph.artefacts.arrays import (
    BY_SESSION,
    artefact_kind,
    read_array,
    read_attributes,
    read_population,
    read_responses,
    write_array,
    write_population,
    write_responses,
)
from isomorph.artefacts.provenance import (
    Provenance,
    provenance,
    provenance_file,
    read_provenance,
    versions,
)
from isomorph.artefacts.streamed import Streamed
from isomorph.artefacts.tables import check_beside, read_table, write_beside, write_table
from isomorph.disk import (
    NoSuchFileError,
    disk_errors,
    replace_synced,
    replacing,
    sha256,
)

__all__ = [
    "BY_SESSION",
    "NoSuchFileError",
    "Provenance",
    "Streamed",
    "artefact_kind",
    "check_beside",
    "disk_errors",
    "provenance",
    "provenance_file",
    "read_array",
    "read_attributes",
    "read_population",
    "read_provenance",
    "read_responses",
    "read_table",
    "replace_synced",
    "replacing",
    "sha256",
    "versions",
    "write_array",
    "write_beside",
    "write_population",
    "write_responses",
    "write_table",
]
