"""Names in an archive's folder that are isomorph's own; no file of a dataset may have them."""

from __future__ import annotations

import re

OWN = re.compile(
    r"(manifest\.json|\.fetched\.json|\.streamed\.json|\.unpacked\.json)(\.lock)?(/.*)?"
    r"|.*[.-][0-9a-f]{12}(\.[0-9a-f]{8})?\.(sdist(\.part)?|part)(\.lock)?"
)
"""Manifest, records of what was read from where, and what gathers bytes that are not whole."""


def is_reserved(path: str) -> bool:
    """Tell whether a path below an archive's folder is one that isomorph itself writes.

    Upper and lower case are one, as they are on many disks.
    """
    return OWN.fullmatch(path.casefold()) is not None
