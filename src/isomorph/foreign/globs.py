"""Glob patterns over relative paths, and folders that stand for one file."""

from __future__ import annotations

import re
from collections.abc import Iterable

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


def whole_folders(paths: Iterable[str], endings: tuple[str, ...]) -> list[str]:
    """Return paths with a folder in place of the files in it, where its name ends so.

    Parameters
    ----------
    paths : iterable of str
        Relative paths of files with forward slashes.
    endings : tuple of str
        How names of folders end that stand for one file, case aside: `.ds`, `.mff`.
    """
    if not endings:
        return list(paths)
    found = []
    for path in paths:
        pieces = path.split("/")
        ends = [n for n, piece in enumerate(pieces[:-1], 1) if piece.lower().endswith(endings)]
        found.append("/".join(pieces[: ends[0]]) if ends else path)
    return list(dict.fromkeys(found))


def _translate(piece: str) -> str:
    if piece in _MEANING:
        return _MEANING[piece]
    if len(piece) > 1:  # a set of characters
        inner = piece[1:-1].replace("\\", "\\\\").replace("[", "\\[")
        return f"[{'^/' + inner[1:] if inner.startswith('!') else inner}]"
    return re.escape(piece)
