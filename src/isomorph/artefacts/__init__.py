"""Artefacts: every file a stage writes, what it must hold, and where it came from."""

from isomorph.artefacts.arrays import (
    artefact_kind,
    read_array,
    read_attributes,
    read_responses,
    write_array,
    write_responses,
)
from isomorph.artefacts.files import (
    NoSuchFileError,
    disk_errors,
    replace_synced,
    replacing,
    sha256,
)
from isomorph.artefacts.provenance import Provenance, provenance
from isomorph.artefacts.streamed import Streamed
from isomorph.artefacts.tables import read_table, read_table_provenance, write_table

__all__ = [
    "NoSuchFileError",
    "Provenance",
    "Streamed",
    "artefact_kind",
    "disk_errors",
    "provenance",
    "read_array",
    "read_attributes",
    "read_responses",
    "read_table",
    "read_table_provenance",
    "replace_synced",
    "replacing",
    "sha256",
    "write_array",
    "write_responses",
    "write_table",
]
