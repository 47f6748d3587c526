"""The figures of one dataset: which are drawn from what is there, and what stands below each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isomorph.figures.drawable import Drawable, Drawing
from isomorph.figures.drawn_analyses import (
    confusions,
    models_alike,
    multiverses,
    partials,
    partitions,
    powers,
    predictions,
    reliabilities,
    weighted,
)
from isomorph.figures.drawn_dynamics import dynamics
from isomorph.figures.drawn_layers import (
    maps,
    overviews,
    pairs,
    profiles,
    stimulus_maps,
    time_maps,
    timecourses,
)
from isomorph.figures.drawn_topology import barcodes, coordinates, tori
from isomorph.figures.drawn_tuning import tuning_curves
from isomorph.figures.drawn_units import brain_maps, courses_of_units, topographies
from isomorph.figures.style import SMALL, SOFT, styled


def drawings(data: Drawable) -> Iterator[Drawing]:
    """Draw every figure there is something for, in the order of the page.

    Those of simulated data say so inside the figure too, wherever it is shown.
    """
    for draw in DRAWN:
        for one in draw(data):
            if data.results.simulated:
                with styled():
                    one.figure.text(1, 0, "simulated data", ha="right", va="top", fontsize=SMALL,
                                    style="italic", color=SOFT)  # fmt: skip
            yield one


DRAWN: tuple[Callable[[Drawable], Iterator[Drawing]], ...] = (
    profiles, pairs, stimulus_maps, overviews, timecourses, time_maps, maps, partials, partitions,
    weighted, models_alike, predictions, reliabilities, brain_maps, topographies, courses_of_units,
    tuning_curves, barcodes, coordinates, tori, dynamics, confusions, powers, multiverses,
)  # fmt: skip
"""What draws the figures, in the order of the page."""

__all__ = ["DRAWN", "Drawable", "Drawing", "drawings"]
