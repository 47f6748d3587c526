"""Reliability of the units of each region, and what more repetitions would make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure

from isomorph.figures import main_rows
from isomorph.figures.distributions import draw_units
from isomorph.figures.style import (
    COLOUR_MAP,
    FAINT,
    PAPER,
    SMALL,
    SOFT,
    STRONG,
    WIDEST,
    styled,
    text_colour,
)
from isomorph.responses.reliability import TARGET
from isomorph.responses.split_halves import parts_needed, spearman_brown
from isomorph.saying import count

Array = npt.NDArray

MOST_NAMED = 12
"""Curves named at their end; more are identified by the colour of their row."""
LOWEST = -0.5
"""Values below stand at this edge: the formula takes a negative correlation to minus infinity."""
FARTHEST = 64
"""Repetitions up to which curves are drawn, unless more were recorded."""


@dataclass(frozen=True)
class UnitReliability:
    """What a reliability table says of one region.

    Attributes
    ----------
    region : str
    units : array of shape (unit,)
        Spearman-Brown reliability of the units that have one.
    n_without : int
        Units that have none.
    single : float
        Reliability of a single repetition, mean over units; NaN where none has one.
    recorded : int
        Repetitions of each stimulus, the median over units.
    """

    region: str
    units: Array
    n_without: int
    single: float
    recorded: int

    @property
    def needed(self) -> float:
        """Repetitions that make the mean unit's reliability `TARGET`; NaN where none do."""
        return float(parts_needed(self.single, TARGET))

    def at(self, repetitions: Array) -> Array:
        """Return the reliability of so many repetitions (repetitions,)."""
        return np.array([spearman_brown(self.single, number) for number in repetitions])


def regions_told(table: pd.DataFrame) -> list[UnitReliability]:
    """Return what a reliability table says of each region, in the order of the table.

    Subjects and sessions are pooled unit by unit: a region's reliability of a single repetition is
    the mean of those of its sessions, each weighted by its units.

    Parameters
    ----------
    table : DataFrame
        See `isomorph.responses.reliability.unit_rows`; RDMs, which have no units, are passed over.
    """
    found = []
    of_unit = table["unit"] != ""
    for region in main_rows.regions(table[of_unit]):
        rows = main_rows.rows_of(table, region)
        units = rows[of_unit[rows.index]]
        known = units["spearman_brown"].astype(float).dropna().to_numpy()
        if not len(known):
            continue
        sessions = rows[~of_unit[rows.index]].reindex(columns=["reliability_at_1", "n_units"])
        sessions = sessions.astype(float).dropna()
        weight = sessions["n_units"].to_numpy()
        single = (
            np.average(sessions["reliability_at_1"], weights=weight) if weight.sum() else np.nan
        )
        recorded = int(units["n_repetitions"].median())
        found.append(
            UnitReliability(str(region), known, len(units) - len(known), float(single), recorded)
        )
    return found


def told_rows(regions: Sequence[UnitReliability]) -> pd.DataFrame:
    """Return what the figure shows: a row per unit, with what is said of its region.

    Parameters
    ----------
    regions : sequence of UnitReliability

    Returns
    -------
    DataFrame
        `region`, `spearman_brown` of a unit, and of the region `reliability_of_one_repetition`,
        `repetitions_recorded` and `repetitions_needed`.
    """
    parts = [
        pd.DataFrame({"region": told.region, "spearman_brown": told.units}).assign(
            reliability_of_one_repetition=told.single, repetitions_recorded=told.recorded,
            repetitions_needed=told.needed,
        )
        for told in regions
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def draw_reliability(regions: Sequence[UnitReliability]) -> Figure:
    """Draw the reliability of units and what it would be with other numbers of repetitions.

    Parameters
    ----------
    regions : sequence of UnitReliability
        Regions, top to bottom; at least one.

    Returns
    -------
    Figure
        Left a row per region: its units as dots or, where they are many, as a density, with a bar
        over the middle half and a dot at the median. Right a curve per region, solid up to the
        repetitions recorded and dashed beyond.
    """
    paint = _colours(len(regions))
    row = 0.46 if len(regions) <= MOST_NAMED else 0.27
    with styled():
        figure = Figure(figsize=(WIDEST, max(2.6, 1.3 + row * len(regions))), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.25, 1])
        _rows(left, regions, paint)
        _curves(right, regions, paint)
    return figure


def _colours(n: int) -> list[Any]:
    """Return a colour per region: those of the house, or many from dark to light."""
    if n <= len(STRONG):
        return list(STRONG[:n])
    return [colormaps[COLOUR_MAP](0.78 * place / (n - 1)) for place in range(n)]


def _rows(ax: Any, regions: Sequence[UnitReliability], paint: Sequence[Any]) -> None:
    """Draw the units of every region in a row of its own."""
    low = min(0.0, *(float(told.units.min()) for told in regions))
    low = max(LOWEST, low) - 0.03
    for y, (told, colour) in enumerate(zip(regions, paint, strict=True)):
        values = np.maximum(told.units, LOWEST)
        draw_units(ax, values, y, colour, LOWEST)
        needed = f"{np.ceil(told.needed - 1e-9):,.0f}" if np.isfinite(told.needed) else "never"
        ax.annotate(
            f"{needed} ({told.recorded})", (1, y), xycoords=("axes fraction", "data"),
            xytext=(8, 0), textcoords="offset points", va="center", fontsize=8,
        )  # fmt: skip
    names = [f"{told.region}\N{EM SPACE}{_counted(told)}" for told in regions]
    ax.set_yticks(range(len(regions)), names)
    for label, colour in zip(ax.get_yticklabels(), paint, strict=True):
        label.set_color(text_colour(colour))
    ax.set_ylim(len(regions) - 0.4, -0.6)
    ax.set_xlim(low, 1.02)
    ax.axvline(0, color=FAINT, linewidth=0.7, zorder=1)
    ax.axvline(TARGET, color=FAINT, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("Spearman-Brown reliability of units")
    ax.annotate(
        f"repetitions for {TARGET:g}\n(recorded)", (1, 1), xycoords="axes fraction", xytext=(8, 0),
        textcoords="offset points", va="bottom", fontsize=SMALL, color=SOFT,
    )  # fmt: skip


def _counted(told: UnitReliability) -> str:
    n = count(len(told.units) + told.n_without, "unit")
    without = f", {told.n_without} without" if told.n_without else ""
    return f"{n}{without}"


def _curves(ax: Any, regions: Sequence[UnitReliability], paint: Sequence[Any]) -> None:
    """Draw what the formula predicts for every region."""
    most = max(told.recorded for told in regions)
    wanted = [told.needed for told in regions if told.needed <= FARTHEST]
    last = 2.0 ** np.ceil(np.log2(max(16, most, *wanted)))
    repetitions = np.geomspace(1, last, 200)
    ends = []
    for told, colour in zip(regions, paint, strict=True):
        if not told.single > 0:
            continue
        known = repetitions[repetitions <= told.recorded]
        own = np.append(known, told.recorded)
        ax.plot(own, told.at(own), color=colour, linewidth=1.9, zorder=3)
        beyond = np.append(told.recorded, repetitions[repetitions > told.recorded])
        ax.plot(beyond, told.at(beyond), color=colour, linewidth=1.3, linestyle=(0, (3, 2)))
        ax.scatter(told.recorded, told.at(np.array([told.recorded])), s=22, color=colour, zorder=4)
        if told.needed <= last:
            ax.scatter(told.needed, TARGET, s=24, marker="D", facecolors=PAPER,
                       edgecolors=colour, linewidths=1.1, zorder=5)  # fmt: skip
        ends.append((float(told.at(np.array([last]))[0]), told.region, colour))
    ax.axhline(TARGET, color=FAINT, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    ax.set_xscale("log", base=2)
    ticks = 2.0 ** np.arange(np.log2(last) + 1)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_xlim(0.93, last)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("repetitions averaged")
    ax.set_ylabel("reliability of the mean unit")
    if len(ends) <= MOST_NAMED:
        _name_ends(ax, ends)


def _name_ends(ax: Any, ends: Sequence[tuple[float, str, Any]]) -> None:
    """Name curves at their end, names pushed apart where they would overlap."""
    gap = 0.145 / (ax.figure.get_figheight() - 0.7)  # a line of text, of the height of the panel
    ordered = sorted(ends, key=lambda end: end[0])
    places = apart([end for end, _, _ in ordered], gap, 1.0)
    for place, (_, name, colour) in zip(places, ordered, strict=True):
        ax.annotate(
            name, (1, place), xycoords=("axes fraction", "data"), xytext=(5, 0),
            textcoords="offset points", color=text_colour(colour), fontsize=8, va="center",
        )  # fmt: skip


def apart(places: Sequence[float], gap: float, top: float) -> list[float]:
    """Return ascending places moved so that neighbours are a gap apart and none is above the top.

    Parameters
    ----------
    places : sequence of float
        Ascending.
    gap, top : float
    """
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + gap) if moved else place)
    limit = top
    for index in reversed(range(len(moved))):
        moved[index] = min(moved[index], limit)
        limit = moved[index] - gap
    return moved
