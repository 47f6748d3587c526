"""Glob patterns over relative paths as regular expressions."""

from __future__ import annotations

import re

_PIECES = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)
_MEANING = {"**/": r"(?:[^/]+/)*", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}


def expression(pattern: str) -> str:
    """Return the regular expression of a pattern; `*` and `?` stop at a slash, `**` does not.

    Parameters
    ----------
    pattern : str
        ``"stimuli/*.jpg"``, ``"**/*.nwb"``, or a plain path, with forward slashes.
    """
    return "".join(_translate(piece) for piece in _PIECES.findall(pattern))


def _translate(piece: str) -> str:
    if piece in _MEANING:
        return _MEANING[piece]
    if len(piece) > 1:  # a set of characters
        inner = piece[1:-1].replace("\\", "\\\\").replace("[", "\\[")
        return f"[{'^/' + inner[1:] if inner.startswith('!') else inner}]"
    return re.escape(piece)
