"""Responses of the units of each region over time, averaged over stimuli or over each category."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from isomorph.figures.categories import category_of_each
from isomorph.figures.style import FAINT, INK, STRONG, WIDEST, styled
from isomorph.saying import count

FEWEST_BINS = 3
"""Time bins that make a course."""
MOST_LINES = 8
"""Categories up to which each has a line of its own."""


def unit_courses(sessions: Iterable[xr.Dataset], stimuli: pd.DataFrame) -> pd.DataFrame:
    """Return the mean response of each region in every time bin, over all stimuli or by category.

    Parameters
    ----------
    sessions : iterable of Dataset
        `response (presentation, unit, time)` with `stimulus`, `region`, `time_start`, `time_stop`;
        those without several time bins are passed over.
    stimuli : DataFrame
        The stimulus table, with categories where it has any.

    Returns
    -------
    DataFrame
        `region`, `category` (empty where there are none, or too many), `time`, the middle of the
        bin in seconds, `response`, the mean over sessions of the mean over units, `standard_error`
        over units of all sessions, `n_units` and `unit_of`, what responses are in.
    """
    names, kinds_of = stimuli["stimulus"].astype(str), category_of_each(stimuli)
    few = len(set(kinds_of)) <= MOST_LINES
    category = dict(zip(names, kinds_of if few else [""] * len(names), strict=True))
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    time, said = np.empty(0), ""
    for session in sessions:
        if "time" not in session["response"].dims or session.sizes["time"] < FEWEST_BINS:
            continue
        own = (session["time_start"].values + session["time_stop"].values) / 2
        if len(time) and not np.array_equal(time, own):
            continue  # bins of another length cannot be averaged with these
        time, said = own, str(session["response"].attrs.get("units", ""))
        values = session["response"].transpose("presentation", "unit", "time").values
        kinds = np.array([category.get(str(s), "") for s in session["stimulus"].values])
        regions = session["region"].values.astype(str)
        for region in dict.fromkeys(regions.tolist()):
            for kind in dict.fromkeys(category.values()):
                part = values[kinds == kind][:, regions == region].astype(float)
                if part.size:
                    found.setdefault((region, kind), []).append(np.nanmean(part, axis=0))
    rows = []
    for (region, kind), parts in found.items():
        units = np.concatenate(parts)
        error = np.nanstd(units, axis=0, ddof=1) / np.sqrt(len(units)) if len(units) > 1 else np.nan
        rows.append(pd.DataFrame({
            "region": region, "category": kind, "time": time,
            "response": np.nanmean(units, axis=0), "standard_error": error,
            "n_units": len(units), "unit_of": said,
        }))  # fmt: skip
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def draw_unit_courses(rows: pd.DataFrame) -> Figure:
    """Draw mean responses over time, a panel per region and a line per category.

    Parameters
    ----------
    rows : DataFrame
        See `unit_courses`; at least one row.
    """
    regions = list(dict.fromkeys(rows["region"]))
    kinds = list(dict.fromkeys(rows["category"]))
    across = min(3, len(regions))
    down = -(-len(regions) // across)
    with styled():
        size = (min(WIDEST, 1.0 + 2.9 * across), 0.8 + 2.1 * down)
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(down, across, sharex=True, squeeze=False).ravel()
        for ax in axes[len(regions) :]:
            ax.axis("off")
        for ax, region in zip(axes, regions, strict=False):
            ax.axvline(0, color=FAINT, linewidth=0.7, zorder=1)
            for kind, own in rows[rows["region"] == region].groupby("category", sort=False):
                colour = STRONG[kinds.index(str(kind))] if len(kinds) > 1 else INK
                mean, error = own["response"].to_numpy(), own["standard_error"].to_numpy(float)
                ax.fill_between(own["time"], mean - error, mean + error, color=colour, alpha=0.16,
                                linewidth=0)  # fmt: skip
                ax.plot(own["time"], mean, color=colour, linewidth=1.6, label=str(kind))
            n = int(rows.loc[rows["region"] == region, "n_units"].max())
            ax.set_title(f"{region}, {count(n, 'unit')}", fontweight="bold")
            ax.tick_params(axis="x", labelbottom=True)
        axes[0].set_ylabel(str(rows["unit_of"].iloc[0]) or "response")
        figure.supxlabel("seconds after onset", fontsize=9)
        if len(kinds) > 1:
            figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left",
                          ncols=min(4, len(kinds)), frameon=False, fontsize=8)  # fmt: skip
    return figure
