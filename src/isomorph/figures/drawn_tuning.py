"""The figure of tuning: rates of the units that are most surely tuned."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from isomorph.figures.drawable import Drawable, Drawing
from isomorph.figures.tuning_curves import chosen, curve_of, draw_tuning_curves
from isomorph.numerals import listed, percent
from isomorph.saying import count
from isomorph.stimuli.binned import period_in, variables_in
from isomorph.study.axes import TOGETHER

MOST = 8
"""Units that are drawn."""


def tuning_curves(data: Drawable) -> Iterator[Drawing]:
    """Draw the rates of the units most surely tuned: over one variable, or as a map over two."""
    table, names = data.results.table("tuning"), variables_in(data.stimuli)
    if table.empty or not names or len(names) > 2:
        return
    variable = TOGETHER.join(names)
    own = table[(table["variable"] == variable) & (table["subject"].isin(list(data.recordings)))]
    units = own[own["unit"] != ""].reset_index(drop=True)
    rows = units.loc[list(chosen(units, MOST))]
    if rows.empty:
        return
    parts: list[pd.DataFrame] = []
    panels = rows.reset_index(drop=True)
    for subject, some in panels.groupby("subject", sort=False):
        sessions = data.recordings[str(subject)]  # read once for all its panels
        for panel, (_, row) in zip(some.index.tolist(), some.iterrows(), strict=True):
            curve = curve_of(sessions[str(row["session"])], str(row["unit"]), data.stimuli)
            parts.append(curve.assign(panel=panel, subject=subject, session=row["session"],
                                      unit=row["unit"], region=row["region"]))  # fmt: skip
    curves = pd.concat(parts, ignore_index=True).sort_values("panel", kind="stable")
    period = period_in(data.stimuli, names[0]) if len(names) == 1 else None
    found = f"Tuned to {variable} are {listed(_shares(units))}."
    facts = {"variable": variable, "n": count(len(panels), "unit"), "found": found}
    several = units["subject"].nunique() > 1
    figure = draw_tuning_curves(panels, curves, names, period, several=several)
    yield Drawing("tuning", figure, facts, curves, found)


def _shares(units: pd.DataFrame) -> list[str]:
    """Return which share of the units of each region is tuned, subjects apart where they differ.

    One share of two subjects, of whom one has tuned units and the other has none, is of neither.
    """
    several = units["subject"].nunique() > 1
    said = []
    for region, own in units.groupby("region", sort=False):
        tested = own[own["tuned"].notna()]
        if tested.empty:
            continue
        each = tested.groupby("subject", sort=False)["tuned"].mean()
        share, n = float(tested["tuned"].mean()), len(tested)
        words = f"{percent(share)} of {count(n, 'unit')} of {region}"
        if several and len(each) > 1:
            low, high = each.idxmin(), each.idxmax()
            words += f" (from {percent(each.min())} in {low} to {percent(each.max())} in {high})"
        said.append(words)
    return said
