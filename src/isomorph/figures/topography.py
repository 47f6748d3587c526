"""Values of sensors of the head on the head, seen from above."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures.style import COLOUR_MAP, WIDEST, styled

FEWEST = 8
"""Sensors of known places that make a topography."""
SHARE = 0.8
"""Of all sensors, those whose place must be known."""
MOST_HEADS = 6
"""Time bins side by side."""


def places_of_sensors(names: Sequence[str]) -> np.ndarray | None:
    """Return where EEG electrodes are by their names in the 10-05 system, None where few have one.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    array of shape (sensor, 3) or None
        Metres; NaN where a name is not known.
    """
    known = _electrodes()
    places = np.array([known.get(name.lower(), (np.nan,) * 3) for name in names])
    found = np.isfinite(places[:, 0]).sum() if len(places) else 0
    return places if found >= FEWEST and found >= SHARE * len(names) else None


@cache
def _electrodes() -> dict[str, tuple[float, ...]]:
    import mne

    places = mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"]
    return {name.lower(): tuple(map(float, place)) for name, place in places.items()}


def draw_topographies(table: pd.DataFrame, titles: Sequence[str], *, label: str) -> Figure:
    """Draw values of sensors as maps of the head, one for each time bin.

    Parameters
    ----------
    table : DataFrame
        `unit`, `bin` (its place in `titles`) and `value` of every sensor.
    titles : sequence of str
        What each bin is; of more than six, as many are drawn at even distances.
    label : str
        What the colours measure.
    """
    from mne.viz import plot_topomap

    drawn = np.unique(np.linspace(0, len(titles) - 1, min(len(titles), MOST_HEADS)).astype(int))
    finite = table["value"].to_numpy(float)
    span = float(np.nanmin(finite)), float(np.nanmax(finite))
    image: Any = None
    with styled():
        size = (min(WIDEST, 1.2 + 1.9 * len(drawn)), 2.6)
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(1, len(drawn), squeeze=False)[0]
        for ax, place in zip(axes, drawn, strict=True):
            own = table[(table["bin"] == place) & np.isfinite(table["value"])]
            at = places_of_sensors(own["unit"].astype(str).tolist())
            ax.set_title(titles[place], fontsize=9, loc="center")
            if at is None:
                ax.axis("off")
                continue
            inside = np.isfinite(at[:, 0])
            image, _ = plot_topomap(
                own["value"].to_numpy(float)[inside], at[inside, :2], axes=ax, show=False,
                cmap=COLOUR_MAP, vlim=span, contours=0, sphere=0.1,
            )  # fmt: skip
        if image is not None:
            figure.colorbar(image, ax=list(axes), shrink=0.7).set_label(label)
    return figure
