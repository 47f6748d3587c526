"""Figures put into the page: as elements whose text can be read and recoloured, or as pictures."""

from __future__ import annotations

import base64
import re
from functools import cache, partial
from math import ceil
from pathlib import Path

import numpy as np
from markupsafe import Markup, escape

LARGEST = 800_000
"""Bytes of a drawing that is put in as elements; a larger one would slow the page down."""
LEGIBLE = 9.0
"""Pixels of the smallest letters of a drawing: where they would be smaller, it scrolls."""
PIXELS = 96 / 72
"""Of a point."""

SAID = re.compile(r"<(title|desc)>.*?</\1>", re.DOTALL)
TAG = re.compile(r"<svg\b[^>]*>")
OWN = re.compile(r' (?:width|height|role|aria-label|xmlns(?::xlink)?|version)="[^"]*"')
BOX = re.compile(r'viewBox="\S+ \S+ (\S+) (\S+)"')
REFERENCE = re.compile(r'(?:url\(#|href="#)([^)"]+)')
IDENTITY = re.compile(r' id="([^"]*)"')
STYLE = re.compile(r'style="[^"]*"')
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
LETTERS = re.compile(r"font(?:-size)?: *(?:[a-z0-9]+ +)*?([\d.]+)px")

TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
FROM_CONES = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
"""Linear sRGB to cones to OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab)."""
DARKEST, CONTRAST, LIGHTEST = 0.21, 1.02, 0.93
"""Lightness of dark paper, by how much more than that white differs from a colour, the most."""


def picture(path: Path, name: str, alternative: str) -> Markup:
    """Return a figure as HTML.

    Parameters
    ----------
    path : Path
        Its SVG.
    name : str
        What no other figure of the page is called.
    alternative : str
        What the figure shows, for those who do not see it.
    """
    if path.stat().st_size <= LARGEST:
        return drawing(path.read_text(encoding="utf-8"), name, alternative)
    contents = base64.b64encode(path.read_bytes()).decode()
    return Markup('<img class="paper" src="data:image/svg+xml;base64,{}" alt="{}">').format(
        contents, alternative
    )


def drawing(text: str, name: str, alternative: str) -> Markup:
    """Return an SVG as `isomorph.stages.saving` writes it as an element of the page.

    Text stays text, identifiers get the figure's name in front of them, and each colour its
    counterpart on dark paper; a drawing that holds an image, whose colours are a scale, stays on
    white paper.

    Parameters
    ----------
    text : str
        The file.
    name : str
        What no other figure of the page is called.
    alternative : str
        What the figure shows.
    """
    text = SAID.sub("", text).replace("xlink:href", "href")
    used = set(REFERENCE.findall(text))
    text = IDENTITY.sub(lambda one: f' id="{name}-{one[1]}"' if one[1] in used else "", text)
    text = REFERENCE.sub(lambda one: one[0].replace("#", f"#{name}-", 1), text)
    colours: dict[str, str] = {}
    paper = "<image" in text
    if not paper:
        text = STYLE.sub(partial(_recoloured, colours), text)
    (tag,) = TAG.findall(text)[:1]
    width, height = (float(one) for one in BOX.findall(tag)[0])
    smallest = min((float(one) for one in LETTERS.findall(text)), default=LEGIBLE / PIXELS)
    style = (
        f"width:{PIXELS * width:.0f}px;min-width:{ceil(width * LEGIBLE / smallest)}px;"
        f"aspect-ratio:{width:g}/{height:g}"
    )
    style += "".join(f";{key}:var(--light,{c}) var(--dark,{dark(c)})" for c, key in colours.items())
    said = (
        f'<svg class="drawing{" paper" * paper}" role="graphics-document" style="{style}" '
        f'aria-label="{escape(alternative)}"'
    )
    return Markup(text.replace(tag, said + OWN.sub("", tag)[len("<svg") :], 1))


def _recoloured(names: dict[str, str], style: re.Match[str]) -> str:
    """Return a style that names its colours, which are put into `names`."""
    return COLOUR.sub(
        lambda one: f"var({names.setdefault(one[0].lower(), f'--c{len(names)}')})", style[0]
    )


@cache
def dark(colour: str) -> str:
    """Return what a colour on white paper is on dark paper: its lightness turned over.

    Examples
    --------
    >>> dark("#ffffff"), dark("#22262b")
    ('#181818', '#e3e8ef')
    """
    coded = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    lab = FROM_CONES @ np.cbrt(TO_CONES @ linear)
    lab[0] = min(DARKEST + CONTRAST * (1 - lab[0]), LIGHTEST)
    linear = np.linalg.solve(TO_CONES, np.linalg.solve(FROM_CONES, lab) ** 3).clip(0, 1)
    coded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * one):02x}" for one in coded)
