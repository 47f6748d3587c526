"""Files kept in the page, so that it still has them when it is sent without its folder."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

LARGEST_PAGE = 8_000_000
"""Bytes a page may have with the files it keeps: what can still be sent by mail."""


def with_files(page: str, paths: Mapping[str, Path], limit: int = LARGEST_PAGE) -> str:
    """Return a page with as many files in it as it has room for.

    Parameters
    ----------
    page : str
        HTML, whose links to the files are their addresses.
    paths : mapping of str to Path
        By address. The largest are left out first; `files.js` marks the links to these.
    limit : int, optional
        Bytes of the whole page.
    """
    room = limit - len(page.encode())
    held = {address: _packed(path) for address, path in paths.items()}
    scripts = []
    for address, contents in sorted(held.items(), key=lambda one: (len(one[1]), one[0])):
        script = Markup('<script type="application/gzip" data-file="{}">{}</script>\n').format(
            address, contents
        )
        room -= len(script.encode())
        if room < 0:
            break
        scripts.append(script)
    body, end, rest = page.rpartition("</body>")
    return body + "".join(scripts) + end + rest


def _packed(path: Path) -> str:
    return base64.b64encode(gzip.compress(path.read_bytes(), mtime=0)).decode("ascii")
