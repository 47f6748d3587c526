"""Figures as elements: readable, recoloured, apart from each other."""

import re
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from isomorph.figures.style import INK, styled
from isomorph.report.drawings import dark, drawing, picture
from isomorph.stages.saving import save


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """An SVG with a clipped line, markers and text, and one that holds an image."""
    folder = tmp_path_factory.mktemp("drawings")
    with styled():
        for name in ("line", "map"):
            figure = Figure(figsize=(8, 4))
            ax = figure.subplots()
            ax.set_title("Title & more", fontsize=7.5)
            if name == "line":
                ax.plot([0, 1], [0, 2], "o-", color="#0067a5")
            else:
                ax.imshow([[0, 1], [1, 0]])
            save(figure, folder / f"{name}.svg", title="A title", description="A line")
    return folder


def test_identifiers_are_the_figures_own_and_none_is_lost(written):
    text = (written / "line.svg").read_text()
    both = "".join(drawing(text, name, "what is seen") for name in ("one", "two"))
    found = re.findall(r' id="([^"]*)"', both)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]*)', both))
    assert len(found) == len(set(found))
    assert used == set(found)
    assert {one.split("-")[0] for one in found} == {"one", "two"}


def test_what_is_seen_is_said_once_and_nothing_styles_the_page(written):
    said = drawing((written / "line.svg").read_text(), "one", 'above "zero" & < ceiling')
    element = ElementTree.fromstring(said)
    assert element.get("aria-label") == 'above "zero" & < ceiling'
    assert element.get("role") == "graphics-document"
    assert not re.search("<(style|title|desc|metadata|!DOCTYPE)|<!--|<[?]xml", said)


def test_each_colour_has_a_counterpart_on_dark_paper(written):
    said = drawing((written / "line.svg").read_text(), "one", "")
    (style,) = re.findall(r'<svg[^>]* style="([^"]*)"', said)
    for colour in ("#0067a5", INK):
        assert f":var(--light,{colour}) var(--dark,{dark(colour)})" in style
    assert not re.findall("#[0-9a-f]{6}", said.replace(style, ""))


def test_a_scale_of_colours_stays_on_white(written):
    said = drawing((written / "map.svg").read_text(), "one", "")
    assert said.startswith('<svg class="drawing paper"')
    assert "--dark" not in said
    assert f"fill: {INK}" in said


def test_a_drawing_scrolls_before_its_letters_are_too_small():
    letters = ("font-size: 7.5px", "font: 600 10px b")
    texts = "".join(f'<text style="{one}">a</text>' for one in letters)
    said = drawing(f'<svg viewBox="0 0 600 300">{texts}</svg>', "one", "")
    assert "width:800px;min-width:720px;aspect-ratio:600/300" in said


def test_a_drawing_of_very_many_marks_is_a_picture(written, monkeypatch):
    monkeypatch.setattr("isomorph.report.drawings.LARGEST", 100)
    said = picture(written / "line.svg", "one", 'a "b"')
    assert said.startswith('<img class="paper" src="data:image/svg+xml;base64,')
    assert said.endswith('alt="a &#34;b&#34;">')
