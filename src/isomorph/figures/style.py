"""One look for every figure: colours, type, and how a figure reaches the disk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from PIL import Image

from isomorph.artefacts import replacing
from isomorph.figures.selection import Family

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STRONG = ("#0067a5", "#c8501e", "#00805e", "#a2478d", "#7a5c00", "#3c3c9c")
"""One per trained family, in study order: after Okabe and Ito, darkened for text on white."""
MUTED = ("#b8995f", "#a6907c", "#9aa27a", "#a08fa6")
"""One per family of untrained twins."""
BASELINE = "#4a4f57"
INK = "#22262b"
FAINT = "#8a9099"
CEILING = "#e6e8ec"
REGION = "#b3123a"
COLOUR_MAP = "viridis"

SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "savefig.dpi": 200,
    # Without a fixed salt the ids inside an SVG differ from run to run.
    "svg.hashsalt": "isomorph",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save in the style of the house, whatever the user's own settings."""
    with mpl.rc_context(SETTINGS):
        yield


def colours(families: Sequence[Family]) -> dict[str, str]:
    """Return a colour for each model family, by name; the same in every figure of a study."""
    counts = {"trained": 0, "twins": 0}
    palette = {"trained": STRONG, "twins": MUTED}
    chosen = {}
    for family in families:
        if family.kind == "baseline":
            chosen[family.name] = BASELINE
            continue
        ramp = palette[family.kind]
        chosen[family.name] = ramp[counts[family.kind] % len(ramp)]
        counts[family.kind] += 1
    return chosen


def save(figure: Figure, path: Path) -> None:
    """Write a figure atomically; the same figure gives the same bytes."""
    metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
    with styled(), replacing(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], metadata=metadata)
        SMALLER[path.suffix](temporary)


PLACES = re.compile(r'(?<= )(d|x|y)="([^"]*)"')
"""Attributes of an SVG that hold coordinates, in points; scales are none of them."""


def _rounded(path: Path) -> None:
    """Round the coordinates of an SVG to a hundredth of a point, each path in one line."""
    text = PLACES.sub(_hundredths, path.read_text(encoding="utf-8"))
    path.write_text(re.sub(r"\n +(?=<)", "\n", text), encoding="utf-8")


def _hundredths(match: re.Match[str]) -> str:
    places = re.sub(r"-?\d+\.\d+", lambda one: f"{float(one[0]):.2f}", match[2])
    return f'{match[1]}="{" ".join(places.split())}"'


def _in_palette(path: Path) -> None:
    """Keep 256 colours of a picture: RDMs in one map of colours, and thumbnails, need no more."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(
            256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.FLOYDSTEINBERG
        )
    small.save(path, format="PNG", optimize=True)


SMALLER = {".svg": _rounded, ".png": _in_palette}
"""How a written figure is made smaller, so that a page of many stays light."""


def slug(text: str) -> str:
    """Return a text as part of a file name: lower case, words joined by hyphens."""
    words = text.lower().replace("\N{MINUS SIGN}", " minus ")  # -50 to 0 is not 50 to 0
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-") or "unnamed"


def thinned(n: int, most: int = 30) -> list[int]:
    """Return at most `most` evenly spaced positions out of `n`, the first among them."""
    step = -(-n // most) if n else 1
    return list(range(0, n, step))


def name_lines(ax: Any, texts: Sequence[tuple[str, str]]) -> None:
    """Name lines in their own colours above a panel: no legend to look up.

    Parameters
    ----------
    ax : Axes
        The panel.
    texts : sequence of (str, str)
        Text and colour, top to bottom.
    """
    for line, (text, colour) in enumerate(reversed(texts)):
        ax.annotate(
            text, (0, 1), xycoords="axes fraction", xytext=(0, 4 + 12 * line),
            textcoords="offset points", color=colour, fontsize=9, fontweight="bold", va="bottom",
        )  # fmt: skip
