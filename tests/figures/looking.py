"""What is wrong with the look of a figure, found where an eye would find it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from isomorph.figures.style import WIDEST, contrast

BELOW = "simulated data"
"""What stands below the figure, for which saving makes room."""

SMALLEST = 9 * 72 / 96
"""Points of letters of nine pixels."""


def texts_of(figure: Figure) -> list[Text]:
    """Return every text that is seen."""
    FigureCanvasAgg(figure).draw()
    off = [
        text
        for ax in figure.findobj(lambda one: hasattr(one, "axison") and not one.axison)
        for text in ax.findobj(Text)
    ]
    hidden = {id(text) for text in off}
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        room = 1e-6 * (high - low)
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            if not low - room <= tick.get_loc() <= high + room:
                hidden |= {id(tick.label1), id(tick.label2)}
    return [
        one for one in figure.findobj(Text)
        if one.get_text().strip() and one.get_visible() and id(one) not in hidden
        and (one.get_alpha() or 1) > 0
    ]  # fmt: skip


def corners(text: Text, figure: Figure) -> np.ndarray:
    """Return the corners `(corner, 2)` of the box that a text fills, turned as it is, pixels."""
    angle = text.get_rotation()
    renderer = FigureCanvasAgg(figure).get_renderer()
    if angle % 90 == 0:
        box = text.get_window_extent(renderer)
        return np.array([(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)])
    turned = text.get_window_extent(renderer)
    text.set_rotation(0)
    level = text.get_window_extent(renderer)
    text.set_rotation(angle)
    sides = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (level.width / 2, level.height / 2)
    turn = np.deg2rad(angle)
    matrix = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    return sides @ matrix + ((turned.x0 + turned.x1) / 2, (turned.y0 + turned.y1) / 2)


def depth_of_overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Return how far two boxes reach into each other, pixels; 0 where they do not."""
    least = np.inf
    for box in (first, second):
        for edge in np.diff(np.vstack([box, box[:1]]), axis=0):
            normal = np.array((-edge[1], edge[0])) / (np.hypot(*edge) or 1)
            a, b = first @ normal, second @ normal
            least = min(least, min(a.max(), b.max()) - max(a.min(), b.min()))
    return max(least, 0.0)


def faults(figure: Figure, allowed: float = 2.5) -> list[str]:
    """Return what is clipped, printed over something else, too small, too pale or too wide.

    Parameters
    ----------
    figure : Figure
    allowed : float, optional
        Pixels that two texts may share: boxes hold room for letters that are not there.
    """
    found = []
    if figure.get_size_inches()[0] > WIDEST + 0.05:
        found.append(f"{figure.get_size_inches()[0]:.1f} inches wide")
    seen = texts_of(figure)
    boxes = [corners(text, figure) for text in seen]
    width, height = figure.bbox.width, figure.bbox.height
    for text, box in zip(seen, boxes, strict=True):
        words = text.get_text()
        if text.get_fontsize() < SMALLEST:
            found.append(f"{words!r} in {text.get_fontsize()} points")
        outside = box.min() < -2 or (box.max(axis=0) > (width + 2, height + 2)).any()
        if outside and words != BELOW:
            found.append(f"{words!r} is clipped")
        if contrast(text.get_color()) < 4.5 and contrast(text.get_color()) > 1.05:
            found.append(f"{words!r} in {text.get_color()}")
    for (one, a), (other, b) in combinations(zip(seen, boxes, strict=True), 2):
        if depth_of_overlap(a, b) > allowed:
            found.append(f"{one.get_text()!r} on {other.get_text()!r}")
    return found
