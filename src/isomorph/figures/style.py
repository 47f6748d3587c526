"""One look for every figure: colours, type, and the parts that several figures have."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import Colormap, to_hex, to_rgb
from matplotlib.figure import Figure

from isomorph.figures.main_rows import SIGNIFICANT, Family
from isomorph.numerals import number

STRONG = (
    "#0067a5", "#c8501e", "#0f9b6c", "#691e69", "#b478f0", "#004b00",
    "#96003c", "#875ae1", "#d278a5", "#5a0fa5", "#f0691e", "#875a69",
)  # fmt: skip
"""One per trained family, in study order. Any two are at least .08 apart in OKLab as people of full
colour vision, protanopes, deuteranopes and tritanopes see them (Machado 2009), and each has a
contrast of at least 3 with white."""
MUTED = ("#97783a", "#8d7464", "#74805a", "#8a7590", "#5f7f86", "#a06a6a")
"""One per family of untrained controls."""
BASELINES = ("#33383f", "#6b727b", "#8f959d", "#4f5a50", "#7d6f66")
"""One per baseline, which differ by their form as well."""
FORMS = {
    "trained": ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*"),
    "untrained": ("o",),
    "baseline": ("s", "D", "^", "v", "P", "X", "p", "h"),
}
"""Markers by kind of model; those of untrained controls are always open."""
DASHES = (0, (3.2, 1.6))
"""The line of an untrained control."""
INK = "#22262b"
"""Text, axes of matrices, what is not a model's."""
SOFT = "#5b626c"
"""Text of the second rank, with a contrast of 6 with white."""
FAINT = "#8a9099"
"""Lines and rings, no text."""
CEILING = "#e6e8ec"
"""Bands of the noise ceiling and lines of a grid."""
PAPER = "#ffffff"
"""What is behind the figure: the face of open markers."""
ON_DARK, ON_LIGHT = "#fefefe", "#17191d"
"""Text and lines on a colour of a map, whatever is behind the figure."""
REGION = "#b3123a"
COLOUR_MAP = "viridis"
LONGEST_LINE = 44
"""Letters of a line beside an axis, which the shortest axis has room for."""
LONGEST_NAME = 30
"""Letters of a line of a name at the left of a panel."""
SMALL = 7.5
"""Points of the smallest letters: 10 pixels on the page."""
WIDEST = 9.8
"""Inches of the widest figure, which the page shows at its natural size."""
READABLE = 4.5
"""Contrast with white that text needs (WCAG 2, level AA)."""

SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "pdf.fonttype": 42,
    # Letters stay letters: to be read aloud, searched and edited.
    "svg.fonttype": "none",
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


@dataclass(frozen=True)
class Look:
    """How a model is drawn wherever it appears.

    Attributes
    ----------
    colour : str
    form : str
        Its marker.
    hollow : bool
        Whether its markers are open: those of untrained controls.
    line : str or tuple
        Its line style.
    """

    colour: str
    form: str
    hollow: bool = False
    line: Any = "-"

    @property
    def face(self) -> str:
        """What fills its markers."""
        return PAPER if self.hollow else self.colour


def looks(families: Sequence[Family]) -> dict[str, Look]:
    """Return how each model family is drawn, by name; the same in every figure of a study.

    Colours and forms are told apart by kind: strong colours and full lines are trained networks,
    muted colours, dashes and open markers untrained controls, greys baselines.
    """
    palette = {"trained": STRONG, "untrained": MUTED, "baseline": BASELINES}
    counts: Counter[str] = Counter()
    chosen = {}
    for family in families:
        at, ramp, forms = counts[family.kind], palette[family.kind], FORMS[family.kind]
        untrained = family.kind == "untrained"
        chosen[family.name] = Look(
            ramp[at % len(ramp)], forms[at % len(forms)], untrained, DASHES if untrained else "-"
        )
        counts[family.kind] += 1
    return chosen


def colours(families: Sequence[Family]) -> dict[str, str]:
    """Return a colour for each model family, by name; the same in every figure of a study."""
    return {name: look.colour for name, look in looks(families).items()}


def contrast(colour: str) -> float:
    """Return the contrast of a colour with white, 1 to 21 (WCAG 2)."""
    channel = np.array(to_rgb(colour))
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    return float(1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05))


def text_colour(colour: Any) -> str:
    """Return a colour, darkened until text in it can be read on white.

    Examples
    --------
    >>> text_colour("#0067a5"), contrast(text_colour("#b478f0")) >= READABLE
    ('#0067a5', True)
    """
    channel = np.array(to_rgb(colour))
    while contrast(found := to_hex(tuple(channel.tolist()))) < READABLE:
        channel *= 0.96
    return found


def painted(families: Sequence[Family]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the colour and the short title of each model instance."""
    paint, short = colours(families), short_titles(families)
    owners = {name: family.name for family in families for name in family.instances}
    return (
        {name: paint[family] for name, family in owners.items()},
        {name: short[family] for name, family in owners.items()},
    )


def short_titles(families: Sequence[Family]) -> dict[str, str]:
    """Return a short title of each model family, by name.

    What stands before the comma will do where it is the name of one model alone.
    """
    heads = {family.name: family.title.split(",")[0] for family in families}
    once = Counter(heads[family.name] for family in families if family.kind != "untrained")
    return {
        family.name: heads[family.name]
        if family.kind != "untrained" and once[heads[family.name]] == 1
        else family.title
        for family in families
    }


def slug(text: str) -> str:
    """Return a text as part of a file name: lower case, words of any script joined by hyphens."""
    words = text.lower().replace("\N{MINUS SIGN}", " minus ")  # -50 to 0 is not 50 to 0
    return re.sub(r"[\W_]+", "-", words).strip("-") or "unnamed"


def shortened(text: str, most: int) -> str:
    """Return a text of so many letters at most, with an ellipsis where it was cut."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


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
            textcoords="offset points", color=text_colour(colour), fontsize=9, fontweight="bold",
            va="bottom",
        )  # fmt: skip


def region_panels(
    regions: Sequence[str], lines: Sequence[str], labels: Sequence[str], *, line: float = 0.36
) -> tuple[Figure, list[Any]]:
    """Return a figure with a panel per region, in each of which every line has a row.

    Parameters
    ----------
    regions : sequence of str
        Titles of the panels.
    lines : sequence of str
        Names of the rows, top to bottom, which stand at the left.
    labels : sequence of str
        What the abscissa of each panel measures.
    line : float, optional
        Height of a row, inches.

    Returns
    -------
    Figure
    list of Axes
        A panel per region.
    """
    across = min(3, len(regions))
    down = -(-len(regions) // across)
    longest = [textwrap.fill(text, LONGEST_NAME, break_on_hyphens=False) for text in lines]
    line = max(line, 0.08 + 0.145 * max((text.count("\n") + 1 for text in longest), default=1))
    beside = 0.075 * max((len(row) for text in longest for row in text.split("\n")), default=0)
    width = min(WIDEST, 0.4 + beside + 2.9 * across)
    size = (width, (1.1 + line * len(lines)) * down + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for ax in axes[len(regions) :]:
        ax.axis("off")
    for ax, region, label in zip(axes, regions, labels, strict=False):
        ax.axvline(0, color=FAINT, linewidth=0.7, zorder=1)
        for y in range(len(lines)):
            ax.axhline(y, color=CEILING, linewidth=0.6, zorder=0.5)
        ax.tick_params(axis="y", length=0)
        ax.tick_params(axis="x", labelbottom=True)  # a panel may have none below it
        ax.spines["left"].set_visible(False)
        ax.set_title(region, fontweight="bold")
        ax.set_xlabel(axis_label(label))
    axes[0].set_yticks(range(len(lines)), longest)
    axes[0].set_ylim(len(lines) - 0.4, -0.6)
    return figure, list(axes[: len(regions)])


def axis_label(text: str, most: int = LONGEST_LINE) -> str:
    r"""Return what an axis is labelled with, a long text in several lines.

    Examples
    --------
    >>> axis_label("Held-out correlation of units with their ridge regression on a layer")
    'Held-out correlation of units with their\nridge regression on a layer'
    """
    return textwrap.fill(text, most)


def estimate(
    ax: Any,
    row: Mapping[Any, Any] | pd.Series,
    y: float,
    colour: str,
    *,
    value: str = "estimate",
    marker: str = "o",
    alpha: float = 1.0,
) -> None:
    """Draw a row's estimate with its interval; filled where the corrected p is below .05."""
    ends = [row["interval_low"], row["interval_high"]]
    ax.plot(ends, [y, y], color=colour, linewidth=2, alpha=alpha)
    dot(ax, row[value], y, colour, filled=bool(row["p_corrected"] < SIGNIFICANT), marker=marker)


def dot(ax: Any, x: float, y: float, colour: str, *, filled: bool, marker: str = "o") -> None:
    """Draw a dot, filled or open."""
    face = colour if filled else PAPER
    ax.scatter(x, y, s=30, c=face, edgecolors=colour, marker=marker, linewidths=1.2, zorder=6)


def heat_map(
    ax: Any,
    table: np.ndarray,
    *,
    low: float = 0.0,
    high: float = 1.0,
    ramp: str | Colormap = COLOUR_MAP,
    write: Callable[[float], str] | None = number,
) -> Any:
    """Draw a table of values as colours, with the values written on them.

    Parameters
    ----------
    ax : Axes
    table : array of shape (row, column)
    low, high : float, optional
        The values at the ends of the ramp.
    ramp : str or Colormap, optional
    write : callable, optional
        From a value to its text; None writes nothing.

    Returns
    -------
    AxesImage
    """
    image = ax.imshow(table, cmap=ramp, vmin=low, vmax=high, aspect="auto", interpolation="nearest")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if write is None:
        return image
    for (y, x), value in np.ndenumerate(table):
        red, green, blue, opaque = image.cmap(image.norm(value))
        light = not opaque or 0.3 * red + 0.6 * green + 0.1 * blue > 0.5
        ax.text(x, y, write(float(value)), ha="center", va="center", fontsize=SMALL,
                color=ON_LIGHT if light else ON_DARK)  # fmt: skip
    return image
