"""Addresses and DOIs in texts become links, and nothing else does."""

import re
from html import unescape

import pytest
from markupsafe import Markup

from isomorph.report.links import linked

SICI = "10.1890/0012-9658(2006)87[2614:VPOSDM]2.0.CO;2"


def links(text):
    """Return (address, what is shown) of each link of a text."""
    found = re.findall(r'<a href="([^"]*)" rel="noopener">(.*?)</a>', linked(text))
    return [(unescape(address), unescape(shown)) for address, shown in found]


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("see https://example.org/a.", "https://example.org/a", "https://example.org/a"),
        ("(http://example.org/a_(b)).", "http://example.org/a_(b)", "http://example.org/a_(b)"),
        ("https://e.org/?a=1&b=2, and", "https://e.org/?a=1&b=2", "https://e.org/?a=1&b=2"),
        ("doi: 10.7554/eLife.82566;", "https://doi.org/10.7554/eLife.82566",
         "doi: 10.7554/eLife.82566"),
        ("Nimon 2008, 10.3758/BRM.40.2.457", "https://doi.org/10.3758/BRM.40.2.457",
         "10.3758/BRM.40.2.457"),
        (f"(Peres-Neto 2006, https://doi.org/{SICI})",
         f"https://doi.org/{SICI}".replace("[", "%5B").replace("]", "%5D"),
         f"https://doi.org/{SICI}"),
        ('"https://e.org/x"', "https://e.org/x", "https://e.org/x"),
        ("<https://e.org/x>", "https://e.org/x", "https://e.org/x"),
        ("doi: 10.1002/(SICI)1097<1::AID-X>3.0", "https://doi.org/10.1002/(SICI)1097%3C1::AID-X%3E3.0",
         "doi: 10.1002/(SICI)1097<1::AID-X>3.0"),
    ],
)  # fmt: skip
def test_an_address_is_a_link_without_the_sentence_around_it(text, address, shown):
    assert links(text) == [(address, shown)]
    assert Markup(linked(text)).striptags() == " ".join(text.split())


@pytest.mark.parametrize("text", ["version 10.2/3", "1.10.2020/5", "a < b & c", "javascript:x"])
def test_other_texts_are_escaped_and_no_more(text):
    assert linked(text) == Markup.escape(text)


def test_markup_and_its_links_stay():
    said = Markup('<dd title="https://e.org">see <a href="https://e.org">https://e.org</a></dd>')
    assert linked(said) == said


def test_nothing_gets_out_of_an_address():
    found = linked("https://e.org/\"onmouseover='x' <b>")
    assert "<b>" not in found
    assert "onmouseover" not in re.search(r"<a[^>]*>", found)[0]
