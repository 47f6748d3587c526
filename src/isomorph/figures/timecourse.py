"""The time course: how similar each model is to a region, from bin to bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures import main_rows
from isomorph.figures.main_rows import SIGNIFICANT, Family, ceiling
from isomorph.figures.style import CEILING, FAINT, Look, axis_label, looks, name_lines, styled

FEWEST = 3
"""Windows that make a time course."""

CLUSTER = "p_cluster_corrected"


def courses(
    comparisons: pd.DataFrame, panels: Sequence[main_rows.MainRows]
) -> list[main_rows.MainRows]:
    """Return the rows of each region in all its windows, for regions that have several."""
    if "time_start" not in comparisons:
        return []
    timed = main_rows.usable(comparisons)
    timed = timed[np.isfinite(timed["time_start"].astype(float))]
    by_region = {shown.region: shown for shown in panels}
    found = []
    for region, rows in timed.groupby("region", sort=False):
        first = next((by_region[r] for r in main_rows.regions(rows) if r in by_region), None)
        if first is None:
            continue
        course = main_rows.matching(rows, first)
        if len(course.drop_duplicates(["time_start", "time_stop"])) >= FEWEST:
            found.append(main_rows.MainRows(str(region), first.distance, first.measure, course))
    return found


def draw_timecourse(rows: pd.DataFrame, families: Sequence[Family], *, label: str) -> Figure:
    """Draw the similarity of regions with each model over time.

    Parameters
    ----------
    rows : DataFrame
        Comparisons, a row per region, window, model instance and layer, with `time_start` and
        `time_stop`, seconds from onset; `p_cluster_corrected` where clusters were tested.
    families : sequence of Family
        The models, in order.
    label : str
        What the ordinate measures.

    Returns
    -------
    Figure
        A line per family with its interval, the ceiling of each window as a grey band, and a bar
        per significant cluster below; several regions above each other, under their names.
    """
    look = looks(families)
    regions = list(dict.fromkeys(rows["region"])) if "region" in rows else []
    panels = [(name, rows[rows["region"] == name]) for name in regions] or [("", rows)]
    with styled():
        figure = Figure(figsize=(7.5, 4.4 * len(panels)), layout="constrained")
        axes = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
        for ax, (region, own) in zip(axes, panels, strict=True):
            _panel(ax, own, families, look)
            ax.set_ylabel(axis_label(label))
            if len(panels) > 1:
                ax.set_title(region, loc="right")  # the models are named on the left
        axes[-1].set_xlabel("seconds after onset")
    return figure


def _panel(
    ax: Any, rows: pd.DataFrame, families: Sequence[Family], look: Mapping[str, Look]
) -> None:
    """Draw one region."""
    ax.axhline(0, color=FAINT, linewidth=0.7, zorder=1)
    ax.axvline(0, color=FAINT, linewidth=0.7, zorder=1)
    _ceiling(ax, rows)
    texts = []
    bars: list[tuple[pd.DataFrame, str]] = []
    for family in families:
        if not rows["model"].isin(family.instances).any():
            continue
        course = course_of(rows, family)
        one = look[family.name]
        colour = one.colour
        _line(ax, course, one, thin=family.kind == "baseline")
        texts.append((_named(family, course), colour))
        bars.append((course, colour))
    _clusters(ax, bars)
    name_lines(ax, texts)


def course_of(rows: pd.DataFrame, family: Family) -> pd.DataFrame:
    """Return the estimates of a family in every window, at one layer for all of them.

    The layer is the one of the highest mean over windows, so that no window chooses its own. Of
    several seeds it is the mean, without an interval.

    Returns
    -------
    DataFrame
        `time`, the middle of each window in seconds, `time_start`, `time_stop`, `estimate`,
        `interval_low`, `interval_high`, `p_cluster_corrected`, `layer`, in the order of time.
    """
    parts = []
    for name in family.instances:
        own = rows[rows["model"] == name]
        if own.empty:
            continue
        layer = own.groupby("layer", sort=False)["estimate"].mean().idxmax()
        parts.append(own[own["layer"] == layer])
    wanted = ["time_start", "time_stop", "estimate", "interval_low", "interval_high", CLUSTER]
    whole = pd.concat(parts, ignore_index=True).reindex(columns=[*wanted, "layer"])
    if len(parts) > 1:
        whole[["interval_low", "interval_high", CLUSTER]] = np.nan
        whole["layer"] = ""
    windows = ["time_start", "time_stop"]
    course = whole.groupby([*windows, "layer"], as_index=False)[wanted[2:]].mean()
    course["time"] = course[windows].mean(axis=1)
    return course.sort_values("time", ignore_index=True)


def course_rows(rows: pd.DataFrame, families: Sequence[Family]) -> pd.DataFrame:
    """Return the courses of all models as one table: `region`, `family` and those of `course_of`.

    Parameters
    ----------
    rows : DataFrame
        See `draw_timecourse`.
    families : sequence of Family
    """
    regions = list(dict.fromkeys(rows["region"])) if "region" in rows else [""]
    parts = []
    for region in regions:
        own = rows[rows["region"] == region] if region else rows
        for family in families:
            if own["model"].isin(family.instances).any():
                parts.append(course_of(own, family).assign(region=region, family=family.name))
    whole = pd.concat(parts, ignore_index=True)
    return whole[["region", "family", *whole.columns.difference(["region", "family"], sort=False)]]


def _named(family: Family, course: pd.DataFrame) -> str:
    if len(family.instances) > 1:
        return f"{family.title}: mean of {len(family.instances)} seeds"
    layer = str(course["layer"].iloc[0])
    return family.title if family.kind == "baseline" else f"{family.title}: {layer}"


def _line(ax: Any, course: pd.DataFrame, look: Look, *, thin: bool) -> None:
    low, high = (course[name].to_numpy(float) for name in ("interval_low", "interval_high"))
    if np.isfinite(low).any():
        ax.fill_between(course["time"], low, high, color=look.colour, alpha=0.16, linewidth=0,
                        zorder=3)  # fmt: skip
    ax.plot(
        course["time"], course["estimate"], color=look.colour, linewidth=1.0 if thin else 1.8,
        linestyle=look.line, marker=look.form if thin else None, markersize=3, zorder=5,
    )  # fmt: skip


def _ceiling(ax: Any, rows: pd.DataFrame) -> None:
    """Draw the noise ceiling of each window that has one, as wide as the window."""
    for (start, stop), inside in rows.groupby(["time_start", "time_stop"]):
        bounds = ceiling(inside)
        if not isinstance(bounds, str):
            ax.fill_between(
                [start, stop], bounds.low, bounds.high, color=CEILING, linewidth=0, zorder=0
            )


def _clusters(ax: Any, courses: Sequence[tuple[pd.DataFrame, str]]) -> None:
    """Draw a bar below the lines over each significant cluster of windows, a row per model."""
    low, high = ax.get_ylim()
    step, row = 0.025 * (high - low), 0
    for course, colour in courses:
        sure = course[CLUSTER].to_numpy(float) < SIGNIFICANT
        if not sure.any():
            continue
        row += 1
        spans = [tuple(span) for span in course.loc[sure, ["time_start", "time_stop"]].to_numpy()]
        ax.broken_barh(
            [(start, stop - start) for start, stop in spans], (low - row * step, 0.6 * step),
            facecolor=colour, linewidth=0, zorder=4,
        )  # fmt: skip
    ax.set_ylim(low - (row + 1) * step, high)
