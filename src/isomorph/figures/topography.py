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


MEG_LAYOUTS = ("Vectorview-mag", "Vectorview-grad", "CTF-275")
"""Layouts of MEG helmets: Neuromag's magnetometers and gradiometers, CTF's gradiometers."""
RADIUS = 0.095
"""Of the outermost sensors of a layout from the middle of the head, metres."""


def places_of_sensors(names: Sequence[str]) -> np.ndarray | None:
    """Return where sensors are on the head by their names, None where few have a known one.

    Known are EEG electrodes of the 10-05 system and the MEG sensors of Neuromag and CTF.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    array of shape (sensor, 2) or None
        To the right and to the front, metres; NaN where a name is not known.
    """
    known = _known_places()
    places = np.array([known.get(_plain(name), (np.nan,) * 2) for name in names])
    found = np.isfinite(places[:, 0]).sum() if len(places) else 0
    return places if found >= FEWEST and found >= SHARE * len(names) else None


def _plain(name: str) -> str:
    """Return a sensor's name without what differs between recordings: MLC11-2622, MEG 0113."""
    return name.partition("-")[0].replace(" ", "").lower()


@cache
def _known_places() -> dict[str, tuple[float, float]]:
    import mne

    electrodes = mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"]
    known = {_plain(name): (float(at[0]), float(at[1])) for name, at in electrodes.items()}
    for one in MEG_LAYOUTS:
        layout = mne.channels.read_layout(one)
        at = layout.pos[:, :2] + layout.pos[:, 2:] / 2
        at = at - (at.min(axis=0) + at.max(axis=0)) / 2
        at *= RADIUS / np.hypot(*at.T).max()
        known |= {
            _plain(name): (float(x), float(y))
            for name, (x, y) in zip(layout.names, at, strict=True)
        }
    return known


def draw_topographies(table: pd.DataFrame, titles: Sequence[str], *, label: str) -> Figure:
    """Draw values of sensors as maps of the head, one for each time bin.

    Parameters
    ----------
    table : DataFrame
        `unit`, `bin` (its place in `titles`) and `value` of every sensor; of sensors at one place
        the mean is drawn.
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
            # Several sensors of a helmet stand at one place, as pairs of gradiometers do.
            placed = pd.DataFrame(at.round(5), columns=["x", "y"]).assign(
                value=own["value"].to_numpy(float)
            )
            placed = placed.dropna().groupby(["x", "y"], as_index=False).mean()
            image, _ = plot_topomap(
                placed["value"].to_numpy(), placed[["x", "y"]].to_numpy(), axes=ax, show=False,
                cmap=COLOUR_MAP, vlim=span, contours=0, sphere=0.1,
            )  # fmt: skip
        if image is not None:
            figure.colorbar(image, ax=list(axes), shrink=0.7).set_label(label)
    return figure
