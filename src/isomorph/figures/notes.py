"""Labels of points, placed where they cover no other and no point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from isomorph.figures.style import REGION

REACHES = (4.0, 16.0, 30.0)
"""How far a label may stand from its point, points; the first needs no line."""

PLACES = (
    (1, 0, "left", "center"),
    (-1, 0, "right", "center"),
    (0, 1, "center", "bottom"),
    (0, -1, "center", "top"),
    (0.8, 0.8, "left", "bottom"),
    (-0.8, 0.8, "right", "bottom"),
    (0.8, -0.8, "left", "top"),
    (-0.8, -0.8, "right", "top"),
)
"""Where a label may stand around its point: direction and alignment, the best first."""


@dataclass(frozen=True)
class Note:
    """A label of a point, not yet placed."""

    text: str
    at: tuple[float, float]
    colour: str
    size: float


def write_notes(figure: Figure, ax: Any, notes: Sequence[Note], points: np.ndarray) -> None:
    """Place labels near their points where they cover no other and no point.

    Parameters
    ----------
    figure : Figure
    ax : Axes
    notes : sequence of Note
        The most important first. A label for which there is no room goes where it covers least,
        with a line to its point.
    points : array of shape (point, 2)
        All that is drawn, in data coordinates.
    """
    figure.draw_without_rendering()  # until then nothing knows where its pixels are
    figure.set_layout_engine("none")
    renderer = FigureCanvasAgg(figure).get_renderer()
    marks = ax.transData.transform(points)
    half = np.full((len(marks), 1), 3.5 * figure.dpi / 72)
    large = ax.transData.transform(
        [note.at for note in notes if note.colour == REGION] or points[:0]
    )
    boxes = np.vstack([
        np.hstack([marks - half, marks + half]),
        np.hstack([large - 2 * half[0], large + 2 * half[0]]),
    ])  # fmt: skip
    for note in notes:
        text = ax.annotate(
            note.text, note.at, xytext=(0, 0), textcoords="offset points", color=note.colour,
            fontsize=note.size, zorder=9,
            fontweight="bold" if note.colour == REGION else "normal",
        )  # fmt: skip
        best: tuple[float, int] | None = None
        tried = [(x, y, ha, va, reach) for reach in REACHES for x, y, ha, va in PLACES]
        for order, one in enumerate(tried):
            box = _moved(text, one, note.size, renderer)
            outside = not (
                ax.bbox.x0 <= box[0] and box[2] <= ax.bbox.x1
                and ax.bbox.y0 <= box[1] and box[3] <= ax.bbox.y1
            )  # fmt: skip
            covered = _covered(box, boxes) + 1e4 * outside
            if best is None or covered < best[0]:
                best = (covered, order)
            if not covered:
                break
        assert best is not None
        one = tried[best[1]]
        boxes = np.vstack([boxes, _moved(text, one, note.size, renderer)])
        if one[4] > REACHES[0]:
            text.arrowprops = None
            ax.annotate("", note.at, xytext=text.get_position(), textcoords="offset points",
                        arrowprops={"arrowstyle": "-", "color": note.colour, "linewidth": 0.6,
                                    "shrinkA": 0, "shrinkB": 3}, zorder=7)  # fmt: skip


def _moved(
    text: Any, place: tuple[float, float, str, str, float], size: float, renderer: Any
) -> np.ndarray:
    """Move a label and return the box it fills `(left, bottom, right, top)`, pixels."""
    x, y, ha, va, reach = place
    far = reach + size * 0.35
    text.set(position=(x * far, y * far), ha=ha, va=va)
    box = text.get_window_extent(renderer)
    return np.array([box.x0, box.y0, box.x1, box.y1])


def _covered(box: np.ndarray, boxes: np.ndarray) -> float:
    """Return the area that a box shares with others, square pixels."""
    wide = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    high = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    return float((np.clip(wide, 0, None) * np.clip(high, 0, None)).sum())
