"""Figures as files: SVG whose text stays text, PDF, and pictures; the same figure, the same bytes.

An SVG carries its title and what it shows as words, is transparent, defines no style beyond itself
and holds no identifier that another figure on the same page could have with other contents.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections import Counter
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from isomorph.artefacts import replacing
from isomorph.figures.style import styled

FONTS = "'DejaVu Sans', Verdana, sans-serif"
"""What text is drawn with: measured in the first, of which the second has the widths."""

MARGIN = 0.04
"""Inches around everything that is drawn."""

PHOTOGRAPH = 80
"""Quality of embedded pictures of more colours than a palette holds."""

PALETTE = 256


def save(figure: Figure, path: Path, *, title: str = "", description: str = "") -> None:
    """Write a figure atomically, whole whatever its text reaches.

    Parameters
    ----------
    figure : Figure
    path : Path
        Its suffix says the format: `.svg`, `.pdf` or `.png`.
    title, description : str, optional
        What an SVG says of itself; a PDF has the title.
    """
    kind = path.suffix[1:]
    # Cells of a matrix are sharp: SVG scales them itself, where PDF viewers would blur them.
    for image in (image for ax in figure.axes for image in ax.images):
        if image.get_interpolation() in ("none", "nearest"):
            image.set_interpolation("none" if kind == "svg" else "nearest")
    with styled(), replacing(path) as temporary:
        figure.savefig(
            temporary, format=kind, metadata=_metadata(kind, title), bbox_inches="tight",
            pad_inches=MARGIN, transparent=kind != "png",
        )  # fmt: skip
        if kind == "svg":
            text = temporary.read_text(encoding="utf-8")
            temporary.write_text(lean(text, title, description), encoding="utf-8")
        elif kind == "png":
            _in_palette(temporary)
    figure.set_layout_engine("none")  # in its next format everything stands where it stands now


def _metadata(kind: str, title: str) -> dict[str, str | None]:
    """Return what a file says of itself: no date, which would differ from run to run."""
    if kind == "svg":
        return {"Date": None}
    if kind == "pdf":
        return {"CreationDate": None, "Title": title or None}
    return {"Software": None}


PLACES = re.compile(r'(?<= )(d|x|y)="([^"]*)"')
"""Attributes of an SVG that hold coordinates, in points; scales are none of them."""

FAMILY = re.compile(r"; font-family: 'DejaVu Sans'[^;\"]*|font-family: 'DejaVu Sans'[^;\"]*; ")
PICTURE = re.compile(r'"data:image/png;base64,([^"]*)"')
HEAD = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
STYLE = re.compile(r"\s*<defs>\s*<style[^>]*>.*?</style>\s*</defs>", re.DOTALL)
IDENTITY = re.compile(r' id="([^"]*)"')
TURN = re.compile(r"(?<=transform=\"rotate\()[^)]*|(?<=transform=\"translate\()[^)]*")
USES = re.compile(r'(?:<use [^>]*? style="([^"]*)"/>)(?:<use [^>]*? style="\1"/>)+')
IMAGE = re.compile(r'(<image xlink:href="([^"]*)" transform="[^"]*" x="([^"]*)"([^>]*)/>)')
UNSEEN = re.compile(r'<path [^>]*style="fill: none"/>| transform="rotate\(-?0 [^)]*\)"')
"""Patches without ink, and texts turned by nothing."""
REFERENCE = re.compile(r"(?:url\(#|href=\"#)([^)\"]+)")


def lean(text: str, title: str = "", description: str = "") -> str:
    """Return an SVG of matplotlib smaller, with its title, and fit to stand inside a page.

    Parameters
    ----------
    text : str
        The SVG.
    title, description : str, optional
        For people who do not see it.
    """
    text = HEAD.sub("", text, count=1)
    text = STYLE.sub("", METADATA.sub("", text), count=1)
    text = FAMILY.sub("", text)
    used = set(REFERENCE.findall(text))
    text = IDENTITY.sub(lambda one: one[0] if one[1] in used else "", text)
    text = PLACES.sub(_hundredths, text)
    text = PICTURE.sub(_smaller_picture, text)
    text = TURN.sub(_hundredths_of, text)
    text = UNSEEN.sub("", re.sub(r">\s+<", "><", text)).replace("<g></g>", "")
    text = _shared(_once(text))
    words = ". ".join(part.rstrip(".") for part in (title, description) if part)
    words = words.replace("?. ", "? ")
    attributes = f' role="img" aria-label={quoteattr(words)}' if words else ""
    attributes += f' font-family="{FONTS}" stroke-linejoin="round"'
    said = "".join(
        f"<{tag}>{escape(what)}</{tag}>"
        for tag, what in (("title", title), ("desc", description)) if what
    )  # fmt: skip
    return re.sub(r"(<svg\b[^>]*)>", lambda one: f"{one[1]}{attributes}>{said}", text, count=1)


def _hundredths(match: re.Match[str]) -> str:
    places = re.sub(r"-?\d+\.\d+", lambda one: f"{float(one[0]):.2f}", match[2])
    return f'{match[1]}="{" ".join(places.split())}"'


def _hundredths_of(match: re.Match[str]) -> str:
    return re.sub(r"-?\d+\.\d+", lambda one: f"{float(one[0]):.2f}", match[0])


def _shared(text: str) -> str:
    """Say the style of many markers once, for the group of them."""

    def grouped(match: re.Match[str]) -> str:
        bare = match[0].replace(f' style="{match[1]}"', "")
        return f'<g style="{match[1]}">{bare}</g>'

    return USES.sub(grouped, text)


def _once(text: str) -> str:
    """Hold a picture once that stands twice in one row."""
    first: dict[str, tuple[str, float]] = {}
    counts = Counter(one[1] + one[3] for one in IMAGE.findall(text))

    def shown(match: re.Match[str]) -> str:
        _, picture, x, rest = match.groups()
        if counts[picture + rest] < 2:
            return match[0]
        # A picture is known by its bytes, so that the name means the same on any page.
        name = "i" + hashlib.sha256(picture.encode()).hexdigest()[:10]
        if picture + rest not in first:
            first[picture + rest] = (name, float(x))
            return match[0].replace("<image", f'<image id="{name}"', 1)
        name, at = first[picture + rest]
        return f'<use xlink:href="#{name}" x="{float(x) - at:.2f}"/>'

    return IMAGE.sub(shown, text)


def _smaller_picture(match: re.Match[str]) -> str:
    """Keep a picture of few colours in a palette; of many, and opaque, as a photograph."""
    written = base64.b64decode(match[1])
    with Image.open(io.BytesIO(written)) as picture:
        found, kind = _smaller(picture.convert("RGBA"))
    if len(found) >= len(written):
        found, kind = written, "png"
    return f'"data:image/{kind};base64,{base64.b64encode(found).decode()}"'


def _smaller(picture: Image.Image) -> tuple[bytes, str]:
    out = io.BytesIO()
    pixels = np.asarray(picture)
    colours, cell = np.unique(pixels.reshape(-1, 4), axis=0, return_inverse=True)
    if len(colours) <= PALETTE:
        few = Image.fromarray(cell.reshape(pixels.shape[:2]).astype(np.uint8), "P")
        few.putpalette(colours[:, :3].tobytes())
        few.save(out, format="PNG", optimize=True, transparency=colours[:, 3].tobytes())
        return out.getvalue(), "png"
    if pixels[..., 3].min() == 255:
        picture.convert("RGB").save(out, format="JPEG", quality=PHOTOGRAPH, optimize=True)
        return out.getvalue(), "jpeg"
    picture.save(out, format="PNG", optimize=True)
    return out.getvalue(), "png"


def _in_palette(path: Path) -> None:
    """Keep 256 colours of a picture: a map of colours, and thumbnails, need no more."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(
            PALETTE, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.FLOYDSTEINBERG
        )
    small.save(path, format="PNG", optimize=True)
