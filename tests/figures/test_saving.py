"""Figures as files: what an SVG says, what is left out of it, and that no day is in it."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from isomorph.figures import style
from isomorph.stages.saving import lean, save


@pytest.fixture
def figure():
    with style.styled():
        made = Figure(figsize=(3, 3))
        ax = made.subplots()
        ax.imshow(np.random.default_rng(0).random((9, 9)), interpolation="nearest")
        ax.scatter(range(4), range(4), s=20, c="#0067a5")
        ax.set_title("Title & more", fontstyle="italic")
        ax.set_xlabel("x", fontweight="bold")
    return made


def test_an_svg_holds_its_words_as_text_and_says_what_it_shows(figure, tmp_path):
    save(figure, tmp_path / "a.svg", title="A <title>", description="A & B.")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert [child.tag.rsplit("}")[-1] for child in root][:2] == ["title", "desc"]
    assert (root[0].text, root[1].text) == ("A <title>", "A & B.")
    assert root.get("role") == "img"
    assert root.get("aria-label") == "A <title>. A & B"
    save(figure, tmp_path / "a.svg", title="How similar?", description="Not at all.")
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert root.get("aria-label") == "How similar? Not at all"
    assert root.get("font-family").endswith("sans-serif")
    words = [node.text for node in root.iter() if node.tag.endswith("}text")]
    assert {"Title & more", "x"} <= set(words)
    assert "font-style: italic" in text
    assert re.search("font-weight: (bold|700)", text)
    assert "DejaVu" not in text.replace(root.get("font-family"), "")


def test_an_svg_is_transparent_and_touches_nothing_else_on_its_page(figure, tmp_path):
    save(figure, tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "<style" not in text
    assert "<metadata" not in text
    assert "#ffffff" not in text
    ids = set(re.findall(r' id="([^"]*)"', text))
    assert ids == {one for one in ids if f"#{one}" in text}  # no name without a use


def test_the_same_figure_gives_the_same_bytes(figure, tmp_path):
    for kind in ("svg", "pdf", "png"):
        first, second = tmp_path / f"a.{kind}", tmp_path / f"b.{kind}"
        save(figure, first, title="t")
        save(figure, second, title="t")
        assert first.read_bytes() == second.read_bytes()


def test_what_reaches_beyond_the_figure_is_kept(tmp_path):
    figure = Figure(figsize=(2, 2))
    figure.add_axes((0, 0, 1, 1)).set(xticks=[], yticks=[])
    figure.text(1, 0, "far out", va="top", ha="left", fontsize=9)
    save(figure, tmp_path / "a.svg")
    root = ElementTree.fromstring((tmp_path / "a.svg").read_text(encoding="utf-8"))
    width = float(root.get("width").removesuffix("pt"))
    (text,) = (node for node in root.iter() if node.tag.endswith("}text"))
    assert width > 144 + 30
    assert 140 < float(text.get("x")) < 150


def test_cells_of_a_matrix_are_exact_and_a_photograph_is_small():
    def picture(pixels):
        out = io.BytesIO()
        Image.fromarray(pixels, "RGBA").save(out, format="PNG")
        coded = base64.b64encode(out.getvalue()).decode()
        found = re.search(
            'image/([a-z]+);base64,([^"]*)', lean(f'<svg x="data:image/png;base64,{coded}"/>')
        )
        with Image.open(io.BytesIO(base64.b64decode(found[2]))) as image:
            return found[1], np.asarray(image.convert("RGBA")), len(found[2]) / len(coded)

    rng = np.random.default_rng(1)
    few = rng.integers(0, 255, (40, 4)).astype(np.uint8)[rng.integers(0, 40, (60, 60))]
    kind, back, _ = picture(few)
    assert kind == "png"
    np.testing.assert_array_equal(back, few)
    smooth = np.add.outer(np.arange(60), np.arange(60))[..., None] * (1, 2, 3, 0) % 256
    many = (smooth + (0, 0, 0, 255) + rng.integers(0, 3, (60, 60, 4)) * (1, 1, 1, 0)).clip(0, 255)
    kind, back, share = picture(many.astype(np.uint8))
    assert kind == "jpeg"
    assert share < 0.8


def test_many_markers_say_their_style_once_and_two_equal_pictures_are_one():
    use = '<use xlink:href="#m" x="1" y="2" style="fill: #000000"/>'
    assert lean(f'<svg><defs><path id="m"/></defs>{use * 3}</svg>').count("style") == 1
    image = (
        '<image xlink:href="data:image/gif;base64,AA" transform="scale(1)" x="{}" y="3" width="4"/>'
    )
    text = lean(f"<svg>{image.format('5.00')}{image.format('9.50')}</svg>")
    assert text.count("data:image") == 1
    assert re.search(r'<use xlink:href="#i[0-9a-f]+" x="4.50"/>', text)
