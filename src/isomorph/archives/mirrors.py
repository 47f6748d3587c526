"""Mirrors: where an address of an archive is really asked."""

from __future__ import annotations

import os

from isomorph.errors import IsomorphError

MIRRORS = "ISOMORPH_MIRRORS"
"""The environment variable of `<address>=<address>` pairs, separated by blanks: every address that
begins with the first is asked at the second. For the mirror of an institute, and for tests."""


def mirrored(url: str) -> str:
    """Return the address to ask in place of one that is written in a lock or in a specification.

    Raises
    ------
    IsomorphError
        When the environment variable is not made of pairs.
    """
    pairs = [pair.partition("=") for pair in os.environ.get(MIRRORS, "").split()]
    for original, equals, mirror in pairs:
        if not (original and equals and mirror):
            raise IsomorphError(
                f'{MIRRORS}: holds "{original}{equals}{mirror}", expected pairs such as '
                "https://s3.amazonaws.com=https://mirror.example.org"
            )
    matching = [(original, mirror) for original, _, mirror in pairs if url.startswith(original)]
    if not matching:
        return url
    original, mirror = max(matching, key=lambda pair: len(pair[0]))
    return mirror + url.removeprefix(original)
