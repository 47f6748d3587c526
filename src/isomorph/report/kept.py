"""Files kept in the page, so that it still has them when it is sent without its folder."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

from markupsafe import Markup

LARGEST_PAGE = 8_000_000
"""Bytes a page may have with the files it keeps: what can still be sent by mail."""

LINK = re.compile(r'<a href="([^"#][^"]*)"')


def with_files(page: str, paths: Mapping[str, Path], limit: int = LARGEST_PAGE) -> str:
    """Return a page with as many files in it as it has room for.

    Parameters
    ----------
    page : str
        HTML, whose links to the files are their addresses.
    paths : mapping of str to Path
        By address; what the page does not link to stays out. Where there is no room, pictures for
        print are left out first, then the largest files; `files.js` marks the links to these.
    limit : int, optional
        Bytes of the whole page.
    """
    room = limit - len(page.encode())
    linked = {unescape(one) for one in LINK.findall(page)}
    held = {address: _packed(path) for address, path in paths.items() if address in linked}
    scripts = []
    for address, contents in sorted(held.items(), key=_worth):
        script = Markup('<script type="application/gzip" data-file="{}">{}</script>\n').format(
            address, contents
        )
        if (size := len(script.encode())) <= room:
            room -= size
            scripts.append(script)
    body, end, rest = page.rpartition("</body>")
    return body + "".join(scripts) + end + rest


def _worth(held: tuple[str, str]) -> tuple[bool, int, str]:
    address, contents = held
    return address.endswith(".pdf"), len(contents), address


def _packed(path: Path) -> str:
    return base64.b64encode(gzip.compress(path.read_bytes(), mtime=0)).decode("ascii")
