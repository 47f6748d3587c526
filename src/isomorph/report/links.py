"""Addresses and DOIs in texts made into links."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

from markupsafe import Markup, escape

RESOLVER = "https://doi.org/"
TAGS = re.compile(r"(<a\b.*?</a>|<[^>]*>)", re.DOTALL)
ADDRESS = re.compile(
    r"(?P<url>https?://(?:(?!&lt;|&gt;|&#34;|&quot;)[^\s<>\"])+)"
    r"|(?P<said>\bdoi: ?)?(?<![\w./])(?P<doi>10\.\d{4,9}/(?:(?!&#34;|&quot;)[^\s<>\"])+)",
    re.IGNORECASE,
)
AFTER = ".,;:!?"
"""What ends a sentence and no address."""


def linked(text: str) -> Markup:
    """Return a text in which every address and every DOI is a link; all else is escaped.

    Parameters
    ----------
    text : str
        Plain, or `Markup`, whose tags and links stay as they are.

    Examples
    --------
    >>> str(linked("Nili et al. 2014 (doi:10.1371/x.1)."))
    'Nili et al. 2014 (<a href="https://doi.org/10.1371/x.1" rel="noopener">doi:10.1371/x.1</a>).'
    """
    parts = TAGS.split(escape(text))
    parts[::2] = [ADDRESS.sub(_link, words) for words in parts[::2]]
    return Markup("".join(parts))


def _link(match: re.Match[str]) -> str:
    said, found = match["said"] or "", match["url"] or match["doi"]
    address = _trimmed(found)
    shown, rest = address, found[len(address) :]
    plain = unescape(address)
    if match["doi"]:
        plain = RESOLVER + plain
    # Square brackets and the like, which DOIs hold, are not allowed in an address as they are.
    href = escape(quote(plain, safe="/:?#@!$&'()*+,;=%~"))
    return f'<a href="{href}" rel="noopener">{said}{shown}</a>{rest}'


def _trimmed(address: str) -> str:
    """Return an address without what belongs to the sentence: stops, brackets it did not open."""
    while address:
        last = address[-1]
        entity = re.search(r"&#?\w+;$", address)
        if entity and unescape(entity[0]) in "<>\"'":
            address = address[: entity.start()]
        elif (last in AFTER and not entity) or any(
            last == close and address.count(close) > address.count(open_)
            for open_, close in ("()", "[]")
        ):
            address = address[:-1]
        else:
            break
    return address
