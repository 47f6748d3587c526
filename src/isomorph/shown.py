"""What others wrote, as it may be printed and kept: quoted, never obeyed, and no key given away."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What steers a terminal or turns the order of a line, and bytes of names that are not text."""

_AS_WRITTEN: dict[str, str] = {}
"""Paths as a study writes them, by what their variables made of them."""


def shown(text: str) -> str:
    r"""Return a text as it may be printed or kept, whoever wrote the names in it.

    Control characters and those that turn the direction of writing are spelled out, so that no name
    in a file of others can steer a terminal. A path that a study writes with variables is shown as
    it is written, for a variable may hold a key. Tabs and line feeds stay.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> shown("face" + chr(27) + "[2J")
    'face\\x1b[2J'
    """
    if _AS_WRITTEN:
        text = _any_of(tuple(_AS_WRITTEN)).sub(lambda found: _AS_WRITTEN[found[0]], text)
    return _UNSEEN.sub(_spelled, text)


def is_plain(name: str) -> bool:
    """Tell whether a name can stand in tables, in files and on a terminal as it is."""
    return not re.search(r"[\t\n]", name) and not _UNSEEN.search(name)


def expanded(path: str, beside: Path) -> Path:
    """Return the path that a study's text means, and let `shown` give the text in its place.

    What variables make of it is absolute where it would else be one word, which may stand anywhere.

    Parameters
    ----------
    path : str
        With environment variables and `~`.
    beside : Path
        What a relative path counts from.

    Raises
    ------
    KeyError
        With the name of a variable that is not set.
    RuntimeError
        When it begins with the home of somebody who has none.
    """
    for name in re.findall(r"\$\{?(\w+)", path):
        if name not in os.environ:
            raise KeyError(name)
    plain = Path(os.path.expandvars(path)).expanduser()
    found = beside / plain
    if str(plain) == str(Path(path)):
        return found
    if len(found.parts) == 1 and not found.is_absolute():
        found = found.absolute()
    whole = found.absolute()
    written = path if plain.is_absolute() else str(beside.absolute() / path)
    forms = dict.fromkeys((str(whole), os.path.normpath(whole), os.path.realpath(whole)), written)
    forms.setdefault(str(found), path if plain.is_absolute() else str(beside / path))
    # A variable that leads to a folder the study stands in is not a name for all that is in there.
    here = beside.resolve() if not plain.is_absolute() else Path(os.sep)
    _AS_WRITTEN.update(
        (form, text)
        for form, text in forms.items()
        if len(Path(form).parts) > 1 and not here.is_relative_to(Path(form).resolve())
    )
    return found


def located(written: str) -> Path:
    """Return the path that `shown` gave as it was written."""
    return Path(os.path.expandvars(written)).expanduser()


@lru_cache(maxsize=1)
def _any_of(paths: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds the longest of some paths, but not as part of a longer name or path."""
    either = "|".join(re.escape(path) for path in sorted(paths, key=len, reverse=True))
    return re.compile(rf"(?<![\w./~$*?+@%)}}\]-])(?:{either})(?![\w~+@%-]|\.\w)")


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as the system's names have it
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
