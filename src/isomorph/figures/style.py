"""One look for every figure: colours, type, and the parts that several figures have."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from isomorph.figures.main_rows import SIGNIFICANT, Family
from isomorph.figures.numbers import number

STRONG = ("#0067a5", "#c8501e", "#00805e", "#a2478d", "#7a5c00", "#3c3c9c")
"""One per trained family, in study order: after Okabe and Ito, darkened for text on white."""
MUTED = ("#b8995f", "#a6907c", "#9aa27a", "#a08fa6")
"""One per family of untrained controls."""
BASELINE = "#4a4f57"
INK = "#22262b"
FAINT = "#8a9099"
CEILING = "#e6e8ec"
REGION = "#b3123a"
COLOUR_MAP = "viridis"
LONGEST_LINE = 44
"""Letters of a line beside an axis, which the shortest axis has room for."""

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
    palette = {"trained": STRONG, "untrained": MUTED, "baseline": (BASELINE,)}
    counts: Counter[str] = Counter()
    chosen = {}
    for family in families:
        ramp = palette[family.kind]
        chosen[family.name] = ramp[counts[family.kind] % len(ramp)]
        counts[family.kind] += 1
    return chosen


def painted(families: Sequence[Family]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the colour and the short title of each model instance."""
    paint = colours(families)
    # What stands before the comma will do, where it is the name of one model alone.
    heads = {family.name: family.title.split(",")[0] for family in families}
    once = Counter(heads[family.name] for family in families if family.kind != "untrained")
    short = {
        family.name: heads[family.name]
        if family.kind != "untrained" and once[heads[family.name]] == 1
        else family.title
        for family in families
    }
    owners = {name: family.name for family in families for name in family.instances}
    return (
        {name: paint[family] for name, family in owners.items()},
        {name: short[family] for name, family in owners.items()},
    )


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
    size = (2.4 + 2.9 * across, (1.1 + line * len(lines)) * down + 0.5)
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
    axes[0].set_yticks(range(len(lines)), lines)
    axes[0].set_ylim(len(lines) - 0.4, -0.6)
    return figure, list(axes[: len(regions)])


def axis_label(text: str) -> str:
    r"""Return what an axis is labelled with, a long text in several lines.

    Examples
    --------
    >>> axis_label("Held-out correlation of units with their ridge regression on a layer")
    'Held-out correlation of units with their\nridge regression on a layer'
    """
    return textwrap.fill(text, LONGEST_LINE)


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
    face = colour if filled else "white"
    ax.scatter(x, y, s=30, c=face, edgecolors=colour, marker=marker, linewidths=1.2, zorder=6)


def heat_map(
    ax: Any,
    table: np.ndarray,
    *,
    low: float = 0.0,
    ramp: str | Colormap = COLOUR_MAP,
    write: Callable[[float], str] | None = number,
) -> Any:
    """Draw a table of values up to 1 as colours, with the values written on them.

    Parameters
    ----------
    ax : Axes
    table : array of shape (row, column)
    low : float, optional
        The value at the dark end of the ramp.
    ramp : str or Colormap, optional
    write : callable, optional
        From a value to its text; None writes nothing.

    Returns
    -------
    AxesImage
    """
    image = ax.imshow(table, cmap=ramp, vmin=low, vmax=1, aspect="auto", interpolation="nearest")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if write is None:
        return image
    for (y, x), value in np.ndenumerate(table):
        red, green, blue, opaque = image.cmap(image.norm(value))
        light = not opaque or 0.3 * red + 0.6 * green + 0.1 * blue > 0.5
        ax.text(x, y, write(float(value)), ha="center", va="center", fontsize=7.5,
                color=INK if light else "white")  # fmt: skip
    return image
