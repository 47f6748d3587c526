"""The multiverse: models under every distance and measure, and how far these agree."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from isomorph.figures.main_rows import Family, usable
from isomorph.figures.style import FAINT, REGION, heat_map, styled
from isomorph.figures.titles import distance_title, measure_label

Setting = tuple[str, str]
Floats = npt.NDArray[np.floating]


def settings_of(rows: pd.DataFrame) -> list[Setting]:
    """Return the pairs of distance and measure under which a region has numbers."""
    known = usable(rows)
    return list(dict.fromkeys(zip(known["distance"], known["measure"], strict=True)))


def scores(rows: pd.DataFrame, families: Sequence[Family]) -> tuple[list[Family], Floats]:
    """Return models and their best layers' scores `(model, setting)`, the highest of a setting 1.

    Seeds of one network are averaged. A negative score stays one; where even the best model has
    none above 0, there is no score.
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
        heat_map(top, table)
        for column in range(wide):
            if np.isfinite(table[:, column]).any():
                best = (column - 0.47, int(np.nanargmax(table[:, column])) - 0.45)
                top.add_patch(
                    Rectangle(best, 0.94, 0.9, fill=False, edgecolor=REGION, linewidth=1.6)
                )
        top.set_yticks(range(tall), [family.title for family in present])
        heat_map(bottom, tau, low=-1.0)
        bottom.set_yticks(range(wide), names)
        bottom.set_xticks(range(wide), names, rotation=40, ha="right", rotation_mode="anchor")
        above = max(_wrapped(distance, settings).count("\n") for distance, _ in settings)
        top.set_title("Best layers, relative to the best model", fontsize=9, pad=24 + 10 * above)
        bottom.set_title("Agreement on the order of the models (tau-b)", fontsize=9)
        _name_distances(top, bottom, settings)
        top.tick_params(labelbottom=False)
    return figure


def _name_distances(top: Any, bottom: Any, settings: Sequence[Setting]) -> None:
    """Name each distance once, above its columns and beside its rows."""
    for distance in dict.fromkeys(distance for distance, _ in settings):
        places = [number for number, setting in enumerate(settings) if setting[0] == distance]
        low, high = places[0] - 0.42, places[-1] + 0.42
        name = _wrapped(distance, settings)
        style = {"color": FAINT, "linewidth": 1.0, "clip_on": False}
        frame = top.get_xaxis_transform()
        top.plot([low, high], [1.03, 1.03], transform=frame, **style)
        top.text((low + high) / 2, 1.05, name, transform=frame, ha="center", va="bottom",
                 fontsize=8)  # fmt: skip
        frame = bottom.get_yaxis_transform()
        bottom.plot([1.02, 1.02], [low, high], transform=frame, **style)
        bottom.text(1.035, (low + high) / 2, name, transform=frame, rotation=270, ha="left",
                    va="center", fontsize=8)  # fmt: skip


def _wrapped(distance: str, settings: Sequence[Setting]) -> str:
    """Return the name of a distance in lines as wide as its columns."""
    n_columns = sum(one == distance for one, _ in settings)
    return textwrap.fill(distance_title(distance), max(9, 8 * n_columns))
