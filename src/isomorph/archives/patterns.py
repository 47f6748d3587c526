"""Glob patterns over relative paths: `*` and `?` stop at a slash, `**` does not."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from isomorph.foreign.globs import expression


def matches(pattern: str, paths: Iterable[str]) -> list[str]:
    """Return the paths a pattern matches whole, sorted.

    Parameters
    ----------
    pattern : str
        ``"stimuli/*.jpg"``, ``"**/*.nwb"``, or a plain path.
    paths : iterable of str
        Relative paths with forward slashes.
    """
    paths = list(paths)
    if pattern in paths:  # a file whose very name holds a bracket
        return [pattern]
    whole = re.compile(expression(pattern), re.DOTALL)
    return sorted(path for path in paths if whole.fullmatch(path))


def find(pattern: str, known: Sequence[str]) -> list[str]:
    """Return what a pattern matches among sorted paths, looking only where it can be.

    Thirty subjects times ten patterns over the 100,000 paths of a large dataset would otherwise
    take a minute.
    """
    literal = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    start = bisect_left(known, literal)
    return matches(pattern, known[start : bisect_left(known, literal + "\U0010ffff")])


def filled(pattern: str, **values: str | None) -> str:
    """Return a pattern with values in place of names in braces.

    Parameters
    ----------
    pattern : str
        As `matches` takes it: ``"{stem}_*.nwb"``.
    **values : str or None
        By name; each stands for itself, whatever signs of a pattern it holds, and None for
        anything but a slash. Other braces stay as they are.

    Examples
    --------
    >>> filled("{stem}_{session}_*.nwb", stem="a[1]", session=None)
    'a[[]1]_*_*.nwb'
    """

    def value(found: re.Match[str]) -> str:
        text = values.get(found[1], found[0])
        return "*" if text is None else re.sub(r"([*?[])", r"[\1]", text)

    return re.sub(r"\{(\w+)\}", value, pattern)


def nearest(path: str, known: Iterable[str]) -> str:
    """Return a clause that suggests the known path most like one, or shows a few that there are."""
    names = sorted(known)
    name = PurePosixPath(path).name
    elsewhere = [other for other in names if PurePosixPath(other).name == name]
    near = elsewhere or difflib.get_close_matches(path, names, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{near[0]}"?'
    if not names:
        return "there is no file at all"
    return "there are " + ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def reaches(pattern: str, folder: str) -> bool:
    """Tell whether a pattern may match something below a folder, whatever that holds.

    Parameters
    ----------
    pattern : str
        As `matches` takes it.
    folder : str
        Relative, with or without a slash at its end.
    """
    steps = pattern.split("/")
    for step, name in zip(steps, folder.rstrip("/").split("/"), strict=False):
        if "**" in step:
            return True
        if not matches(step, [name]):
            return False
    return len(steps) > len(folder.rstrip("/").split("/"))


def asks_for(pattern: str, path: str) -> bool:
    """Tell whether a pattern matches a path, or a folder it is part of or may stand for.

    Parameters
    ----------
    pattern : str
        As `matches` takes it.
    path : str
        A file, or a folder with a slash at its end. A name without a dot may be either; a folder
        with a dot, such as a recording's `.ds`, is matched as a file would be.
    """
    if path.endswith("/"):
        return reaches(pattern, path)
    place = PurePosixPath(path)
    whole = [path, *(str(one) for one in place.parents if "." in one.name)]
    return bool(matches(pattern, whole)) or ("." not in place.name and reaches(pattern, path))
