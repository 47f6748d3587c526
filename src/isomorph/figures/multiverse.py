"""The multiverse: models under every distance and measure, and how alike these order them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure

from isomorph.figures.selection import Family, usable
from isomorph.figures.style import COLOUR_MAP, FAINT, INK, REGION, styled
from isomorph.figures.words import distance_title, measure_label

Setting = tuple[str, str]
Floats = npt.NDArray[np.floating]


def settings_of(rows: pd.DataFrame) -> list[Setting]:
    """Return the pairs of distance and measure under which a region has numbers."""
    known = usable(rows)
    return list(dict.fromkeys(zip(known["distance"], known["measure"], strict=True)))


def scores(rows: pd.DataFrame, families: Sequence[Family]) -> tuple[list[Family], Floats]:
    """Return models and their best layers' scores `(model, setting)`, the highest of a setting 1.

    Seeds of one network are averaged. A negative score stays one; where even the best model has
    none above 0, nothing is told.
    """
    known = usable(rows)
    settings = settings_of(rows)
    present = [family for family in families if known["model"].isin(family.instances).any()]
    table = np.full((len(present), len(settings)), np.nan)
    for column, (distance, measure) in enumerate(settings):
        inside = known[(known["distance"] == distance) & (known["measure"] == measure)]
        best = inside.groupby("model")["estimate"].max()
        for row, family in enumerate(present):
            mine = best[best.index.isin(family.instances)]
            table[row, column] = mine.mean() if len(mine) else np.nan
    top = np.nanmax(table, axis=0)
    return present, table / np.where(top > 0, top, np.nan)


def orders(agreement: pd.DataFrame, settings: Sequence[Setting]) -> Floats:
    """Return Kendall's tau-b between the orders of models `(setting, setting)`."""
    table = np.full((len(settings), len(settings)), np.nan)
    np.fill_diagonal(table, 1)
    place = {setting: number for number, setting in enumerate(settings)}
    for row in agreement[agreement["over"] == "models"].to_dict("records"):
        one = place.get((row["distance_a"], row["measure_a"]))
        other = place.get((row["distance_b"], row["measure_b"]))
        if one is not None and other is not None:
            table[one, other] = table[other, one] = row["kendall_tau_b"]
    return table


def draw_multiverse(
    rows: pd.DataFrame, agreement: pd.DataFrame, families: Sequence[Family]
) -> Figure:
    """Draw models under every setting beside the agreement of the settings.

    Parameters
    ----------
    rows : DataFrame
        Comparisons of one region.
    agreement : DataFrame
        Agreement of one region.
    families : sequence of Family
    """
    settings = settings_of(rows)
    present, table = scores(rows, families)
    tau = orders(agreement, settings)
    names = [measure_label(measure) for _, measure in settings]
    wide, tall = len(settings), len(present)
    with styled():
        figure = Figure(
            figsize=(3.6 + 0.62 * wide, 2.4 + 0.3 * (tall + wide)), layout="constrained"
        )
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(tall, wide))
        _cells(top, table, low=0.0)
        for column in range(wide):
            if np.isfinite(table[:, column]).any():
                _ring(top, column, int(np.nanargmax(table[:, column])))
        top.set_yticks(range(tall), [family.title for family in present])
        _cells(bottom, tau, low=-1.0)
        bottom.set_yticks(range(wide), names)
        bottom.set_xticks(range(wide), names, rotation=40, ha="right", rotation_mode="anchor")
        top.set_title("Score of each model's best layer, the best model's = 1", fontsize=9, pad=24)
        bottom.set_title("Do two settings order the models alike? (tau-b)", fontsize=9)
        _name_distances(top, bottom, settings)
        for ax in (top, bottom):
            ax.tick_params(length=0)
            for spine in ax.spines.values():
                spine.set_visible(False)
        top.tick_params(labelbottom=False)
    return figure


def _name_distances(top: Any, bottom: Any, settings: Sequence[Setting]) -> None:
    """Name each distance once, above its columns and beside its rows."""
    for distance in dict.fromkeys(distance for distance, _ in settings):
        places = [number for number, setting in enumerate(settings) if setting[0] == distance]
        low, high = places[0] - 0.42, places[-1] + 0.42
        name = textwrap.fill(distance_title(distance), max(9, 8 * len(places)))
        style = {"color": FAINT, "linewidth": 1.0, "clip_on": False}
        frame = top.get_xaxis_transform()
        top.plot([low, high], [1.03, 1.03], transform=frame, **style)
        top.text((low + high) / 2, 1.05, name, transform=frame, ha="center", va="bottom",
                 fontsize=8)  # fmt: skip
        frame = bottom.get_yaxis_transform()
        bottom.plot([1.02, 1.02], [low, high], transform=frame, **style)
        bottom.text(1.035, (low + high) / 2, name, transform=frame, rotation=270, ha="left",
                    va="center", fontsize=8)  # fmt: skip


def _cells(ax: Any, table: Floats, *, low: float) -> None:
    ax.imshow(table, cmap=COLOUR_MAP, vmin=low, vmax=1, aspect="auto")
    ramp = colormaps[COLOUR_MAP]
    for (y, x), value in np.ndenumerate(table):
        if not np.isfinite(value):
            ax.text(x, y, "\N{EN DASH}", ha="center", va="center", fontsize=8, color=INK)
            continue
        red, green, blue, _ = ramp((value - low) / (1 - low))
        light = 0.3 * red + 0.6 * green + 0.1 * blue > 0.5
        text = f"{value:.2f}".replace("0.", ".", 1).replace("-", "\N{MINUS SIGN}")
        ax.text(x, y, text, ha="center", va="center", fontsize=7.5,
                color=INK if light else "white")  # fmt: skip


def _ring(ax: Any, x: int, y: int) -> None:
    ax.plot(
        [x - 0.47, x + 0.47, x + 0.47, x - 0.47, x - 0.47],
        [y - 0.45, y - 0.45, y + 0.45, y + 0.45, y - 0.45], color=REGION, linewidth=1.6,
    )  # fmt: skip
