"""Tuning curves: rates of units over the bins of one variable, or of two."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from isomorph.figures.style import COLOUR_MAP, FAINT, INK, SMALL, SOFT, styled
from isomorph.numerals import p_equals
from isomorph.stimuli.binned import variables_in

ACROSS = 4
"""Panels in a row."""


def curve_of(session: xr.Dataset, unit: str, stimuli: pd.DataFrame) -> pd.DataFrame:
    """Return the rate of a unit in each bin: the mean over repetitions, by the time spent in it.

    Parameters
    ----------
    session : Dataset
        `response (presentation, unit)` with `stimulus` and `dwell`.
    unit : str
    stimuli : DataFrame
        The stimulus table.

    Returns
    -------
    DataFrame
        `stimulus`, `rate`, and each variable with its `_start` and `_stop`, in the order of the
        table; NaN where a bin was not visited.
    """
    place = session["unit"].values.astype(str).tolist().index(unit)
    dwell = session["dwell"].values
    shown = pd.DataFrame({
        "stimulus": session["stimulus"].values.astype(str), "dwell": dwell,
        "spikes": session["response"].values[:, place] * dwell,
    })  # fmt: skip
    whole = shown.groupby("stimulus").sum()
    columns = [f"{name}{end}" for name in variables_in(stimuli) for end in ("", "_start", "_stop")]
    found = stimuli[["stimulus", *columns]].reset_index(drop=True)
    rate = (whole["spikes"] / whole["dwell"]).reindex(found["stimulus"].astype(str))
    return found.assign(rate=rate.to_numpy())


def draw_tuning_curves(
    rows: pd.DataFrame,
    curves: pd.DataFrame,
    names: list[str],
    period: float | None,
    *,
    several: bool = False,
) -> Figure:
    """Draw the tuning of units, a panel each.

    Parameters
    ----------
    rows : DataFrame
        Rows of `tuning.csv`, one for each panel, at least one.
    curves : DataFrame
        See `curve_of`, with `panel`, the number of the row.
    names : list of str
        The one variable that is drawn over, or two.
    period : float or None
        Of the one variable.
    several : bool
        Whether there are several subjects, so that each unit's is named.
    """
    down = -(-len(rows) // ACROSS)
    across = min(ACROSS, len(rows))
    with styled():
        size = (0.3 + 2.35 * across, 0.2 + 2.55 * down)
        figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(h_pad=0.09))
        for panel, row in enumerate(rows.to_dict("records")):
            place: Any = (down, across, panel + 1)
            ax = figure.add_subplot(*place, projection="polar" if period else None)
            own = curves[curves["panel"] == panel]
            if period is not None:
                _polar(ax, own, names[0], period)
            elif len(names) == 1:
                _line(ax, own, names[0], first=panel % across == 0)
            else:
                _map(ax, own, names)
            peak = f"{np.nanmax(own['rate']):.3g} /s, " if period else ""
            ax.set_title(_said(row, several, peak), fontsize=SMALL, color=INK, loc="center")
    return figure


def _said(row: dict[Any, Any], several: bool, peak: str) -> str:
    """Return whose unit it is, its highest rate if given, and how surely it is tuned."""
    whose = f"{row['subject']}, " if several else ""
    return (
        f"{whose}{row['region']}, unit {row['unit']}\n{peak}{row['information']:.2f} bits/spike, "
        f"p {p_equals(float(row['p_corrected']))}"
    )


RADIANS = ("0", "π/2", "π", "3π/2")
"""Quarters of a turn in radians."""


def _quarters(period: float) -> list[str]:
    """Return what stands at the four quarters of a turn."""
    if math.isclose(period, 2 * np.pi, rel_tol=1e-3):
        return list(RADIANS)
    return [f"{part * period / 4:.3g}" for part in range(4)]


def _polar(ax: Any, own: pd.DataFrame, name: str, period: float) -> None:
    turn = 2 * np.pi / period
    rate = own["rate"].to_numpy(float)
    width = (own[f"{name}_stop"] - own[f"{name}_start"]).to_numpy(float) * turn
    ax.bar(own[name].to_numpy(float) * turn, rate, width=width, color=SOFT, linewidth=0)
    ax.set_thetagrids([0, 90, 180, 270], _quarters(period))
    ax.set_ylim(0, float(np.nanmax(rate)) or 1.0)  # the circle is the highest rate
    ax.set_rticks([])
    ax.tick_params(labelsize=SMALL, pad=0)
    ax.spines["polar"].set_color(FAINT)
    ax.grid(color=FAINT, linewidth=0.5)


def _line(ax: Any, own: pd.DataFrame, name: str, *, first: bool) -> None:
    own = own.sort_values(name)
    ax.plot(own[name], own["rate"], color=INK, linewidth=1.4, drawstyle="steps-mid")
    ax.set_ylim(bottom=0)
    ax.set_xlabel(name)
    if first:
        ax.set_ylabel("spikes/s")
    ax.tick_params(labelsize=SMALL)


def _map(ax: Any, own: pd.DataFrame, names: list[str]) -> None:
    """Draw rates as colours, white where a bin was not visited."""
    across, up = (np.sort(own[f"{name}_start"].unique()) for name in names)
    image = np.full((len(up), len(across)), np.nan)
    at = [np.searchsorted(edges, own[f"{name}_start"]) for name, edges in
          zip(names, (across, up), strict=True)]  # fmt: skip
    image[at[1], at[0]] = own["rate"]
    ends = [
        edge for name in names for edge in (own[f"{name}_start"].min(), own[f"{name}_stop"].max())
    ]
    ax.imshow(
        image, origin="lower", extent=ends, cmap=COLOUR_MAP, vmin=0, interpolation="nearest",
        aspect="auto",
    )  # fmt: skip
    ax.set_xlabel(f"{names[0]}, to {np.nanmax(image):.3g} spikes/s", fontsize=SMALL)
    ax.set_ylabel(names[1], fontsize=SMALL)
    ax.tick_params(labelsize=SMALL)


def chosen(table: pd.DataFrame, most: int) -> Iterator[int]:
    """Yield the rows of the units that are most surely tuned, the surest first."""
    tested = table[table["p_corrected"].notna()]
    more = tested["information"] - tested["information_by_chance"]
    order = np.lexsort((-more.to_numpy(float), tested["p_corrected"].to_numpy(float)))
    yield from tested.index[order[:most]]
