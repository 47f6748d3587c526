"""Mirrors: where an address of an archive is really asked."""

from __future__ import annotations

import os
import re

from isomorph.archives.patience import without_password
from isomorph.errors import IsomorphError

MIRRORS = "ISOMORPH_MIRRORS"
"""The environment variable of `<address>=<address>` pairs, separated by blanks: every address that
is the first, or stands below it, is asked at the second. For the mirror of an institute, and for
tests."""


def mirrored(url: str) -> str:
    """Return the address to ask in place of one that is written in a lock or in a specification.

    Raises
    ------
    IsomorphError
        When the environment variable is not made of pairs.
    """
    pairs = [pair.partition("=") for pair in os.environ.get(MIRRORS, "").split()]
    for original, equals, mirror in pairs:
        if not (_SCHEME.match(original) and _SCHEME.match(mirror)):
            raise IsomorphError(
                f'{MIRRORS}: holds "{original}{equals}{without_password(mirror)}", expected pairs '
                "such as https://s3.amazonaws.com=https://mirror.example.org"
            )
    matching = [(original, mirror) for original, _, mirror in pairs if _is_below(url, original)]
    if not matching:
        return url
    original, mirror = max(matching, key=lambda pair: len(pair[0]))
    return mirror + url.removeprefix(original)


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")


def _is_below(url: str, original: str) -> bool:
    """Tell whether an address begins with another and not within a word of it."""
    if not url.startswith(original):
        return False
    return original.endswith("/") or url[len(original) :][:1] in ("", "/", "?")
