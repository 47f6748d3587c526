"""Names with numbers in them, in the order people count."""

from __future__ import annotations

import re


def by_number(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts names by the numbers in them: `image_2` before `image_10`.

    Numbers stand before words, as they do where names are sorted by their characters.

    Examples
    --------
    >>> sorted(["b", "a10", "a2", "7"], key=by_number)
    ['7', 'a2', 'a10', 'b']
    """
    return [
        (0, int(piece), "") if piece.isdecimal() else (1, 0, piece)
        for piece in re.split(r"(\d+)", name)
        if piece
    ]
